"""The main job on a real stage: who joins is counted, what is said is heard once and in order."""

import asyncio
from collections import Counter

from infra.local.say import SAMPLE, read_text, split_sentences
from tests.integration.client import TRIES, Stage, talk
from tests.integration.test_transcripts import transcript

SPEECH = split_sentences(read_text(str(SAMPLE)), "en")


def test_every_listener_of_every_language_gets_every_sentence_once_and_in_order(
    stage: Stage, languages: list[str]
) -> None:
    async def scenario() -> None:
        async with talk(stage) as at:
            speaker = await at.join_speaker()
            listeners = await at.join_all(languages * 2)
            numbers = []
            for sentence in SPEECH:
                report = await at.say_translated(speaker, sentence)
                numbers.append(at.sequence)
                assert {code: each["delivered"] for code, each in report["languages"].items()} == (
                    dict.fromkeys(languages, 2)
                )
            for listener, language in zip(listeners, languages * 2, strict=True):
                await listener.settle()
                captions = listener.of("caption")
                heard = listener.sequences()
                assert heard == sorted(set(heard))
                assert {caption["language"] for caption in captions} == {language}
                assert {caption["sessionId"] for caption in captions} == {at.session.session_id}
                translated = [caption for caption in captions if caption["sequence"] in numbers]
                assert len(translated) == len(SPEECH)
                assert not any("untranslated" in caption for caption in translated)
                assert all(
                    caption["text"] != sentence
                    for caption, sentence in zip(translated, SPEECH, strict=True)
                )
            assert speaker.of("error") == []

    asyncio.run(scenario())


def test_listeners_of_one_language_read_the_same_and_others_something_else(
    stage: Stage, languages: list[str]
) -> None:
    async def scenario() -> None:
        async with talk(stage) as at:
            speaker = await at.join_speaker()
            listeners = await at.join_all([*languages, "pt", "en"])
            await at.say_translated(speaker, SPEECH[4])
            captions = [
                await listener.expect("caption", sequence=at.sequence) for listener in listeners
            ]
            texts = {caption["language"]: caption["text"] for caption in captions}
            assert len(set(texts.values())) == len(languages) + 1
            assert captions[-2] == captions[languages.index("pt")]
            assert texts["en"] == SPEECH[4]

    asyncio.run(scenario())


def test_a_sentence_in_another_language_is_read_corrected_and_kept_in_it(stage: Stage) -> None:
    """Readers of that language get its own words, and the session's own readers a translation."""

    async def scenario() -> None:
        async with talk(stage) as at:
            speaker = await at.join_speaker()
            spanish, english, portuguese = await at.join_all(["es", "en", "pt"])
            await at.say(speaker, "Good evening to all of you.")
            said = "Buenas noches a todos ustedes."
            report = await at.say_translated(speaker, said, sourceLanguage="es-MX")
            assert set(report["languages"]) == {"en", "es", "pt"}
            captions = [
                await each.expect("caption", sequence=at.sequence)
                for each in (spanish, english, portuguese)
            ]
            assert {each["sourceLanguage"] for each in captions} == {"es"}
            assert captions[0]["text"] == said
            assert len({each["text"] for each in captions}) == 3
            assert "night" in captions[1]["text"] or "evening" in captions[1]["text"]

            corrected = "Buenos días a todos ustedes."
            await at.correct(speaker, at.sequence, corrected)
            told = await spanish.expect("caption", sequence=at.sequence, revision=1)
            assert told["text"] == corrected
            told = await english.expect("caption", sequence=at.sequence, revision=1)
            assert told["sourceLanguage"] == "es"

            late = await at.join("es")
            told = await late.expect("caption", sequence=at.sequence)
            assert told["text"] == corrected
            kept = await asyncio.to_thread(transcript, stage, at.session, language="es")
            assert corrected in kept.body.decode()

            number = at.sequence + 1
            await speaker.send("speak", sequence=number, text="Hello", sourceLanguage="xx")
            refused = await speaker.expect("error", code="UNSUPPORTED_LANGUAGE")
            assert refused["details"]["sequence"] == number
            await at.say(speaker, "Thank you all.")
            await english.expect("caption", sequence=number)

    asyncio.run(scenario())


