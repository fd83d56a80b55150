"""The clients of docs/clients/ on the real stage, each a process, over a line that is lost."""

import asyncio
import json
import os
import re
import subprocess
import sys
from asyncio import StreamReader, StreamWriter
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.integration.client import (
    PATIENCE,
    PROJECT,
    Client,
    Session,
    Stage,
    Talk,
    connect,
    eventually,
    reconcile,
    running_stage,
    talk,
)

DENO = str(Path(sys.executable).with_name("deno"))
COMMANDS = {
    "py": [sys.executable],
    "js": [DENO, "run", "--quiet", "--no-remote", "--no-config", "--no-lock", "--allow-net"],
}
both = pytest.mark.parametrize("kind", COMMANDS)


@dataclass(slots=True)
class Line:
    """Passes bytes on to a port of this machine, until it is cut or swallows what clients send."""

    port: int
    writers: set[StreamWriter] = field(default_factory=set)
    opened: int = 0
    swallows: bool = False
    is_down: bool = False
    swallowed: asyncio.Event = field(default_factory=asyncio.Event)

    def cut(self) -> None:
        """Ends all connections as a lost network does."""
        for writer in self.writers:
            writer.transport.abort()
        self.writers.clear()
        self.swallows = False

    def go_down(self) -> None:
        """Ends all connections, and lets no further one in until it is up again."""
        self.is_down = True
        self.cut()

    async def serve(self, reader: StreamReader, writer: StreamWriter) -> None:
        """One connection."""
        if self.is_down:
            writer.transport.abort()
            return
        there, here = await asyncio.open_connection("127.0.0.1", self.port)
        self.writers |= {writer, here}
        self.opened += 1
        try:
            await asyncio.gather(self._pass(reader, here, True), self._pass(there, writer))
        finally:
            writer.close()
            here.close()

    async def _pass(self, reader: StreamReader, writer: StreamWriter, client: bool = False) -> None:
        with suppress(ConnectionError):
            while data := await reader.read(65_536):
                if client and self.swallows:
                    self.swallowed.set()
                else:
                    writer.write(data)
            writer.close()


@asynccontextmanager
async def served(serve: object) -> AsyncIterator[int]:
    """A server on a free port of this machine."""
    server = await asyncio.start_server(serve, "127.0.0.1", 0)  # type: ignore[arg-type]
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


@asynccontextmanager
async def a_line_to(stage: Stage) -> AsyncIterator[tuple[Line, str]]:
    """A line to the stage's WebSockets, and their address by it."""
    address = urlsplit(stage.ws)
    line = Line(address.port or 0)
    async with served(line.serve) as port:
        try:
            yield line, address._replace(netloc=f"127.0.0.1:{port}").geturl()
        finally:
            line.cut()


