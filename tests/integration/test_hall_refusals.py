"""A hall that cannot be: one clear line, on a machine with a network of its own.

The machine is a network namespace (`unshare --net`), which only root may have.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.integration.client import PROJECT

PATIENCE = 60
NO_NETWORK = "ip link set lo up"
INTERFACES = (
    f"{NO_NETWORK}; ip link add w0 type veth peer name w1; ip link set w0 up; ip link set w1 up"
)
WIFI = f"{INTERFACES}; ip addr add 192.168.1.7/24 dev w0"
TWO_NETWORKS = f"{WIFI}; ip addr add 10.0.0.5/24 dev w1"
SERVER = (
    "import socket, sys, time; _ = socket.create_server((sys.argv[1], int(sys.argv[2])));"
    "print(flush=True); time.sleep(60)"
)

pytestmark = pytest.mark.skipif(
    os.geteuid() != 0 or shutil.which("unshare") is None or shutil.which("ip") is None,
    reason="only root may give a process a network of its own",
)


def stage(network: str, *arguments: str, taken: tuple[str, int] | None = None) -> tuple[int, str]:
    """The exit code of a stage that does not start there, and what it said."""
    script = f'{network}; exec "$@"'
    if taken is not None:
        host, port = taken
        server = f"{sys.executable} -c '{SERVER}' {host} {port}"
        script = f'{network}; exec 3< <({server}); read <&3; "$@"; code=$?; kill $!; exit $code'
    command = [sys.executable, "-m", "infra.local", *arguments]
    ended = subprocess.run(  # noqa: S603 - this project, in a namespace of its own
        ["unshare", "--net", "bash", "-c", script, "bash", *command],  # noqa: S607
        cwd=PROJECT,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert ended.stdout == ""
    return ended.returncode, ended.stderr.splitlines()[-1]


@pytest.mark.parametrize(
    ("network", "arguments", "said"),
    [
        (NO_NETWORK, [], "this machine has no address that a phone could reach: connect it to"),
        (INTERFACES, [], "this machine has no address that a phone could reach"),
        (TWO_NETWORKS, [], "several addresses: 192.168.1.7 (w0), 10.0.0.5 (w1); name the one"),
        (WIFI, ["192.168.1.8"], "192.168.1.8 is not an address of this machine, which has 192.1"),
        (WIFI, ["127.0.0.1"], "no phone reaches 127.0.0.1: name this machine's address"),
        (WIFI, ["hall.invalid"], "the name hall.invalid leads nowhere"),
        (WIFI, ["localhost"], "the name localhost leads to 127.0.0.1, where no phone reaches"),
        (WIFI, ["--certificate", "/nonexistent"], "the certificate /nonexistent cannot be read"),
        (WIFI, ["--certificate", "Makefile"], "Makefile has no certificate: it must be a PEM"),
    ],
)
def test_no_hall_is_one_clear_line(network: str, arguments: list[str], said: str) -> None:
    code, line = stage(network, "--hall", *arguments)
    assert code == 1
    assert line.startswith("infra.local: ")
    assert said in line


@pytest.mark.parametrize("host", ["192.168.1.7", "127.0.0.1"])
def test_a_port_that_is_taken_is_one_clear_line(host: str) -> None:
    code, line = stage(WIFI, "--hall", taken=(host, 8000))
    assert (code, line) == (1, f"infra.local: port 8000 of {host} is already in use")


def test_the_port_of_the_certificate_may_be_taken_too(tmp_path: Path) -> None:
    arguments = ("--hall", "--certificate", "--data-dir", str(tmp_path))
    code, line = stage(WIFI, *arguments, taken=("192.168.1.7", 8443))
    assert (code, line) == (1, "infra.local: port 8443 of 192.168.1.7 is already in use")