def test_what_was_said_before_comes_from_the_cache(stage: Stage, languages: list[str]) -> None:
    async def scenario() -> None:
        async with talk(stage) as at:
            speaker = await at.join_speaker()
            listeners = await at.join_all(languages)
            sentence = "Nobody in this hall has said this sentence before me."
            first = await at.say(speaker, sentence)
            assert not any(each["cached"] for each in first["languages"].values())
            # The cache is written after the report: it may take a try more until all is there.
            again = first
            for _ in range(TRIES):
                again = await at.say(speaker, f"  {sentence} ")
                if all(each["cached"] for each in again["languages"].values()):
                    break
            assert {code: each["cached"] for code, each in again["languages"].items()} == (
                dict.fromkeys(languages, True)
            )
            for listener in listeners:
                await listener.settle()
                captions = listener.of("caption")
                texts = {each["text"] for each in captions if "untranslated" not in each}
                assert len(texts) == 1

    asyncio.run(scenario())


def test_a_report_counts_each_language_by_itself(stage: Stage, languages: list[str]) -> None:
    async def scenario() -> None:
        async with talk(stage) as at:
            speaker = await at.join_speaker()
            wanted = [code for n, code in enumerate(languages, start=1) for _ in range(n)]
            await at.join_all(wanted)
            report = await at.say(speaker, SPEECH[3])
            assert report["durationMs"] >= 0
            for code, listeners in Counter(wanted).items():
                counts = report["languages"][code]
                assert counts.pop("cached") in (True, False)
                counts.pop("failed", None)  # the machine may be too slow for a translation
                assert counts == {
                    "listeners": listeners,
                    "delivered": listeners,
                    "gone": 0,
                    "dropped": 0,
                }

    asyncio.run(scenario())


def test_without_listeners_a_sentence_is_reported_and_costs_no_language(stage: Stage) -> None:
    async def scenario() -> None:
        async with talk(stage) as at:
            speaker = await at.join_speaker()
            assert (await at.say(speaker, SPEECH[0]))["languages"] == {}

    asyncio.run(scenario())


def test_a_change_of_language_moves_the_roster_and_the_next_caption(stage: Stage) -> None:
    async def scenario() -> None:
        async with talk(stage) as at:
            speaker = await at.join_speaker()
            mover, stayer = await at.join_all(["en", "en"])
            await speaker.expect("roster", listenerCount=2, languages={"en": 2})
            await mover.send("changeLanguage", targetLanguage="PT")
            await speaker.expect("roster", listenerCount=2, languages={"en": 1, "pt": 1})
            assert stage.counts(at.session) == (2, {"en": 1, "pt": 1})
            await at.say(speaker, SPEECH[3])
            assert (await mover.expect("caption"))["language"] == "pt"
            assert (await stayer.expect("caption"))["language"] == "en"
            await mover.send("changeLanguage", targetLanguage="en")
            await speaker.expect("roster", listenerCount=2, languages={"en": 2})
            await at.say(speaker, SPEECH[4])
            assert (await mover.expect("caption"))["language"] == "en"
            assert mover.sequences() == [1, 2]

    asyncio.run(scenario())


def test_changing_to_ones_own_language_changes_nothing(stage: Stage) -> None:
    async def scenario() -> None:
        async with talk(stage) as at:
            speaker = await at.join_speaker()
            listener = await at.join("pt")
            await listener.send("changeLanguage", targetLanguage="pt")
            await listener.settle()
            await at.say(speaker, SPEECH[3])
            await listener.settle()
            assert listener.of("error") == []
            assert listener.sequences() == [1]
            assert stage.counts(at.session) == (1, {"pt": 1})

    asyncio.run(scenario())


def test_sentences_sent_without_waiting_are_heard_in_order(stage: Stage) -> None:
    async def scenario() -> None:
        async with talk(stage) as at:
            speaker = await at.join_speaker()
            listener = await at.join("pt")
            for sequence, sentence in enumerate(SPEECH, start=1):
                await speaker.send("speak", sequence=sequence, text=sentence)
            await speaker.expect("spoken", sequence=len(SPEECH))
            await listener.settle()
            assert listener.sequences() == list(range(1, len(SPEECH) + 1))

    asyncio.run(scenario())


def test_whoever_changes_language_while_sentences_come_misses_none(stage: Stage) -> None:
    asyncio.run(change_and_change_again(stage))


async def change_and_change_again(stage: Stage) -> None:
    """Moves fall into every moment of a sentence's way: no pause is as long as another."""
    async with talk(stage) as at:
        speaker = await at.join_speaker()
        movers = await at.join_all(["pt", "en"] * 5)
        for number in range(TRIES):
            language = ("en", "pt")[number % 2]
            for mover in movers:
                await mover.send("changeLanguage", targetLanguage=language)
            await asyncio.sleep(number * 0.003)
            await at.say(speaker, SPEECH[number % 3])
        for mover in movers:
            await mover.settle()
            assert mover.sequences() == list(range(1, TRIES + 1))
