"""Words that are not a sentence yet: readers of the speaker's language see them, nobody else."""

import asyncio
import random
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack

from tests.integration.client import (
    TRIES,
    Client,
    Message,
    Session,
    Stage,
    Talk,
    eventually,
    talk,
)

SECOND = 1.0
MOST_A_SECOND = 4


async def _draft(speaker: Client, sequence: int, text: str) -> None:
    await speaker.send("draft", sequence=sequence, text=text)


async def _show(
    speaker: Client, readers: Sequence[Client], sequence: int, text: str, shown: str | None = None
) -> None:
    """Sends a draft until these readers have it, as `shown`; a busy machine skips one now and then.

    What the speaker has sent before is handled by then.
    """
    wanted = ("draft", sequence, text if shown is None else shown)
    for _ in range(TRIES):
        await _draft(speaker, sequence, text)
        await speaker.settle()
        await asyncio.gather(*(each.settle() for each in readers))
        if all(wanted in _words(each) for each in readers):
            return
        await asyncio.sleep(SECOND / MOST_A_SECOND)
    raise AssertionError(f"{wanted} is skipped again and again")


def _words(client: Client) -> list[tuple[str, int, str]]:
    """The drafts and captions that came, in order; a draft that is repeated at once is one."""
    words = [
        (each["type"], each["sequence"], each["text"])
        for each in client.received
        if each["type"] in ("draft", "caption")
    ]
    return [
        each
        for number, each in enumerate(words)
        if number == 0 or each[0] == "caption" or each != words[number - 1]
    ]


def _open(stage: Stage, **wishes: object) -> tuple[Session, Message]:
    answer = stage.request("POST", "/sessions", {"sourceLanguage": "en", **wishes})
    assert answer.status == 201, answer
    opened = answer.json
    session = Session(opened["sessionId"], opened["speakerToken"], opened["webSocketUrl"])
    return session, stage.state(session)


def test_a_reader_of_the_speaker_s_language_sees_the_words_before_the_sentence(
    stage: Stage,
) -> None:
    async def scenario() -> None:
        async with talk(stage) as at:
            speaker = await at.join_speaker()
            reader, other, spanish = await at.join_all(["en", "en-GB", "es"])
            await _show(speaker, (reader, other), 1, "Good")
            await _show(speaker, (reader, other), 1, "Good morning")
            report = await at.say(speaker, "Good morning.")
            assert {code: each["listeners"] for code, each in report["languages"].items()} == {
                "en": 2,
                "es": 1,
            }
            await _draft(speaker, 1, "too late")
            await _show(speaker, (reader, other), 2, "")
            await at.say(speaker, "Welcome.")
            for each in (reader, other):
                await each.expect("caption", sequence=2)
                assert _words(each) == [
                    ("draft", 1, "Good"),
                    ("draft", 1, "Good morning"),
                    ("caption", 1, "Good morning."),
                    ("draft", 2, ""),
                    ("caption", 2, "Welcome."),
                ]
            told = {"type": "draft", "sequence": 1, "language": "en", "text": "Good"}
            assert reader.of("draft")[0] == told
            await spanish.expect("caption", sequence=2)
            assert spanish.of("draft") == []
            assert speaker.of("error") == []

    asyncio.run(scenario())


def test_no_draft_ever_follows_the_caption_of_its_sentence(stage: Stage) -> None:
    seed = random.randrange(1_000_000)
    print(f"seed {seed}")
    draw = random.Random(seed)

    async def scenario() -> None:
        async with talk(stage) as at:
            speaker = await at.join_speaker()
            readers = await at.join_all(["en", "en", "es"])
            await _show(speaker, readers[:2], 1, "the first words")
            for sequence in range(1, 21):
                for number in range(draw.randrange(4)):
                    await _draft(speaker, draw.randrange(1, sequence + 2), f"words {number}")
                await speaker.send("speak", sequence=sequence, text=f"This is sentence {sequence}.")
                if sequence == 20 or draw.random() < 0.3:
                    await speaker.expect("spoken", sequence=sequence)
            for reader in readers:
                await reader.settle()
                _check_order(reader)
            assert readers[2].of("draft") == []

    asyncio.run(scenario())


def _check_order(reader: Client) -> None:
    said: set[int] = set()
    for kind, sequence, _ in _words(reader):
        if kind == "caption":
            said.add(sequence)
        else:
            assert sequence not in said, f"a draft of {sequence} follows its caption"
    assert sorted(said) == list(range(1, 21))


