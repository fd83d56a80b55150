"""Who comes back with `lastSequence` reads what was missed, then what is new."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from infra.local.say import SAMPLE, read_text, split_sentences
from tests.integration.client import Client, Stage, Talk, talk

SPEECH = split_sentences(read_text(str(SAMPLE)), "en")

RETURNS = 12
"""How often a listener with a bad network is cut and comes back."""

TOO_LATE = 50
"""Sentences after which one that has not come is not waited for any more."""


def test_who_comes_back_gets_what_was_missed_after_joined_and_in_order(stage: Stage) -> None:
    async def scenario() -> None:
        async with talk(stage) as at:
            speaker = await at.join_speaker()
            faithful, loser = await at.join_all(["pt", "pt"])
            # Until then a roster of one may be on its way from when they came.
            await speaker.expect("roster", listenerCount=2)
            await at.say(speaker, SPEECH[0])
            await loser.settle()
            loser.cut()
            await speaker.expect("roster", listenerCount=1)
            for sentence in SPEECH[1:5]:
                await at.say(speaker, sentence)
            back = await at.join("pt", lastSequence=loser.sequences()[-1])
            assert back.received[0]["lastSequence"] == 5
            await back.expect("caption", sequence=5)
            await at.say(speaker, SPEECH[5])
            await back.expect("caption", sequence=6)
            await faithful.settle()
            assert [message["type"] for message in back.received] == ["joined", *["caption"] * 5]
            assert back.sequences() == [2, 3, 4, 5, 6]
            again = loser.of("caption") + back.of("caption")
            assert _without_times(again) == _without_times(faithful.of("caption"))

    asyncio.run(scenario())


def _without_times(captions: list[dict[str, object]]) -> list[dict[str, object]]:
    return [{k: v for k, v in each.items() if k != "spokenAt"} for each in captions]


def test_who_comes_back_in_another_language_reads_the_past_in_it(stage: Stage) -> None:
    async def scenario() -> None:
        async with talk(stage) as at:
            speaker = await at.join_speaker()
            for sentence in SPEECH[:3]:
                await at.say(speaker, sentence)
            late = await at.join("pt", lastSequence=0)
            await late.expect("caption", sequence=3)
            assert late.sequences() == [1, 2, 3]
            assert {caption["language"] for caption in late.of("caption")} == {"pt"}

    asyncio.run(scenario())


def test_who_comes_late_reads_the_last_three_captions_first(stage: Stage) -> None:
    async def scenario() -> None:
        async with talk(stage) as at:
            speaker = await at.join_speaker()
            for sentence in SPEECH[:5]:
                await at.say(speaker, sentence)
            newcomer = await at.join("pt")
            await at.say(speaker, SPEECH[5])
            await newcomer.expect("caption", sequence=6)
            assert newcomer.sequences() == [3, 4, 5, 6]
            assert {caption["language"] for caption in newcomer.of("caption")} == {"pt"}

    asyncio.run(scenario())


def test_late_joiners_read_no_caption_twice_and_in_order_while_somebody_speaks(
    stage: Stage,
) -> None:
    async def scenario() -> None:
        async with talk(stage) as at, endless_speech(at):
            await hear_until(await at.join("en"), 5)
            late = await asyncio.gather(*(at.enter(targetLanguage="en") for _ in range(30)))
            await asyncio.gather(*(hear_until(each, at.sequence + 5) for each in late))
            for each in late:
                assert each.received[0]["type"] == "joined"
                heard = each.sequences()
                assert heard == list(range(heard[0], heard[-1] + 1))
                assert heard[0] <= each.received[0]["lastSequence"]

    asyncio.run(scenario())


def test_at_most_fifty_captions_are_said_again(stage: Stage) -> None:
    async def scenario() -> None:
        async with talk(stage) as at:
            speaker = await at.join_speaker()
            for number in range(1, 61):
                await at.say(speaker, f"This is sentence {number}.")
            late = await at.join("en", lastSequence=0)
            await late.expect("caption", sequence=60)
            assert late.sequences() == list(range(11, 61))

    asyncio.run(scenario())


def test_who_comes_back_in_the_middle_of_a_talk_misses_nothing(stage: Stage) -> None:
    async def scenario() -> None:
        async with talk(stage) as at, endless_speech(at):
            listener = await at.join("en")
            last = (await listener.expect("caption"))["sequence"]
            for _ in range(RETURNS):
                listener.cut()
                listener = await at.join("en", lastSequence=last)
                wanted = range(last + 1, at.sequence + 3)
                await hear_until(listener, wanted[-1])
                while missing := set(wanted) - set(listener.sequences()):
                    late_by = (await listener.expect("caption"))["sequence"] - wanted[-1]
                    assert late_by < TOO_LATE, f"{missing} of {wanted} never came"
                last = wanted[-1]

    asyncio.run(scenario())


def test_what_was_missed_comes_before_anything_new_also_while_somebody_speaks(
    stage: Stage,
) -> None:
    async def scenario() -> None:
        async with talk(stage) as at, endless_speech(at):
            for _ in range(RETURNS):
                listener = await at.enter(targetLanguage="en", lastSequence=1)
                await hear_until(listener, at.sequence + 3)
                kinds = [message["type"] for message in listener.received]
                assert kinds == ["joined", *["caption"] * (len(kinds) - 1)]
                sequences = listener.sequences()
                assert sequences == list(range(sequences[0], sequences[-1] + 1))
                listener.cut()

    asyncio.run(scenario())


@asynccontextmanager
async def endless_speech(to: Talk) -> AsyncIterator[None]:
    """Somebody speaks as fast as reports come, until the block is left."""
    enough = asyncio.Event()

    async def speak() -> None:
        speaker = await to.join_speaker()
        while not enough.is_set():
            await to.say(speaker, f"This is sentence {to.sequence + 1}.")

    speaking = asyncio.create_task(speak())
    try:
        yield
    finally:
        enough.set()
        await speaking


async def hear_until(listener: Client, sequence: int) -> None:
    """Receives until that caption, or a later one, has come."""
    while not listener.received or listener.received[-1].get("sequence", 0) < sequence:
        await listener.receive()
