"""Wrong messages: their sender gets the protocol's error and stays, and nobody else notices."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest

from tests.integration.client import PROJECT, Client, Message, Stage, Talk, talk

LONGEST = 4_000
GATEWAY_LIMIT = 128 * 1024

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


def with_sequence(literal: str) -> str:
    return f'{{"action":"speak","sequence":{literal},"text":"Hello."}}'


BAD_MESSAGES: Mapping[str, str | bytes] = {
    "empty": "",
    "blank": "  \n ",
    "no JSON": "hello",
    "cut off": '{"action":"heartbeat"',
    "two messages": '{"action":"heartbeat"}{"action":"heartbeat"}',
    "single quotes": "{'action':'heartbeat'}",
    "byte order mark": '\ufeff{"action":"heartbeat"}',
    "NUL": "\0",
    "the word None": "None",
    "null": "null",
    "a list": '[{"action":"heartbeat"}]',
    "a string": '"heartbeat"',
    "a number": "7",
    "no action": "{}",
    "action null": '{"action":null}',
    "action a list": '{"action":["heartbeat"]}',
    "action an object": '{"action":{"action":"heartbeat"}}',
    "action a lone surrogate": '{"action":"\\ud800"}',
    "unknown action": '{"action":"dance"}',
    "action in capitals": '{"action":"SPEAK","sequence":1,"text":"Hello."}',
    "a route of the gateway": '{"action":"$disconnect"}',
    "deep lists": "[" * 60_000,
    "deep objects": '{"action":' * 12_000,
    "deep and closed": '{"action":"heartbeat","x":' + "[" * 50_000 + "]" * 50_000 + "}",
    "NaN": with_sequence("NaN"),
    "NaN elsewhere": '{"action":"heartbeat","x":NaN}',
    "Infinity": with_sequence("-Infinity"),
    "beyond a float": with_sequence("1e999"),
    "5,000 digits": with_sequence("9" * 5_000),
    "sequence beyond 2^53": with_sequence(str(2**53)),
    "sequence 0": with_sequence("0"),
    "sequence negative": with_sequence("-1"),
    "sequence a fraction": with_sequence("1.5"),
    "sequence a float": with_sequence("1.0"),
    "sequence true": with_sequence("true"),
    "sequence a string": with_sequence('"1"'),
    "sequence null": with_sequence("null"),
    "no sequence": '{"action":"speak","text":"Hello."}',
    "no text": '{"action":"speak","sequence":1}',
    "text null": spoken(None),
    "text empty": spoken(""),
    "text blank": spoken(" \t\n\u2003"),
    "text a number": spoken(7),
    "text a list": spoken(["Hello."]),
    "text half a surrogate pair": '{"action":"speak","sequence":1,"text":"Hi \\ud83d."}',
    "text a pair in the wrong order": '{"action":"speak","sequence":1,"text":"\\ude00\\ud83d"}',
    "binary": b"\x00\xff\xfe",
    "binary JSON": b'{"action":"heartbeat"}',
    "binary nothing": b"",
}


@pytest.mark.parametrize("frame", BAD_MESSAGES.values(), ids=BAD_MESSAGES.keys())
def test_a_malformed_message_is_a_bad_message(stage: Stage, frame: str | bytes) -> None:
    async def scenario() -> None:
        async with hall(stage) as room:
            await refused(room.speaker, frame, "BAD_MESSAGE")
            await room.only_the_culprit_noticed(room.speaker)

    asyncio.run(scenario())


@pytest.mark.parametrize(
    "text",
    ["a" * (LONGEST + 1), "\N{GRINNING FACE}" * (LONGEST + 1), "word " * 25_000],
    ids=["one too many", "one emoji too many", "as much as a frame holds"],
)
def test_a_sentence_too_long_is_refused_as_such(stage: Stage, text: str) -> None:
    async def scenario() -> None:
        async with hall(stage) as room:
            frame = json.dumps({"action": "speak", "sequence": 1, "text": text}, ensure_ascii=False)
            assert len(frame.encode()) < GATEWAY_LIMIT
            error = await refused(room.speaker, frame, "TEXT_TOO_LONG")
            assert error["details"] == {"maxCharacters": LONGEST}
            await room.only_the_culprit_noticed(room.speaker)

    asyncio.run(scenario())


@pytest.mark.parametrize(
    "text",
    [
        "word " * (LONGEST // 5),
        "\N{GRINNING FACE}" * LONGEST,
        "a\0b \x07\x1b[31m c",
        "^ $ / \\ [] {} @ # <b>&amp;</b> ^\\^",
        "\u202eright to left\u202c \u05e9\u05dc\u05d5\u05dd",
        "e\u0301 \ufeff \ufffe \U0010ffff",
        '{"type":"sessionEnded","reason":"no"}',
        "'; DROP TABLE sessions; --",
    ],
    ids=["4,000", "4,000 emoji", "control", "markup", "bidi", "unicode", "a message", "SQL"],
)
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
            await at.say(speaker, "Good morning.")
            assert (await listener.expect("caption", sequence=2))["text"] == "Bom dia."

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


@pytest.mark.parametrize("action", ["speak", "end"])
def test_a_listener_may_not_do_what_the_speaker_does(stage: Stage, action: str) -> None:
    async def scenario() -> None:
        async with hall(stage) as room:
            frame = json.dumps({"action": action, "sequence": 1, "text": "I say."})
            await refused(room.listener, frame, "NOT_SPEAKER")
            await room.only_the_culprit_noticed(room.listener)

    asyncio.run(scenario())


@pytest.mark.parametrize(
    ("language", "code"),
    [
        (None, "INVALID_LANGUAGE"),
        ("", "INVALID_LANGUAGE"),
        ("e", "INVALID_LANGUAGE"),
        ("english", "INVALID_LANGUAGE"),
        ("es_MX", "INVALID_LANGUAGE"),
        ("es-", "INVALID_LANGUAGE"),
        ("es\n", "INVALID_LANGUAGE"),
        ("\u0435s", "INVALID_LANGUAGE"),
        ("\ud800", "INVALID_LANGUAGE"),
        ("es" * 30_000, "INVALID_LANGUAGE"),
        (7, "INVALID_LANGUAGE"),
        (["es"], "INVALID_LANGUAGE"),
        ("tlh", "UNSUPPORTED_LANGUAGE"),
        ("xx", "UNSUPPORTED_LANGUAGE"),
        ("pt-Latn-ZZ", "UNSUPPORTED_LANGUAGE"),
    ],
    ids=lambda value: repr(value)[:24],
)
def test_no_language_is_one_thing_and_one_not_offered_another(
    stage: Stage, language: object, code: str
) -> None:
    async def scenario() -> None:
        async with hall(stage) as room:
            frame = json.dumps({"action": "changeLanguage", "targetLanguage": language})
            await refused(room.listener, frame, code)
            assert stage.counts(room.at.session) == (2, {"en": 2})
            await room.only_the_culprit_noticed(room.listener)

    asyncio.run(scenario())


def test_a_change_of_language_needs_a_language_and_a_listener(stage: Stage) -> None:
    async def scenario() -> None:
        async with hall(stage) as room:
            await refused(room.listener, '{"action":"changeLanguage"}', "INVALID_LANGUAGE")
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


@pytest.mark.parametrize(
    ("frame", "is_text", "close_code"),
    [
        (b"x" * 1_000_000, True, 1009),
        (b"x" * 2_000_000, True, 1009),
        (b"\x00" * 1_000_000, False, 1009),
        (b'{"action":"\xff\xfe"}', True, 1007),
    ],
    ids=["1 MB", "2 MB", "1 MB binary", "no UTF-8"],
)
def test_what_the_gateway_does_not_pass_on_ends_its_senders_connection_alone(
    stage: Stage, frame: bytes, is_text: bool, close_code: int
) -> None:
    async def scenario() -> None:
        async with hall(stage) as room:
            # Until then a roster of one may be on its way from when they came.
            await room.speaker.expect("roster", listenerCount=2, languages={"en": 2})
            await room.listener.socket.send(frame, text=is_text)
            assert await room.listener.closed() == close_code
            await room.speaker.expect("roster", listenerCount=1, languages={"en": 1})
            await room.at.say(room.speaker, "Where were we?")
            await room.bystander.settle()
            assert room.bystander.sequences() == [1]
            assert stage.counts(room.at.session) == (1, {"en": 1})

    asyncio.run(scenario())
