"""Wrong messages: their sender gets the protocol's error and stays, and nobody else notices."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest

from chalice_app.wire.incoming import MAX_TEXT_CHARACTERS
from infra.local.gateway.limits import MAX_MESSAGE_BYTES
from tests.hostile import message, sentence
from tests.integration.client import PROJECT, Client, Message, Stage, Talk, talk

SAYS_TOO_MUCH = (
    "Traceback",
    'File "',
    "Error:",
    "Exception",
    "chalice",
    "boto",
    str(PROJECT),
    ".py",
)


@dataclass(frozen=True)
class Hall:
    """A session with a speaker, a listener, and a bystander whom nothing here is about."""

    at: Talk
    speaker: Client
    listener: Client
    bystander: Client

    async def only_the_culprit_noticed(self, culprit: Client) -> None:
        """The culprit's connection works on, and all that others got is what they always get."""
        for client in (self.speaker, self.listener, self.bystander):
            await client.settle()
            kinds = {message["type"] for message in client.received}
            assert kinds <= {"joined", "roster", "heartbeatAck"} | (
                {"error"} if client is culprit else set()
            )
        await self.at.say(self.speaker, "Where were we?")
        await self.bystander.settle()
        assert self.bystander.sequences() == [self.at.sequence]
        assert self.bystander.of("error") == []


@asynccontextmanager
async def hall(stage: Stage) -> AsyncIterator[Hall]:
    async with talk(stage) as at:
        speaker = await at.join_speaker()
        listener, bystander = await at.join_all(["en", "en"])
        yield Hall(at, speaker, listener, bystander)


async def refused(culprit: Client, frame: str | bytes, code: str) -> Message:
    """Sends the frame; returns the error that it must cause, after a look at its form."""
    await culprit.send_raw(frame)
    error = await culprit.expect("error")
    assert error["code"] == code
    assert error.keys() - {"details"} == {"type", "code", "message", "requestId"}
    assert isinstance(error["requestId"], str)
    assert error["requestId"]
    assert error["message"]
    assert not [word for word in SAYS_TOO_MUCH if word in json.dumps(error)]
    return error


def spoken(text: object = "Hello.", sequence: object = 1) -> str:
    return json.dumps({"action": "speak", "sequence": sequence, "text": text})


@pytest.mark.parametrize("bad", message.MALFORMED.values(), ids=message.MALFORMED)
def test_a_malformed_message_is_a_bad_message(stage: Stage, bad: message.Bad) -> None:
    async def scenario() -> None:
        async with hall(stage) as room:
            await refused(room.speaker, bad.frame, bad.code)
            await room.only_the_culprit_noticed(room.speaker)

    asyncio.run(scenario())


@pytest.mark.parametrize("bad", message.TOO_MUCH_SAID.values(), ids=message.TOO_MUCH_SAID)
def test_a_sentence_too_long_is_refused_as_such(stage: Stage, bad: message.Bad) -> None:
    async def scenario() -> None:
        async with hall(stage) as room:
            assert isinstance(bad.frame, str)
            assert len(bad.frame.encode()) < MAX_MESSAGE_BYTES
            error = await refused(room.speaker, bad.frame, bad.code)
            assert error["details"] == {"maxCharacters": MAX_TEXT_CHARACTERS, "sequence": 1}
            await room.only_the_culprit_noticed(room.speaker)

    asyncio.run(scenario())


@pytest.mark.parametrize("text", sentence.TEXTS.values(), ids=sentence.TEXTS)
def test_odd_text_is_text(stage: Stage, text: str) -> None:
    async def scenario() -> None:
        async with talk(stage) as at:
            speaker = await at.join_speaker()
            reader, listener = await at.join_all(["en", "pt"])
            report = await at.say(speaker, text)
            assert {code: each["delivered"] for code, each in report["languages"].items()} == {
                "en": 1,
                "pt": 1,
            }
            assert (await reader.expect("caption"))["text"] == text
            assert (await listener.expect("caption"))["text"]
            await at.say_translated(speaker, "Good morning.")
            caption = await listener.expect("caption", sequence=at.sequence)
            assert caption["text"] == "Bom dia."

    asyncio.run(scenario())


def test_a_sequence_spoken_twice_is_heard_once(stage: Stage) -> None:
    async def scenario() -> None:
        async with hall(stage) as room:
            await room.at.say(room.speaker, "First.")
            await room.at.say(room.speaker, "Second.")
            for sequence in (1, 2):
                error = await refused(room.speaker, spoken("Again!", sequence), "BAD_MESSAGE")
                assert error["details"] == {"sequence": sequence, "lastSequence": 2}
            await room.at.say(room.speaker, "Third.")
            for client in (room.listener, room.bystander):
                await client.settle()
                assert [caption["text"] for caption in client.of("caption")] == [
                    "First.",
                    "Second.",
                    "Third.",
                ]

    asyncio.run(scenario())


@pytest.mark.parametrize("bad", message.NOT_FOR_LISTENERS.values(), ids=message.NOT_FOR_LISTENERS)
def test_a_listener_may_not_do_what_the_speaker_does(stage: Stage, bad: message.Bad) -> None:
    async def scenario() -> None:
        async with hall(stage) as room:
            await refused(room.listener, bad.frame, bad.code)
            await room.only_the_culprit_noticed(room.listener)

    asyncio.run(scenario())


@pytest.mark.parametrize("bad", message.LANGUAGE_CHANGES.values(), ids=message.LANGUAGE_CHANGES)
def test_no_language_is_one_thing_and_one_not_offered_another(
    stage: Stage, bad: message.Bad
) -> None:
    async def scenario() -> None:
        async with hall(stage) as room:
            await refused(room.listener, bad.frame, bad.code)
            assert stage.counts(room.at.session) == (2, {"en": 2})
            await room.only_the_culprit_noticed(room.listener)

    asyncio.run(scenario())


def test_a_change_of_language_needs_a_listener(stage: Stage) -> None:
    async def scenario() -> None:
        async with hall(stage) as room:
            frame = '{"action":"changeLanguage","targetLanguage":"pt"}'
            await refused(room.speaker, frame, "BAD_MESSAGE")
            assert stage.counts(room.at.session) == (2, {"en": 2})

    asyncio.run(scenario())


def test_a_flood_of_bad_messages_is_answered_one_by_one(stage: Stage) -> None:
    async def scenario() -> None:
        async with hall(stage) as room:
            for _ in range(200):
                await room.listener.send_raw("nonsense")
            for _ in range(200):
                await room.listener.expect("error", code="BAD_MESSAGE")
            ids = {error["requestId"] for error in room.listener.of("error")}
            assert len(ids) == 200
            await room.only_the_culprit_noticed(room.listener)

    asyncio.run(scenario())


@pytest.mark.parametrize("bad", message.UNPASSABLE.values(), ids=message.UNPASSABLE)
def test_what_the_gateway_does_not_pass_on_ends_its_senders_connection_alone(
    stage: Stage, bad: message.Unpassable
) -> None:
    async def scenario() -> None:
        async with hall(stage) as room:
            # Until then a roster of one may be on its way from when they came.
            await room.speaker.expect("roster", listenerCount=2, languages={"en": 2})
            await room.listener.socket.send(bad.data, text=bad.is_text)
            assert await room.listener.closed() == bad.close_code
            await room.speaker.expect("roster", listenerCount=1, languages={"en": 1})
            await room.at.say(room.speaker, "Where were we?")
            await room.bystander.settle()
            assert room.bystander.sequences() == [1]
            assert stage.counts(room.at.session) == (1, {"en": 1})

    asyncio.run(scenario())
