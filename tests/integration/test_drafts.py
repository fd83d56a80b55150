"""Words that are not a sentence yet: readers of the speaker's language see them, nobody else."""

import asyncio

from tests.integration.client import Client, Stage, talk


async def _draft(speaker: Client, sequence: int, text: str) -> None:
    await speaker.send("draft", sequence=sequence, text=text)


def test_a_reader_of_the_speaker_s_language_sees_the_words_before_the_sentence(
    stage: Stage,
) -> None:
    async def scenario() -> None:
        async with talk(stage) as at:
            speaker = await at.join_speaker()
            reader = await at.join("en")
            await _draft(speaker, 1, "Good")
            await _draft(speaker, 1, "Good morning")
            await at.say(speaker, "Good morning.")
            await reader.expect("caption", sequence=1)
            came = [each for each in reader.received if each["type"] in ("draft", "caption")]
            assert [each["text"] for each in came] == ["Good", "Good morning", "Good morning."]
            assert came[0] == {"type": "draft", "sequence": 1, "language": "en", "text": "Good"}

    asyncio.run(scenario())
