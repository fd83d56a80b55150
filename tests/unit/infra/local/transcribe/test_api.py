"""Transcribe's WebSocket on a real loopback port; the recogniser's worker is a small program."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import pytest
from aiohttp import ClientSession, ClientWebSocketResponse, WSMsgType, WSServerHandshakeError, web

from infra.local.process.ports import LOOPBACK
from infra.local.transcribe.api import PATH, Limits, application
from infra.local.transcribe.event_stream import decode_message, encode_message
from infra.local.transcribe.recogniser_process import RecogniserProcess

NOW = datetime(2026, 11, 28, 20, 0, tzinfo=UTC)
QUERY = {
    "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
    "X-Amz-Credential": "local/20261128/us-east-1/transcribe/aws4_request",
    "X-Amz-Date": "20261128T200000Z",
    "X-Amz-Expires": "300",
    "X-Amz-SignedHeaders": "host",
    "X-Amz-Signature": "0" * 64,
    "language-code": "en-US",
    "media-encoding": "pcm",
    "sample-rate": "16000",
}
AUDIO = {
    ":message-type": "event",
    ":event-type": "AudioEvent",
    ":content-type": "application/octet-stream",
}
WORKER = "tests.fakes.transcribe_worker"
SECONDS = 20.0
"""Longer than any of this takes on a busy machine."""


@dataclass
class Server:
    """A server, and a client of it."""

    url: str
    recogniser: RecogniserProcess
    session: ClientSession

    def stream(self, **query: str) -> Any:
        return self.session.ws_connect(f"{self.url}?{urlencode({**QUERY, **query})}")


@asynccontextmanager
async def serving(
    limits: Limits = Limits(),  # noqa: B008
    unused: float = 60.0,
    hung: float = SECONDS,
) -> AsyncIterator[Server]:
    recogniser = RecogniserProcess((sys.executable, "-m", WORKER), unused, hung)
    runner = web.AppRunner(application(recogniser, {"en"}, limits, lambda: NOW))
    await runner.setup()
    await web.TCPSite(runner, LOOPBACK, 0).start()
    url = f"http://{LOOPBACK}:{runner.addresses[0][1]}{PATH}"
    try:
        async with ClientSession() as session:
            yield Server(url, recogniser, session)
    finally:
        await recogniser.close()
        await runner.cleanup()


async def say(socket: ClientWebSocketResponse, sound: bytes) -> None:
    await socket.send_bytes(encode_message(AUDIO, sound))


async def answers(socket: ClientWebSocketResponse) -> list[tuple[str, Any]]:
    """Names and payloads of the messages up to the close."""
    found = []
    async with asyncio.timeout(SECONDS):
        async for frame in socket:
            assert frame.type is WSMsgType.BINARY
            event = decode_message(frame.data)
            kind = event.headers[":message-type"]
            found.append((str(event.headers[f":{kind}-type"]), json.loads(event.payload)))
    return found


async def ended(socket: ClientWebSocketResponse) -> tuple[str, Any]:
    """The only message before a normal close."""
    (only,) = await answers(socket)
    assert socket.close_code == 1000
    return only


def test_an_empty_event_ends_the_stream_after_its_last_result() -> None:
    async def talk() -> None:
        async with serving() as server, server.stream() as socket:
            await say(socket, b"ab" * 50)
            await say(socket, b"cd")
            await say(socket, b"")
            name, payload = await ended(socket)
            assert (name, payload) == ("TranscriptEvent", {"heard": 102})

    asyncio.run(talk())


@pytest.mark.parametrize("change", [{"X-Amz-Date": "20261128T195459Z"}, {"X-Amz-Signature": ""}])
def test_an_expired_url_is_refused_at_the_handshake(change: dict[str, str]) -> None:
    async def talk() -> None:
        async with serving() as server:
            with pytest.raises(WSServerHandshakeError) as refused:
                await server.stream(**change)
            assert refused.value.status == 403
            assert server.recogniser.pid is None

    asyncio.run(talk())


def test_a_wrong_parameter_is_an_exception_and_starts_nothing() -> None:
    async def talk() -> None:
        async with serving() as server:
            async with server.stream(**{"language-code": "xx-XX"}) as socket:
                assert (await ended(socket))[0] == "BadRequestException"
            assert server.recogniser.pid is None

    asyncio.run(talk())


@pytest.mark.parametrize(
    "frame",
    [
        b"",
        b"garbage",
        encode_message(AUDIO, b"ab")[:-1] + b"x",
        encode_message({**AUDIO, ":event-type": "Other"}, b"ab"),
        encode_message(AUDIO, b"odd"),
    ],
)
def test_a_garbled_frame_is_a_bad_request(frame: bytes) -> None:
    async def talk() -> None:
        async with serving() as server, server.stream() as socket:
            await socket.send_bytes(frame)
            assert (await ended(socket))[0] == "BadRequestException"

    asyncio.run(talk())


def test_text_is_a_bad_request() -> None:
    async def talk() -> None:
        async with serving() as server, server.stream() as socket:
            await socket.send_str("hello")
            assert (await ended(socket))[0] == "BadRequestException"

    asyncio.run(talk())


def test_a_stream_without_audio_times_out_in_aws_words() -> None:
    async def talk() -> None:
        async with serving(Limits(silent_seconds=0.2)) as server, server.stream() as socket:
            name, payload = await ended(socket)
            assert name == "BadRequestException"
            assert payload["Message"] == (
                "Your request timed out because no new audio was received for 0.2 seconds."
            )

    asyncio.run(talk())


def test_one_stream_too_many_is_refused_and_the_others_go_on() -> None:
    async def talk() -> None:
        async with serving(Limits(streams=1)) as server, server.stream() as first:
            async with server.stream() as second:
                assert (await ended(second))[0] == "LimitExceededException"
            await say(first, b"ab")
            await say(first, b"")
            assert (await ended(first))[0] == "TranscriptEvent"
            async with server.stream() as third:
                await say(third, b"")
                assert (await ended(third))[0] == "TranscriptEvent"

    asyncio.run(talk())


def test_a_dead_worker_fails_its_streams_and_the_next_stream_has_another() -> None:
    async def talk() -> None:
        async with serving() as server:
            async with server.stream() as socket:
                await say(socket, b"die!")
                assert (await ended(socket))[0] == "InternalFailureException"
            async with server.stream() as socket:
                await say(socket, b"")
                assert (await ended(socket))[0] == "TranscriptEvent"

    asyncio.run(talk())


def test_a_hung_worker_is_ended_like_a_dead_one() -> None:
    async def talk() -> None:
        # Longer than the next worker takes to start on a busy machine: it must not count as hung.
        async with serving(hung=2.0) as server:
            async with server.stream() as socket:
                async with asyncio.timeout(SECONDS):
                    while not server.recogniser.pid:
                        await asyncio.sleep(0.01)
                os.kill(server.recogniser.pid, signal.SIGSTOP)
                await say(socket, bytes(600_000))  # more than a pipe holds
                assert (await ended(socket))[0] == "InternalFailureException"
            async with server.stream() as socket:
                await say(socket, b"")
                assert (await ended(socket))[0] == "TranscriptEvent"

    asyncio.run(talk())


def test_an_unused_worker_ends() -> None:
    async def talk() -> None:
        async with serving(unused=0.01) as server:
            async with server.stream() as socket:
                await say(socket, b"")
                await ended(socket)
            async with asyncio.timeout(SECONDS):
                while server.recogniser.pid is not None:
                    await asyncio.sleep(0.01)

    asyncio.run(talk())


def test_the_server_imports_nothing_of_the_recogniser() -> None:
    async def imported() -> str:
        script = (
            "import sys, infra.local.transcribe.server; heavy = {'faster_whisper', 'ctranslate2', "
            "'onnxruntime', 'numpy'}; print(sorted(heavy & set(sys.modules)))"
        )
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", script, stdout=asyncio.subprocess.PIPE
        )
        output, _ = await process.communicate()
        return output.decode().strip()

    assert asyncio.run(imported()) == "[]"
