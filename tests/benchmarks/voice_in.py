"""Voice in, from sound to captions: `.venv/bin/python tests/benchmarks/voice_in.py`.

A whole stage with its recogniser, the page's own modules under deno, and 21 listeners share this
machine. A recording of two offline voices plays in real time, clean and with noise 15 dB below the
speech; then come a minute of silence and a minute of noise. 17 minutes; `--soak 20` speaks for
20 minutes more without a pause.
"""

import argparse
import asyncio
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # run as a script, from anywhere

from infra.local.dictation.dictated_talk import DictatedTalk
from infra.local.dictation.erasure import normalised_erasure
from infra.local.dictation.page_recogniser import permitted_recogniser
from infra.local.dictation.spoken_words import spoken_words
from infra.local.dictation.talk_record import TalkRecord
from infra.local.dictation.word_errors import count_errors
from infra.local.stage_client import Api, talk
from tests.benchmarks.results import RESULTS, Figure, percentile, report
from tests.benchmarks.soak_memory import Memory
from tests.integration.client import Stage, running_stage
from tests.speech.recording import (
    BREATHLESS,
    Recording,
    pink_noise,
    record,
    repeated,
    silence,
    turns_of,
)
from tests.speech.truth import caption_latencies, first_draft_latencies

LISTENERS, LANGUAGES = 20, 3
SOURCE = "en"
NOISE_DECIBELS = 15.0
WORD_ERRORS_PERCENT = {"clean": 8.0, "noise": 15.0}
MINUTE = 60.0
WARM_SECONDS = 60.0
LOOK_SECONDS = 2.0


async def dictate(stage: Stage, recording: Recording, languages: Sequence[str]) -> TalkRecord:
    """Plays a recording to a session of its own, with a listener of each of these languages."""
    api = Api(stage.http)
    session = await api.open_session(SOURCE)
    happened = TalkRecord()
    try:
        async with (
            talk(session, languages) as people,
            permitted_recogniser(api, session) as recogniser,
        ):
            dictated = DictatedTalk(people.speaker, people.listeners, happened)
            await dictated.run(recogniser, recording.pcm())
    finally:
        await api.end_session(session)
    return happened


def figures(name: str, recording: Recording, happened: TalkRecord) -> Iterator[Figure]:
    """Everything that a round shows."""
    found = caption_latencies(recording.sentences, happened, SOURCE)
    for language, seconds in found.items():
        about = f"{name}: sound's end to the caption, {language}"
        yield Figure(f"{about}, p50", percentile(seconds, 0.5), "s", 2.0)
        yield Figure(f"{about}, p95", percentile(seconds, 0.95), "s", 4.0)
    drafts = list(first_draft_latencies(recording.sentences, happened, SOURCE))
    if drafts:
        about = f"{name}: first word to the first draft, p50"
        yield Figure(about, percentile(drafts, 0.5), "s", 2.0)
    yield from word_figures(name, recording, happened)
    erasure = normalised_erasure(happened.shown())
    yield Figure(f"{name}: normalised erasure of drafts", erasure, "", 0.25)
    yield Figure(f"{name}: captions that changed", changed(happened), "captions", 0)


def word_figures(name: str, recording: Recording, happened: TalkRecord) -> Iterator[Figure]:
    """How right the words are, and how many a caption has."""
    errors = count_errors(spoken_words(recording.text, SOURCE), spoken_words(happened.text, SOURCE))
    allowed = WORD_ERRORS_PERCENT.get(name.rpartition(", ")[2])
    about = f"{name}: word error rate"
    yield Figure(about, 100 * errors.rate, "%", allowed, note=f"of {errors.said} words")
    lengths = [len(sentence.text.split()) for sentence in happened.said]
    if lengths:
        short = sum(length <= 2 for length in lengths)
        yield Figure(
            f"{name}: words of a caption, median", median(lengths), "words", 20, at_least=6
        )
        yield Figure(f"{name}: captions of one or two words", 100 * short / len(lengths), "%", 5)
        yield Figure(f"{name}: words of the longest caption", max(lengths), "words", 30)


def changed(happened: TalkRecord) -> int:
    """Captions that a listener got with one text and then with another."""
    texts: dict[tuple[str, int], set[str]] = {}
    for caption in happened.captions:
        texts.setdefault((caption.language, caption.sequence), set()).add(caption.text)
    return sum(len(each) > 1 for each in texts.values())


