"""The page's own modules under deno, in front of a recogniser that is a script."""

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest

from infra.local.dictation.page_recogniser import command, page_recogniser
from infra.local.stage_client import StageClientError, StageRefusal
from tests.speech.stub_recogniser import StubRecogniser, failure, result, transcript

Event = Mapping[str, Any]
TENTH = bytes(3_200)
FIRST = result("r1", "Good morning everyone here.", 0.2, partial=False)
SECOND = result("r2", "The church is open today.", 1.6, partial=False)
GUESS = result("r1", "Good morning everyone", 0.2, partial=True)


async def hear(
    stub: StubRecogniser, tenths: int = 30, refusal: StageClientError | None = None
) -> list[Event]:
    """All events of so many tenths of a second of sound, which come faster than they sound."""
    async with stub.running() as url:

        async def permission() -> Mapping[str, Any]:
            if refusal is not None:
                raise refusal
            return {"url": url, "expiresAt": 4e12}

        async with page_recogniser(url, "en-US", permission) as recogniser:
            for number in range(tenths):
                await recogniser.hear(TENTH)
                if number % 5 == 4:
                    await asyncio.sleep(0)
            await recogniser.finish()
            return [event async for event in recogniser.events()]


def sentences(events: list[Event]) -> list[str]:
    return [event["sentence"]["text"] for event in events if "sentence" in event]


def test_sound_becomes_sentences_with_their_times() -> None:
    stub = StubRecogniser([[(0.8, transcript(FIRST)), (2.0, transcript(SECOND))]])
    events = asyncio.run(hear(stub))
    assert sentences(events) == ["Good morning everyone here.", "The church is open today."]
    first = next(event["sentence"] for event in events if "sentence" in event)
    assert (first["startMs"], first["endMs"]) == (200, 1_400)


def test_words_that_are_not_a_sentence_yet_are_drafts() -> None:
    stub = StubRecogniser([[(0.5, transcript(GUESS)), (0.8, transcript(FIRST))]])
    events = asyncio.run(hear(stub))
    drafts = [event["draft"]["text"] for event in events if "draft" in event]
    assert "Good morning everyone" in drafts
    assert sentences(events) == ["Good morning everyone here."]


def test_all_sound_is_streamed_as_it_is() -> None:
    stub = StubRecogniser([[]])
    asyncio.run(hear(stub, tenths=7))
    (heard,) = stub.streams
    assert heard == 7 * TENTH


def test_words_without_an_end_become_a_sentence_when_the_talk_ends() -> None:
    stub = StubRecogniser([[(0.5, transcript(GUESS))]])
    (last,) = sentences(asyncio.run(hear(stub)))
    assert last.rstrip(".") == "Good morning everyone"


def test_a_stream_that_fails_is_followed_by_another_which_hears_it_again() -> None:
    broken = failure("InternalFailureException", "try again")
    stub = StubRecogniser([[(0.5, broken)], [(0.8, transcript(FIRST))]])
    events = asyncio.run(hear(stub))
    assert sentences(events) == ["Good morning everyone here."]
    assert [len(heard) for heard in stub.streams][1:] == [30 * len(TENTH)]


@pytest.mark.parametrize(
    ("refusal", "problem"),
    [
        (StageRefusal("answered 404: no recogniser", 404, 0, {}), "unsupported"),
        (StageRefusal("answered 429: minutes", 429, 0, {"remainingSeconds": 0}), "spent"),
        (StageRefusal("answered 401: whose token is this", 401, 0, {}), "refused"),
    ],
)
def test_a_refused_permission_ends_the_hearing(refusal: StageClientError, problem: str) -> None:
    events = asyncio.run(hear(StubRecogniser([[]]), refusal=refusal))
    assert {"state": "over", "problem": problem} in [
        {key: event["state"][key] for key in ("state", "problem")}
        for event in events
        if "state" in event
    ]


def test_deno_may_connect_to_the_recogniser_alone() -> None:
    line = command("wss://transcribestreaming.eu-west-1.amazonaws.com:8443/x?y=z", "pt-BR")
    allowed = [option for option in line if option.startswith("--allow")]
    assert allowed == ["--allow-net=transcribestreaming.eu-west-1.amazonaws.com:8443"]
    assert line[-1] == "pt-BR"


def test_modules_that_fail_say_why() -> None:
    async def broken() -> None:
        async with page_recogniser("ws://127.0.0.1:1/", "en-US", _nobody) as recogniser:
            await recogniser._write(pcm="not base64!")
            async for _ in recogniser.events():
                pass

    with pytest.raises(StageClientError, match=r"deno has ended: error: .*SyntaxError"):
        asyncio.run(broken())


async def _nobody() -> Mapping[str, Any]:
    raise StageClientError("no stage")