@asynccontextmanager
async def http_that_tells(stage: Stage, websocket_url: str) -> AsyncIterator[str]:
    """The stage's HTTP, but new sessions are told this address; one request a connection."""

    async def serve(reader: StreamReader, writer: StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        headers = dict(re.findall(r"(?m)^([\w-]+): *(.*?)\r?$", head))
        length = int(
            {name.lower(): value for name, value in headers.items()}.get("content-length", 0)
        )
        method, path, _ = head.split(" ", 2)
        body = await reader.readexactly(length)
        answer = await asyncio.to_thread(stage.request, method, path, body or None, headers)
        content = answer.body
        if b"webSocketUrl" in content:
            content = json.dumps(answer.json | {"webSocketUrl": websocket_url}).encode()
        told = "" if answer.status == 204 else f"Content-Length: {len(content)}\r\n"
        writer.write(
            f"HTTP/1.1 {answer.status} .\r\n{told}Connection: close\r\n\r\n".encode() + content
        )
        writer.close()

    async with served(serve) as port:
        yield f"http://127.0.0.1:{port}"


@asynccontextmanager
async def running(name: str, *arguments: str) -> AsyncIterator[Process]:
    """A client of docs/clients/."""
    process = await asyncio.create_subprocess_exec(
        *COMMANDS[name.rpartition(".")[2]],
        str(PROJECT / "docs/clients" / name),
        *arguments,
        stdin=PIPE,
        stdout=PIPE,
        env={**os.environ, "NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"},
    )
    try:
        yield process
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()


async def printed(process: Process, pattern: str) -> str:
    """Reads what it prints until a line has the pattern; returns what was found."""
    assert process.stdout
    lines = []
    async with asyncio.timeout(PATIENCE):
        while line := (await process.stdout.readline()).decode():
            if found := re.search(pattern, line):
                return found[0]
            lines.append(line)
    raise AssertionError(f"{pattern} was not printed, but {lines}")


async def say(process: Process, text: str) -> None:
    """A line for its stdin."""
    assert process.stdin
    process.stdin.write(f"{text}\n".encode())
    await process.stdin.drain()


@both
def test_a_listener_prints_what_is_said_and_what_it_missed(stage: Stage, kind: str) -> None:
    async def scenario() -> None:
        async with talk(stage) as at, a_line_to(stage) as (line, url):
            speaker = await at.join_speaker()
            name = f"listener.{kind}"
            given = [url, at.session.session_id, "en"]
            async with running(
                name, *([stage.http, *given] if kind == "js" else given)
            ) as listener:
                await speaker.expect("roster", listenerCount=1)
                await follows_a_talk(at, speaker, listener, line)
                await speaker.send("end")
                assert await asyncio.wait_for(listener.wait(), PATIENCE) == 0

    async def follows_a_talk(at: Talk, speaker: Client, listener: Process, line: Line) -> None:
        await at.say(speaker, "Good morning.")
        await printed(listener, "^1 Good morning.$")
        await at.correct(speaker, 1, "Good evening.")
        await printed(listener, "^1 (is now: )?Good evening.$")
        await at.correct(speaker, 1, "")
        await printed(listener, r"^1 (is now: )?\(taken back\)$")
        await at.say(speaker, "Hello there.")
        await printed(listener, "^2 Hello there.$")
        # Who is back at once would be counted as if nothing had been.
        line.go_down()
        await speaker.expect("roster", listenerCount=0)
        await at.say(speaker, "Nobody is there.")
        line.is_down = False
        assert await printed(listener, "^.+") == "3 Nobody is there."

    asyncio.run(scenario())


@both
def test_a_speaker_says_each_line_once_over_a_lost_line_and_ends(stage: Stage, kind: str) -> None:
    async def scenario() -> None:
        async with (
            a_line_to(stage) as (line, url),
            http_that_tells(stage, url) as http,
            running(f"speaker.{kind}", http, "en") as speaker,
        ):
            name = await printed(speaker, r"[a-z]+-[a-z]+-[0-9]{3}")
            listener = await connect(Session(name, "", stage.ws).address(targetLanguage="en"))
            await listener.expect("joined")
            await say(speaker, "Good morning.")
            await listener.expect("caption", sequence=1, text="Good morning.")
            await printed(speaker, "spoken")
            line.swallows = True
            await say(speaker, "Is somebody there?")
            await asyncio.wait_for(line.swallowed.wait(), PATIENCE)
            line.cut()
            await listener.expect("caption", sequence=2, text="Is somebody there?")
            await printed(speaker, "spoken")
            await say(speaker, "Goodbye.")
            assert speaker.stdin
            speaker.stdin.close()
            await listener.expect("sessionEnded")
            assert listener.sequences() == [1, 2, 3]
            assert await asyncio.wait_for(speaker.wait(), PATIENCE) == 0
            await listener.socket.close()

    asyncio.run(scenario())


@both
def test_a_speaker_says_all_of_a_file_and_ends(stage: Stage, kind: str, tmp_path: Path) -> None:
    lines = tmp_path / "lines.txt"
    lines.write_text("Good morning.\nIs somebody there?\nGoodbye.")
    with lines.open("rb") as file:
        done = subprocess.run(  # noqa: S603 - a client of docs/clients/
            [*COMMANDS[kind], str(PROJECT / f"docs/clients/speaker.{kind}"), stage.http, "en"],
            stdin=file,
            capture_output=True,
            text=True,
            timeout=3 * PATIENCE,
            check=True,
        )
    reported = re.findall(r"""['"]sequence['"]: ?(\d+)""", done.stdout)
    assert reported == ["1", "2", "3"], done
    assert "error" not in done.stdout
    (name,) = re.findall(r"[a-z]+-[a-z]+-[0-9]{3}", done.stdout)
    assert stage.state(Session(name, "", stage.ws))["isActive"] is False


@both
def test_clients_renew_their_lines_and_nothing_is_missed_or_shown_twice(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RENEW_AFTER_SECONDS", "1")
    monkeypatch.setenv("RENEW_WITHIN_SECONDS", "1")

    async def scenario(stage: Stage) -> None:
        async with (
            a_line_to(stage) as (speakers, url),
            http_that_tells(stage, url) as http,
            running(f"speaker.{kind}", http, "en") as speaker,
            a_line_to(stage) as (listeners, listeners_url),
        ):
            name = await printed(speaker, r"[a-z]+-[a-z]+-[0-9]{3}")
            given = [*([stage.http] if kind == "js" else []), listeners_url, name, "en"]
            session = Session(name, "", stage.ws)
            async with running(f"listener.{kind}", *given) as listener:
                await eventually(lambda: stage.counts(session), (1, {"en": 1}))
                for number in (1, 2):
                    await say(speaker, f"This is sentence {number}.")
                    assert (await printed(listener, "^.+")).startswith(f"{number} This is")
                    renewed = speakers.opened + 1, listeners.opened + 1
                    while not (speakers.opened >= renewed[0] and listeners.opened >= renewed[1]):
                        await reconcile(stage)
                await eventually(lambda: stage.counts(session), (1, {"en": 1}))
                assert speaker.stdin
                speaker.stdin.close()
                for client in (speaker, listener):
                    assert await asyncio.wait_for(client.wait(), PATIENCE) == 0

    with running_stage(tmp_path / "log") as stage:
        asyncio.run(scenario(stage))