def missing(name: str, happened: TalkRecord, listeners: int) -> Figure:
    """Captions that somebody did not get."""
    lost = listeners * len(happened.said) - len(happened.captions)
    return Figure(f"{name}: captions missing", lost, "captions", 0)


async def measure_rounds(stage: Stage, languages: Sequence[str], results: Path) -> None:
    """The recording clean and with noise, then nothing that anybody says."""
    clean = record(turns_of())
    noisy = clean.with_noise(pink_noise, NOISE_DECIBELS)
    for kind, recording in (("clean", clean), ("noise", noisy)):
        name = f"voice in, {kind}"
        happened = await dictate(stage, recording, languages)
        report(figures(name, recording, happened), results)
        report([missing(name, happened, len(languages))], results)
    for kind, recording in empty_minutes(noisy).items():
        happened = await dictate(stage, recording, [SOURCE])
        about = f"voice in, a minute of {kind}: captions"
        report([Figure(about, len(happened.said), "captions", 0, note=happened.text)], results)


def empty_minutes(noisy: Recording) -> Mapping[str, Recording]:
    """Silence, and the noise of the second round."""
    still = silence(MINUTE)
    before_the_first_word = noisy.sound[: noisy.sentences[0].start_ms * 16]
    loudness = float((before_the_first_word**2).mean() ** 0.5)
    noise = loudness * pink_noise(len(still), seed=2)
    return {
        "silence": Recording(still, []),
        "noise": Recording(noise.astype(still.dtype), []),
    }


async def measure_soak(
    stage: Stage, languages: Sequence[str], minutes: float, results: Path
) -> None:
    """Speech without a pause: whether latency or memory grows."""
    recording = repeated(turns_of(), BREATHLESS, MINUTE * minutes)
    memory = Memory(stage.pid or 0, WARM_SECONDS)
    watching = asyncio.create_task(_watch(memory))
    try:
        happened = await dictate(stage, recording, languages)
    finally:
        watching.cancel()
        with suppress(asyncio.CancelledError):
            await watching
    name = f"voice in, {minutes:g} minutes without a pause"
    report(figures(name, recording, happened), results)
    report([missing(name, happened, len(languages))], results)
    report(soak_figures(name, recording, happened, memory), results)


async def _watch(memory: Memory) -> None:
    while True:
        await asyncio.to_thread(memory.look, time.monotonic())
        await asyncio.sleep(LOOK_SECONDS)


def soak_figures(
    name: str, recording: Recording, happened: TalkRecord, memory: Memory
) -> Iterator[Figure]:
    """What the last quarter has more than the first."""
    spoken = recording.sentences
    quarter = len(spoken) // 4
    first, last = (
        median(
            value
            for values in caption_latencies(spoken, happened, SOURCE, part).values()
            for value in values
        )
        for part in (slice(quarter), slice(-quarter, None))
    )
    note = f"from {first:.2f} to {last:.2f} s"
    yield Figure(f"{name}: latency gained", 100 * (last / first - 1), "%", 10, note=note)
    for process in memory.names:
        growth = memory.growth(process)
        if growth is not None:
            note = f"of {growth.first / 2**20:.0f} MB"
            yield Figure(f"{name}: memory gained, {process}", growth.percent, "%", 5, note=note)


async def measure(stage: Stage, soak_minutes: float, results: Path) -> None:
    """Warms the recogniser and the engines, and measures."""
    offered = [code for code in stage.languages() if code != SOURCE][:LANGUAGES]
    languages = [*(offered[n % len(offered)] for n in range(LISTENERS)), SOURCE]
    opening = record([turns_of()[0][:2]])
    happened = await dictate(stage, opening, languages)
    latencies = caption_latencies(opening.sentences, happened, SOURCE)
    slowest = max(value for values in latencies.values() for value in values)
    report(
        [Figure("voice in, the first two sentences of a new stage: slowest", slowest, "s")], results
    )
    await measure_rounds(stage, languages, results)
    if soak_minutes:
        await measure_soak(stage, languages, soak_minutes, results)


def main() -> None:
    """Measures, prints and appends."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--soak", type=float, default=0, metavar="MINUTES", help="without a pause")
    parser.add_argument("--results", type=Path, default=RESULTS)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        log = Path(directory) / "stage.log"
        with running_stage(log, "--data-dir", directory) as stage:
            asyncio.run(measure(stage, options.soak, options.results))


if __name__ == "__main__":
    main()
