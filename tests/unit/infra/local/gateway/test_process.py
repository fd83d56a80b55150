"""The gateway as a process of its own: its line, its signals, its parent."""

import asyncio
import re
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import websockets

from tests.unit.infra.local.gateway.stage import PATIENCE, closed, fake_functions

COMMAND = [sys.executable, "-m", "infra.local.gateway", "--port", "0", "--functions"]

RUN_AS_CHILD = "import subprocess, sys; subprocess.run(sys.argv[1:])"


@asynccontextmanager
async def running(*command: str) -> AsyncIterator[tuple[asyncio.subprocess.Process, str]]:
    """The process and the URL of its ready line."""
    process = await asyncio.create_subprocess_exec(*command, stdout=subprocess.PIPE)
    assert process.stdout is not None
    try:
        line = await asyncio.wait_for(process.stdout.readline(), PATIENCE)
        word, url = line.decode().split()
        assert word == "ready"
        yield process, url
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def end_of_output(process: asyncio.subprocess.Process) -> bytes:
    """What else it printed; returns when no process holds its stdout any more."""
    assert process.stdout is not None
    return await asyncio.wait_for(process.stdout.read(), PATIENCE)


@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_closes_everything_and_ends_it_well(signum: signal.Signals) -> None:
    async def scenario() -> None:
        async with (
            fake_functions() as (functions, url),
            running(*COMMAND, url) as (process, ws_url),
        ):
            client = await websockets.connect(ws_url + "/api", proxy=None)
            await client.send("hello")
            await functions.next("message")
            process.send_signal(signum)
            assert await closed(client) == (1001, "Going away")
            assert await asyncio.wait_for(process.wait(), PATIENCE) == 0
            assert await end_of_output(process) == b""
            assert functions.ids("connect") == functions.ids("disconnect")

    asyncio.run(scenario())


@pytest.mark.parametrize("name", ["GATEWAY_IDLE_SECONDS", "GATEWAY_MAX_AGE_SECONDS"])
def test_its_patience_can_be_set(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async def scenario() -> None:
        monkeypatch.setenv(name, "0.2")
        async with fake_functions() as (functions, url), running(*COMMAND, url) as (_, ws_url):
            client = await websockets.connect(ws_url, proxy=None)
            assert await closed(client) == (1001, "Going away")
            await functions.next("disconnect")

    asyncio.run(scenario())


def test_it_ends_with_its_parent() -> None:
    async def scenario() -> None:
        async with (
            fake_functions() as (functions, url),
            running(sys.executable, "-c", RUN_AS_CHILD, *COMMAND, url) as (parent, ws_url),
        ):
            client = await websockets.connect(ws_url, proxy=None)
            parent.kill()
            assert await closed(client) == (1001, "Going away")
            await functions.next("disconnect")
            assert await end_of_output(parent) == b""

    asyncio.run(scenario())


@pytest.mark.skipif(sys.platform != "linux", reason="has 127.0.0.1 alone")
def test_it_listens_on_loopback_alone() -> None:
    async def scenario() -> None:
        async with fake_functions() as (_, url), running(*COMMAND, url) as (_, ws_url):
            port = int(ws_url.rpartition(":")[2])
            # A wildcard address would answer here, 127.0.0.1 does not.
            with pytest.raises(ConnectionRefusedError):
                await asyncio.open_connection("127.0.0.2", port)

    asyncio.run(scenario())


@pytest.mark.parametrize(
    ("options", "addresses"),
    [
        ((), [r"ws://127\.0\.0\.1:\d+"]),
        (("--http-port", "0"), [r"ws://127\.0\.0\.1:\d+", r"http://127\.0\.0\.1:\d+"]),
        (
            ("--http-port", "0", "--hall", "127.0.0.2", "--hall-port", "0"),
            [
                *(r"ws://127\.0\.0\.1:(\d+)", r"http://127\.0\.0\.1:\1"),
                r"http://127\.0\.0\.2:\d+",
            ],
        ),
        (
            ("--http-port", "0", "--hall", "127.0.0.2", "--hall-port", "0", "--hall-ws-port", "0"),
            [
                *(r"ws://127\.0\.0\.1:(\d+)", r"http://127\.0\.0\.1:\1"),
                *(r"http://127\.0\.0\.2:\d+", r"ws://127\.0\.0\.2:\d+"),
            ],
        ),
    ],
)
def test_its_ready_line_has_the_address_of_every_door(
    options: tuple[str, ...], addresses: list[str]
) -> None:
    command = [*COMMAND, "http://127.0.0.1:1", *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603
        assert process.stdout is not None
        line = process.stdout.readline()
        process.terminate()
    assert re.fullmatch(" ".join(["ready", *addresses]) + "\n", line), line


@pytest.mark.parametrize(
    "options",
    [
        ("--hall", "127.0.0.2"),
        ("--hall", "127.0.0.2", "--http-port", "0"),
        ("--tls-port", "0"),
        ("--certificate", "pem"),
    ],
)
def test_options_that_need_each_other_are_asked_for(options: tuple[str, ...]) -> None:
    done = subprocess.run(  # noqa: S603
        [*COMMAND, "http://127.0.0.1:1", *options], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "need" in done.stderr


def test_a_certificate_that_cannot_be_read_is_said_in_one_line(tmp_path: Path) -> None:
    nothing = tmp_path / "nothing.pem"
    nothing.write_text("nothing")
    hall = ("--http-port", "0", "--hall", "127.0.0.2", "--hall-port", "0", "--tls-port", "0")
    for certificate in (nothing, tmp_path / "absent.pem"):
        done = subprocess.run(  # noqa: S603
            [*COMMAND, "http://127.0.0.1:1", *hall, "--certificate", str(certificate)],
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 1
        assert done.stderr.startswith(f"gateway: {certificate}: ")
        assert done.stderr.count("\n") == 1


def test_a_taken_port_is_said_in_one_line() -> None:
    async def scenario() -> None:
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = str(taken.getsockname()[1])
            process = await asyncio.create_subprocess_exec(
                *COMMAND, "http://127.0.0.1:1", "--port", port, stderr=subprocess.PIPE
            )
            _, errors = await asyncio.wait_for(process.communicate(), PATIENCE)
            assert process.returncode == 1
            assert errors.startswith(b"gateway: [Errno")
            assert errors.count(b"\n") == 1

    asyncio.run(scenario())