def test_four_a_second_are_sent_and_more_are_skipped_without_an_error(stage: Stage) -> None:
    async def scenario() -> None:
        async with talk(stage) as at:
            speaker = await at.join_speaker()
            reader = await at.join("en")
            began = time.monotonic()
            for number in range(60):
                await _draft(speaker, 1, f"word {number}")
                await asyncio.sleep(0.05)
            await speaker.settle()
            seconds = time.monotonic() - began
            # Sentences, heartbeats and changes of language go on beside them.
            await at.say(speaker, "One.")
            await reader.settle()
            drafts = [int(each["text"].split()[1]) for each in reader.of("draft")]
            assert drafts == sorted(set(drafts))
            assert 0 < len(drafts) <= MOST_A_SECOND * (seconds + SECOND)
            assert speaker.of("error") == []

    asyncio.run(scenario())


def test_a_flood_of_drafts_does_not_cost_the_speaker_a_word(stage: Stage) -> None:
    async def scenario() -> None:
        async with talk(stage) as at:
            speaker = await at.join_speaker()
            reader = await at.join("en")
            for number in range(400):
                await _draft(speaker, 1, f"word {number}")
                if number % 50 == 0:
                    # Its answer shows that the machine, however slow, comes forward.
                    await speaker.send("heartbeat")
            await at.say(speaker, "One.")
            await speaker.settle()
            await reader.expect("caption", sequence=1)
            assert speaker.of("error") == []

    asyncio.run(scenario())


def test_who_changes_the_language_gets_drafts_of_the_one_that_counts(stage: Stage) -> None:
    async def scenario() -> None:
        async with talk(stage) as at:
            speaker = await at.join_speaker()
            leaver, comer, reader = await at.join_all(["en", "es", "en"])
            await _show(speaker, (leaver, reader), 1, "one")
            await leaver.send("changeLanguage", targetLanguage="es")
            await eventually(lambda: stage.counts(at.session), (3, {"en": 1, "es": 2}))
            await _show(speaker, (reader,), 1, "two")
            await comer.send("changeLanguage", targetLanguage="en")
            await eventually(lambda: stage.counts(at.session), (3, {"en": 2, "es": 1}))
            await _show(speaker, (comer, reader), 1, "three")
            await leaver.settle()
            texts = [[text for _, _, text in _words(one)] for one in (leaver, comer, reader)]
            assert texts == [["one"], ["three"], ["one", "two", "three"]]

    asyncio.run(scenario())


def test_a_session_without_drafts_takes_them_and_sends_none(stage: Stage) -> None:
    session, state = _open(stage, drafts="off", title="  Sunday\r\nservice ")
    assert (state["title"], state["drafts"]) == ("Sunday service", "off")

    async def scenario() -> None:
        async with AsyncExitStack() as sockets:
            at = Talk(stage, session, sockets)
            speaker = await at.join_speaker()
            reader = await at.join("en")
            await _draft(speaker, 1, "Good")
            await at.say(speaker, "Good morning.")
            await reader.expect("caption", sequence=1)
            assert reader.of("draft") == []
            assert speaker.of("error") == []
            await reader.send("status")
            status = await reader.expect("sessionStatus")
            assert (status["title"], status["drafts"]) == ("Sunday service", "off")

    asyncio.run(scenario())
    assert stage.end(session).status == 204
    _, state = _open(stage)
    assert (state["title"], state["drafts"]) == (None, "source")


def test_what_a_session_cannot_have_is_refused(stage: Stage) -> None:
    for wish in ({"title": "x" * 121}, {"title": 7}, {"drafts": "on"}, {"drafts": False}):
        answer = stage.request("POST", "/sessions", {"sourceLanguage": "en", **wish})
        assert (answer.status, answer.json["code"]) == (400, "BAD_MESSAGE")


def test_blocked_words_are_masked_and_malformed_drafts_told(stage: Stage) -> None:
    async def scenario() -> None:
        async with talk(stage) as at:
            speaker = await at.join_speaker()
            reader = await at.join("en")
            bearer = {
                "Authorization": f"Bearer {at.session.token}",
                "Content-Type": "application/json",
            }
            path = f"/sessions/{at.session.session_id}/glossary"
            put = stage.request("PUT", path, {"terms": [], "blocked": ["darn"]}, bearer)
            assert put.status == 200
            await _show(speaker, (reader,), 1, "well darn it", shown="well *** it")
            for text, code in (("x" * 4_001, "TEXT_TOO_LONG"), (" ", "BAD_MESSAGE")):
                await _draft(speaker, 5, text)
                refused = await speaker.expect("error", code=code)
                assert refused["details"]["sequence"] == 5
            await speaker.send("draft", text="no sequence")
            await speaker.expect("error", code="BAD_MESSAGE")
            await _draft(reader, 1, "Mine")
            refused = await reader.expect("error", code="NOT_SPEAKER")
            assert refused["details"]["sequence"] == 1
            await _show(speaker, (reader,), 1, "")
            assert [text for _, _, text in _words(reader)] == ["well *** it", ""]

    asyncio.run(scenario())
