"""Voice in, from sound to captions: `.venv/bin/python tests/benchmarks/voice_in.py`.

A whole stage with its recogniser, the page's own modules under deno, and 21 listeners share this
machine. A recording of two offline voices plays in real time, clean and with noise 15 dB below the
speech; then come a minute of silence and a minute of noise. 17 minutes; `--soak 20` speaks for
20 minutes more without a pause, and `--rounds noise` leaves out the other rounds.
"""

import argparse
import asyncio
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # run as a script, from anywhere

from infra.local.dictation.dictated_talk import DictatedTalk
from infra.local.dictation.page_recogniser import permitted_recogniser
from infra.local.dictation.talk_record import TalkRecord
from infra.local.stage_client import Api, talk
from tests.benchmarks.results import RESULTS, Figure, report
from tests.benchmarks.soak_memory import Memory
from tests.benchmarks.voice_in_figures import SOURCE, figures, missing, soak_figures
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
from tests.speech.truth import caption_latencies

LISTENERS, LANGUAGES = 20, 3
ROUNDS = ("clean", "noise", "empty")
NOISE_DECIBELS = 15.0
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


async def measure_rounds(
    stage: Stage, languages: Sequence[str], rounds: Sequence[str], results: Path
) -> None:
    """The recording clean and with noise, then nothing that anybody says; of these, `rounds`."""
    clean = record(turns_of())
    noisy = clean.with_noise(pink_noise, NOISE_DECIBELS)
    spoken = {"clean": clean, "noise": noisy}
    for kind, recording in spoken.items():
        if kind not in rounds:
            continue
        name = f"voice in, {kind}"
        happened = await dictate(stage, recording, languages)
        report(figures(name, recording, happened), results)
        report([missing(name, happened, len(languages))], results)
    empty = empty_minutes(noisy) if "empty" in rounds else {}
    for kind, recording in empty.items():
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
    name = "voice in, no pause"
    # What is held to a target here is that nothing grows: without a pause a sentence ends later.
    unheld = (
        replace(each, target=None, at_least=None) for each in figures(name, recording, happened)
    )
    report(unheld, results)
    report([missing(name, happened, len(languages))], results)
    report(soak_figures(name, recording, happened, memory), results)


async def _watch(memory: Memory) -> None:
    while True:
        await asyncio.to_thread(memory.look, time.monotonic())
        await asyncio.sleep(LOOK_SECONDS)


async def measure(stage: Stage, rounds: Sequence[str], soak_minutes: float, results: Path) -> None:
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
    await measure_rounds(stage, languages, rounds, results)
    if soak_minutes:
        await measure_soak(stage, languages, soak_minutes, results)


def main() -> None:
    """Measures, prints and appends."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", nargs="*", choices=ROUNDS, default=ROUNDS)
    parser.add_argument("--soak", type=float, default=0, metavar="MINUTES", help="without a pause")
    parser.add_argument("--results", type=Path, default=RESULTS)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        log = Path(directory) / "stage.log"
        with running_stage(log, "--data-dir", directory) as stage:
            asyncio.run(measure(stage, options.rounds, options.soak, options.results))


if __name__ == "__main__":
    main()
