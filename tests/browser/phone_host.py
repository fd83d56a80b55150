"""A host of its own for a browser, as a phone has: a network namespace where the stage listens.

Only there is a page on plain HTTP what it is on a phone: browsers count loopback as secure. No
cable leads from this machine to it. Whenever an interface or an address comes or goes, every
browser of a host gives up what it is loading (ERR_NETWORK_CHANGED), so a cable here left the pages
of tests that ran besides without their modules.
"""

import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.network.hosts import WIFI, Host, bare_host, missing

HALL = "10.77.0.1"
"""Where the stage listens."""


@contextmanager
def phone_host() -> Iterator[Host]:
    """A host with a Wi-Fi, without which a browser counts as offline; skips where there is none."""
    if reason := missing():
        pytest.skip(reason)
    with bare_host() as host:
        host.ip("link", "add", WIFI, "type", "veth", "peer", "name", "router")
        for interface in (WIFI, "router"):
            # An address of IPv6's own would come a second later, and end what the browser loads.
            host.ip("link", "set", interface, "addrgenmode", "none")
        for interface in ("lo", WIFI, "router"):
            host.up(interface)
        host.add_addresses(HALL)
        yield host


def runs(host: Host, program: str, script: Path) -> str:
    """A script that runs the program on the host."""
    command = shlex.join([*host.program(), program])
    script.write_text(f'#!/bin/sh\nexec {command} "$@"\n', encoding="utf-8")
    script.chmod(0o755)
    return str(script)
