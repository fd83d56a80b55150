"""Who wants to hear a language: asked, changed, counted exactly and told."""

import asyncio
import random
from collections import Counter
from functools import partial

from tests.integration.client import Client, Stage, Talk, eventually, talk

CROWD, CHURNS = 40, 4
LANGUAGES = ("en", "pt")


def told(stage: Stage, at: Talk) -> tuple[int, object, object]:
    """What `GET /sessions/{id}` tells of the counts."""
    state = stage.state(at.session)
    return state["listenerCount"], state["languages"], state["voices"]


def test_a_wish_is_asked_in_the_handshake_changed_and_told(stage: Stage) -> None:
    async def scenario() -> None:
        async with talk(stage) as at:
            speaker = await at.join_speaker()
            reader = await at.join("pt", voice="false")
            await speaker.expect("roster", languages={"pt": 1}, voices={})
            hearer = await at.join("pt", voice="true")
            await speaker.expect("roster", languages={"pt": 2}, voices={"pt": 1})
            await reader.send("changeLanguage", targetLanguage="pt", voice=True)
            await speaker.expect("roster", languages={"pt": 2}, voices={"pt": 2})
            await hearer.send("changeLanguage", targetLanguage="en")
            await speaker.expect("roster", languages={"en": 1, "pt": 1}, voices={"en": 1, "pt": 1})
            assert told(stage, at) == (2, {"en": 1, "pt": 1}, {"en": 1, "pt": 1})
            await hearer.send("status")
            assert (await hearer.expect("sessionStatus"))["voices"] == {"en": 1, "pt": 1}
            await hearer.send("changeLanguage", targetLanguage="en", voice=False)
            await speaker.expect("roster", languages={"en": 1, "pt": 1}, voices={"pt": 1})
            await reader.socket.close()
            await speaker.expect("roster", languages={"en": 1}, voices={})
            assert told(stage, at) == (1, {"en": 1}, {})

    asyncio.run(scenario())


def test_who_comes_back_or_late_is_counted_with_its_wish(stage: Stage) -> None:
    async def scenario() -> None:
        async with talk(stage) as at:
            speaker = await at.join_speaker()
            await at.say(speaker, "Good evening.")
            late = await at.join("pt", voice="true")
            await eventually(lambda: told(stage, at), (1, {"pt": 1}, {"pt": 1}))
            await late.socket.close()
            await eventually(lambda: told(stage, at), (0, {}, {}))
            await at.join("pt", lastSequence=0, voice="true")
            await at.join("pt", lastSequence=1)
            await eventually(lambda: told(stage, at), (2, {"pt": 2}, {"pt": 1}))

    asyncio.run(scenario())


def test_counts_of_voices_are_exact_after_any_churn(stage: Stage) -> None:
    """Everybody moves, wishes or leaves at the same time as everybody else."""
    chance = random.Random(19)

    async def changed(client: Client, language: str) -> tuple[str, bool]:
        wish = chance.random() < 0.5
        await client.send("changeLanguage", targetLanguage=language, voice=wish)
        return language, wish

    async def scenario() -> None:
        async with talk(stage) as at:
            await at.join_speaker()
            told_by = partial(told, stage, at)
            joining = [
                at.join(LANGUAGES[n % 2], voice="true" if n % 3 else "false") for n in range(CROWD)
            ]
            crowd = await asyncio.gather(*joining)
            for _ in range(CHURNS):
                leaving, crowd = crowd[:3], crowd[3:]
                moved = asyncio.gather(*(changed(each, chance.choice(LANGUAGES)) for each in crowd))
                await asyncio.gather(*(each.socket.close() for each in leaving))
                wishes = await moved
                languages = Counter(language for language, _ in wishes)
                voices = Counter(language for language, wish in wishes if wish)
                await eventually(told_by, (len(crowd), dict(languages), dict(voices)))

    asyncio.run(scenario())
