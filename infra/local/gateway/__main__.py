"""`python -m infra.local.gateway --functions http://127.0.0.1:NNNN [--port 8001] [--http-port N]`.

Prints `ready ws://127.0.0.1:PORT http://127.0.0.1:N` when it listens. Without --http-port there is
no second address, and the HTTP routes are not served. SIGTERM, SIGINT or the end of the process
that started it stops it: every connection is closed with 1001, its $disconnect is invoked, and it
exits 0.
"""

import argparse
import asyncio
import gc
import logging
import os
import resource
import signal
import sys

from infra.local.access.callers import page_hosts
from infra.local.gateway.doors import Door, Serves
from infra.local.gateway.limits import GatewayLimits
from infra.local.gateway.server import gateway
from infra.local.process import memory
from infra.local.process.parent import end_with_parent
from infra.local.process.ports import LOOPBACK

# Where the hard limit is "infinity" (macOS), the kernel refuses to be taken at its word.
OPEN_FILES_ENOUGH = 65536

# Thousands of open connections are long-lived objects that the collector would walk over and over:
# with 5,000 of them 8,800 posts a second by default, 12,500 with these thresholds.
# What closed connections leave behind is collected by `sockets`, which knows how many there were.
COLLECT_SELDOM = (50_000, 20, 20)

_TIMES = {
    "GATEWAY_IDLE_SECONDS": GatewayLimits().idle_timeout,
    "GATEWAY_MAX_AGE_SECONDS": GatewayLimits().max_age,
}


def main() -> None:
    """Run the gateway as a process of its own."""
    arguments = _parse_arguments()
    logging.basicConfig(stream=sys.stderr, format="gateway %(levelname)s %(message)s")
    _raise_open_files_limit()
    memory.keep()
    gc.set_threshold(*COLLECT_SELDOM)
    try:
        asyncio.run(_serve(arguments))
    except OSError as error:
        sys.exit(f"gateway: {error}")


def _parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m infra.local.gateway", description=__doc__)
    parser.add_argument("--functions", required=True, help="URL of the functions' host")
    parser.add_argument("--port", type=int, default=8001, help="of WebSockets; 0: a free one")
    parser.add_argument("--http-port", type=int, help="of the HTTP routes; none: not served")
    return parser.parse_args()


async def _serve(arguments: argparse.Namespace) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for signum in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(signum, stop.set)
    end_with_parent(os.getppid())
    # From the environment for tests that start the whole stage and see a connection grow old.
    idle, age = (float(os.environ.get(name) or limit) for name, limit in _TIMES.items())
    limits = GatewayLimits(idle_timeout=idle, max_age=age)
    hosts = page_hosts(os.environ.get("ALLOWED_ORIGINS", ""))
    doors = [Door(arguments.port, hosts, Serves.SOCKETS | Serves.MANAGEMENT)]
    if arguments.http_port is not None:
        doors.append(Door(arguments.http_port, hosts, Serves.PAGES))
    async with gateway(arguments.functions, doors, limits) as ports:
        addresses = zip(("ws", "http"), ports, strict=False)
        print("ready", *(f"{scheme}://{LOOPBACK}:{port}" for scheme, port in addresses), flush=True)
        await stop.wait()


def _raise_open_files_limit() -> None:
    """One connection is one file; the usual soft limit of 1,024 is soon reached."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = OPEN_FILES_ENOUGH if hard == resource.RLIM_INFINITY else hard
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


if __name__ == "__main__":
    main()
