"""`python -m infra.local.gateway --functions http://127.0.0.1:NNNN [--port 8001] [--http-port N]`.

Prints `ready ws://127.0.0.1:PORT http://127.0.0.1:N` when it listens. Without --http-port there is
no second address, and the HTTP routes are not served. SIGTERM, SIGINT or the end of the process
that started it stops it: every connection is closed with 1001, its $disconnect is invoked, and it
exits 0.

`--hall ADDRESS[,NAME] --hall-port N` lets phones in at an address of this machine, with
`--tls-port N --certificate PEM` also over TLS. The addresses of the hall follow in the ready line.
Then the port on loopback has everything: pages, sockets, `@connections` and the operator's page. If
it is `--port`, too, there is no second one.
"""

import argparse
import asyncio
import gc
import logging
import os
import resource
import signal
import sys
from asyncio import sslproto
from pathlib import Path

from infra.local.access.callers import page_hosts, page_origins
from infra.local.gateway.dictation import Dictation
from infra.local.gateway.doors import Hall, loopback_doors
from infra.local.gateway.limits import GatewayLimits
from infra.local.gateway.server import Beside, gateway
from infra.local.gateway.sounds import Sounds
from infra.local.process import memory
from infra.local.process.parent import end_with_parent
from infra.local.sounds.signatures import Credentials

# Where the hard limit is "infinity" (macOS), the kernel refuses to be taken at its word.
OPEN_FILES_ENOUGH = 65536

# Thousands of open connections are long-lived objects that the collector would walk over and over:
# with 5,000 of them 8,800 posts a second by default, 12,500 with these thresholds.
# What closed connections leave behind is collected by `leftovers`, which knows how many there were.
COLLECT_SELDOM = (50_000, 20, 20)

TLS_BUFFER_BYTES = 32 * 1024
"""What asyncio keeps ready to read a connection with TLS: two records (256 KB by default: 300
phones with six connections each took 460 MB)."""

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
    sslproto.SSLProtocol.max_size = TLS_BUFFER_BYTES
    try:
        asyncio.run(_serve(arguments))
    except OSError as error:
        sys.exit(f"gateway: {error}")


def _parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m infra.local.gateway", description=__doc__)
    parser.add_argument("--functions", required=True, help="URL of the functions' host")
    parser.add_argument("--port", type=int, default=8001, help="of WebSockets; 0: a free one")
    parser.add_argument("--http-port", type=int, help="of the HTTP routes; none: not served")
    parser.add_argument("--hall", metavar="ADDRESS[,NAME]", help="where a hall's phones come in")
    parser.add_argument("--hall-port", type=int, help="of the hall's pages and sockets")
    parser.add_argument("--hall-ws-port", type=int, help="a port for the hall's sockets alone")
    parser.add_argument("--tls-port", type=int, help="of the hall, over TLS")
    parser.add_argument("--certificate", type=Path, help="for it: a PEM file with key and chain")
    parser.add_argument("--sounds", help="URL of the server of sounds, which are passed on")
    parser.add_argument("--transcribe", help="URL of the recogniser, whose streams are passed on")
    arguments = parser.parse_args()
    if arguments.hall and None in (arguments.http_port, arguments.hall_port):
        parser.error("--hall needs --http-port and --hall-port")
    if (arguments.tls_port is None) != (arguments.certificate is None):
        parser.error("--tls-port and --certificate need each other")
    return arguments


def _hall(arguments: argparse.Namespace) -> Hall | None:
    if not arguments.hall:
        return None
    address, _, name = arguments.hall.partition(",")
    return Hall(
        address,
        name or None,
        arguments.hall_port,
        arguments.hall_ws_port,
        arguments.tls_port,
        arguments.certificate,
    )


def _beside(arguments: argparse.Namespace) -> Beside:
    bucket = os.environ.get("SOUNDS_BUCKET_NAME", "")
    credentials = Credentials(
        os.environ.get("AWS_ACCESS_KEY_ID", ""), os.environ.get("AWS_SECRET_ACCESS_KEY", "")
    )
    origins = page_origins(os.environ.get("ALLOWED_ORIGINS", ""))
    return Beside(
        Sounds(arguments.sounds, bucket) if arguments.sounds and bucket else None,
        Dictation(arguments.transcribe, credentials, origins) if arguments.transcribe else None,
    )


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
    hall = _hall(arguments)
    doors = list(
        loopback_doors(arguments.port, arguments.http_port, hosts, in_hall=hall is not None)
    )
    own = len(doors)
    doors += hall.doors() if hall else ()
    async with gateway(arguments.functions, doors, limits, _beside(arguments)) as ports:
        addresses = [door.url(port) for door, port in zip(doors, ports, strict=True)]
        if own == 1 and hall:
            addresses.insert(0, addresses[0].replace("http", "ws"))
        print("ready", *addresses, flush=True)
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
