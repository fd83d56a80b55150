"""A recording's talk with a stage that is a script: what is sent, and what its answers lead to."""

import asyncio
import io
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from websockets.asyncio.client import connect
from websockets.asyncio.server import ServerConnection, serve

from infra.local.dictation.dictated_talk import CHUNK_BYTES, DictatedTalk
from infra.local.dictation.talk_lines import TalkLines
from infra.local.dictation.talk_record import TalkRecord
from infra.local.stage_client import StageClientError

Message = dict[str, Any]
RECEIVED = "received"
"""The modules go on when the stage has received so many messages."""

HEARD: list[Message] = [
    {"state": {"state": "live", "problem": "", "unheardMs": 0}},
    {"draft": {"text": "Goo"}},
    {"draft": {"text": "Good"}},
    {RECEIVED: 1},
    {"sentence": {"text": "Good morning.", "startMs": 0, "endMs": 100}},
    {"draft": {"text": ""}},
    {"draft": {"text": "Wel"}},
    {RECEIVED: 3},
    {"draft": {"text": "Welcome"}},
    {"sentence": {"text": "Welcome.", "startMs": 100, "endMs": 200}},
]
PATIENCE = 20.0
REFUSED = {"type": "error", "message": "Too fast.", "retryAfterMs": 1}


@dataclass
class Modules:
    """Stands for the page's modules: says what it is to when all sound has come."""

    says: list[Message]
    stage: "Stage | None" = None
    pieces: list[bytes] = field(default_factory=list)
    is_over: asyncio.Event = field(default_factory=asyncio.Event)

    async def hear(self, pcm: bytes) -> None:
        self.pieces.append(pcm)

    async def finish(self) -> None:
        self.is_over.set()

    async def events(self) -> AsyncIterator[Message]:
        await self.is_over.wait()
        for event in self.says:
            if RECEIVED in event:
                await self._received(event[RECEIVED])
            else:
                yield event

    async def _received(self, messages: int) -> None:
        async with asyncio.timeout(PATIENCE):
            while self.stage and len(self.stage.received) < messages:
                await asyncio.sleep(0.005)


@dataclass
class Stage:
    """One speaker and one listener of each language; `answer` is what it says to a sentence."""

    answer: Callable[[Message], list[Message]]
    received: list[Message] = field(default_factory=list)
    listeners: list[ServerConnection] = field(default_factory=list)

    async def serve(self, socket: ServerConnection) -> None:
        await socket.send('{"type":"joined"}')
        if socket.request is not None and socket.request.path == "/listener":
            self.listeners.append(socket)
            await socket.wait_closed()
            return
        async for data in socket:
            message = json.loads(data)
            self.received.append(message)
            if message["action"] == "end":
                for listener in self.listeners:
                    await listener.close()
            elif message["action"] == "draft":
                await self._post({"type": "draft", "sequence": message["sequence"], "text": "Go"})
            else:
                for answer in self.answer(message):
                    await socket.send(json.dumps(answer))
                    if answer["type"] == "spoken":
                        caption = {"sequence": message["sequence"], "text": "Bom dia."}
                        await self._post({"type": "caption", **caption})

    async def _post(self, message: Message) -> None:
        for listener in self.listeners:
            await listener.send(json.dumps(message))


def report(message: Message) -> list[Message]:
    return [{"type": "spoken", "sequence": message["sequence"]}]


async def talk(stage: Stage, modules: Modules, pcm: bytes, output: io.StringIO) -> TalkRecord:
    record = TalkRecord()
    modules.stage = stage
    async with (
        serve(stage.serve, "127.0.0.1", 0) as server,
        connect(f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}/speaker") as speaker,
        connect(f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}/listener") as listener,
    ):
        lines = TalkLines(record, output)
        await DictatedTalk(speaker, [("pt", listener)], record, lines).run(modules, pcm)
    return record


def run(
    stage: Stage, says: list[Message] = HEARD, pcm: bytes = b"", output: io.StringIO | None = None
) -> TalkRecord:
    return asyncio.run(talk(stage, Modules(says), pcm, output or io.StringIO()))


def test_the_latest_draft_and_sentences_are_sent_with_the_number_of_their_sentence() -> None:
    stage = Stage(report)
    run(stage)
    assert stage.received == [
        {"action": "draft", "sequence": 1, "text": "Good"},
        {"action": "speak", "sequence": 1, "text": "Good morning."},
        {"action": "draft", "sequence": 2, "text": "Wel"},
        {"action": "speak", "sequence": 2, "text": "Welcome."},
        {"action": "end"},
    ]


def test_what_listeners_get_is_noted_and_printed() -> None:
    output = io.StringIO()
    record = run(Stage(report), output=output)
    assert [(each.sequence, each.language, each.text) for each in record.captions] == [
        (1, "pt", "Bom dia."),
        (2, "pt", "Bom dia."),
    ]
    assert [(each.sequence, each.text) for each in record.read_drafts] == [(1, "Go"), (2, "Go")]
    assert record.text == "Good morning. Welcome."
    assert "recogniser live" in output.getvalue()
    assert output.getvalue().count("Bom dia.") == 2


def test_the_sound_is_played_in_real_time_in_pieces_of_a_tenth_of_a_second() -> None:
    modules = Modules([])
    pcm = bytes(2 * CHUNK_BYTES + 10)
    record = asyncio.run(talk(Stage(report), modules, pcm, io.StringIO()))
    assert [len(piece) for piece in modules.pieces] == [CHUNK_BYTES, CHUNK_BYTES, 10]
    assert record.begun > 0


def test_a_sentence_that_was_too_fast_is_sent_again_and_a_draft_is_not() -> None:
    refusals = iter([True, False, False])

    def answer(message: Message) -> list[Message]:
        too_fast = {**REFUSED, "code": "RATE_LIMITED"}
        if not next(refusals):
            return report(message)
        return [too_fast, {**too_fast, "details": {"sequence": message["sequence"]}}]

    stage = Stage(answer)
    run(stage)
    spoken = [each["sequence"] for each in stage.received if each["action"] == "speak"]
    assert sorted(spoken) == [1, 1, 2]
    drafts = [each["sequence"] for each in stage.received if each["action"] == "draft"]
    assert len(drafts) == len(set(drafts)) > 0


def test_a_refused_sentence_ends_the_talk_with_the_stage_s_reason() -> None:
    refused = {**REFUSED, "code": "TEXT_TOO_LONG"}
    with pytest.raises(StageClientError, match="the stage answered TEXT_TOO_LONG: Too fast"):
        run(Stage(lambda _: [refused]))


def test_modules_that_end_too_early_end_the_talk() -> None:
    class Dying(Modules):
        async def events(self) -> AsyncIterator[Message]:
            for event in self.says:
                yield event
            raise StageClientError("deno has ended")

    with pytest.raises(StageClientError, match="deno has ended"):
        asyncio.run(talk(Stage(report), Dying(HEARD[:1]), bytes(20 * CHUNK_BYTES), io.StringIO()))


def test_a_stage_that_goes_away_ends_the_talk() -> None:
    class Leaving(Stage):
        async def serve(self, socket: ServerConnection) -> None:
            await socket.send('{"type":"joined"}')

    with pytest.raises(StageClientError, match="the stage closed the connection"):
        run(Leaving(report), says=[], pcm=bytes(20 * CHUNK_BYTES))
