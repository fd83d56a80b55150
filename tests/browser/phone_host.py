"""A host of its own for a browser, as a phone has: a network namespace, and a cable to it.

Only there is a page on plain HTTP what it is on a phone: browsers count loopback as secure.
"""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from ipaddress import IPv4Address
from pathlib import Path

import pytest

_IP = shutil.which("ip")
_NETWORK = int(IPv4Address("10.231.0.0"))


@dataclass(frozen=True)
class PhoneHost:
    """`hall` is this machine's address on the cable; `namespace` is the phone's."""

    namespace: str
    hall: str

    def runs(self, program: str, script: Path) -> str:
        """A script that runs the program on the phone's host."""
        script.write_text(
            f'#!/bin/sh\nexec {_IP} netns exec {self.namespace} {program} "$@"\n', encoding="utf-8"
        )
        script.chmod(0o755)
        return str(script)


@contextmanager
def phone_host() -> Iterator[PhoneHost]:
    """Lays the cable, and takes it away; skips the test where that is not allowed."""
    if os.geteuid() != 0 or _IP is None:
        pytest.skip("a phone's host needs root and iproute2")
    # Of this process alone, as several may run the tests.
    name, number = f"phone{os.getpid()}", os.getpid() % 2**14 * 4
    hall, phone = (str(IPv4Address(_NETWORK + number + each)) for each in (1, 2))
    try:
        _ip("netns", "add", name)
    except subprocess.CalledProcessError as error:
        pytest.skip(f"no network namespace: {error.stderr.strip()}")
    try:
        _ip("link", "add", name, "type", "veth", "peer", "name", "wlan0", "netns", name)
        _ip("addr", "add", f"{hall}/30", "dev", name)
        _ip("link", "set", name, "up")
        # Browsers give up what they load when another address comes, as IPv6's own would.
        _ip("-n", name, "link", "set", "wlan0", "addrgenmode", "none")
        for device in ("lo", "wlan0"):
            _ip("-n", name, "link", "set", device, "up")
        _ip("-n", name, "addr", "add", f"{phone}/30", "dev", "wlan0")
        yield PhoneHost(name, hall)
    finally:
        # With the namespace goes its end of the cable, and so the cable.
        _ip("netns", "del", name)


def _ip(*words: str) -> None:
    assert _IP is not None
    subprocess.run(  # noqa: S603 - iproute2, with the words above
        [_IP, *words], check=True, capture_output=True, text=True
    )
