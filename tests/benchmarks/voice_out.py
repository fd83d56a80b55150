"""Voice out, from the caption to its sound: `.venv/bin/python tests/benchmarks/voice_out.py`.

A whole stage with its voices and 200 listeners share this machine. Two sentences, one in 1.5 s,
go in turn to a hall of a hundred who read and to one of a hundred of whom thirty hear: so
captions with and without voices are of the same minutes. Then a page in Chromium hears a fast talk,
sixty sentences in ninety seconds, and a recogniser listens to what is heard. Ten minutes;
`--rounds hall` leaves out the rest, `--sentences 20` is quicker.
"""

import argparse
import asyncio
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # run as a script, from anywhere

from infra.local.dictation.word_errors import WordErrors
from infra.local.listening.voice_listeners import VoiceListener, voice_listeners
from infra.local.stage_client import Api
from tests.benchmarks.counted_polly import Syntheses, counted_stage
from tests.benchmarks.ears import EarsMissing, word_errors
from tests.benchmarks.results import RESULTS, Figure, percentile, report
from tests.benchmarks.voice_hall import Hall, hall
from tests.benchmarks.voice_player import measure_player
from tests.integration.client import Stage, talk
from tests.speech.recording import TALK, turns_of

LANGUAGES = ("es", "pt", "fr")
LISTENERS, VOICES = 100, 30
BLOCK = 2
"""Sentences said to one hall before it is the other's turn: what else runs here meets both."""

SENTENCES = 100
HEARD_SENTENCES = 15
PACE_SECONDS = 1.5
ROUNDS = ("hall", "player", "heard")
WORD_ERRORS_PERCENT = {"en": 5.0, "es": 10.0}
OPENING = "Good morning, and a warm welcome to everybody in row"


def texts_of(language: str) -> list[str]:
    """Sentences that were written in that language."""
    path = TALK.with_name(f"spoken-{language}.txt")
    return sentences() if language == "en" else path.read_text(encoding="utf-8").splitlines()


def sentences() -> list[str]:
    """The talk of the voice-in benchmark, sentence by sentence."""
    return [sentence for turn in turns_of() for sentence in turn]


async def measure_hall(stage: Stage, polly: Syntheses, count: int, results: Path) -> None:
    """Captions with and without voices, and the sounds behind them."""
    texts = sentences()[:count]
    async with (
        hall(stage, LANGUAGES, LISTENERS, 0) as readers,
        hall(stage, LANGUAGES, LISTENERS, VOICES) as hearers,
    ):
        for each in (readers, hearers):  # the engines and the voices are loaded
            await each.warm_up(OPENING)
        before, said = len(polly.texts()), texts[:1]
        for number, start in enumerate(range(0, len(texts), BLOCK)):
            # In the order A B B A A B B A ..., so that neither is always the later one.
            now = readers if number % 4 in (0, 3) else hearers
            block = texts[start : start + BLOCK]
            await now.speak(block, PACE_SECONDS)
            said = block if now is hearers else said
        made = polly.texts()[before:]
        report(_caption_figures(readers, hearers), results)
        report(_speech_figures(hearers, made), results)
        report([await _said_again(hearers, said[-1], polly)], results)


def _caption_figures(readers: Hall, hearers: Hall) -> Iterator[Figure]:
    without, beside = readers.caption_seconds(), hearers.caption_seconds()
    for share in (0.5, 0.95):
        about = f"voice out: sentence to caption, p{round(100 * share)}"
        alone, together = percentile(without, share), percentile(beside, share)
        yield Figure(f"{about}, nobody hears", alone, "s")
        yield Figure(f"{about}, {VOICES} of {LISTENERS} hear", together, "s")
        note = f"{together:.3f} s to {alone:.3f} s"
        # The slowest twentieth is that of the machine: it is shown, and only the median is held.
        target = 1.1 if share == 0.5 else None
        yield Figure(f"{about}, with to without voices", together / alone, "x", target, note=note)


def _speech_figures(hearers: Hall, made: Sequence[str]) -> Iterator[Figure]:
    seconds = hearers.speech_seconds()
    yield Figure("voice out: caption to speech, p50", percentile(seconds, 0.5), "s", 0.4)
    yield Figure("voice out: caption to speech, p95", percentile(seconds, 0.95), "s", 1.0)
    yield Figure("voice out: speeches missing", hearers.missing(), "speeches", 0)
    asked = len(hearers.said) * len(LANGUAGES)
    name = f"voice out: syntheses for each sentence and language, {VOICES} hear"
    twice = len(made) - len(set(made))
    note = f"{len(made)} of {asked}, {twice} of a text that was made before"
    yield Figure(name, len(made) / asked, "", 1.0, note=note)


async def _said_again(hearers: Hall, text: str, polly: Syntheses) -> Figure:
    before = len(polly.texts())
    hearers.forget()
    await hearers.speak([text], PACE_SECONDS)
    made = len(polly.texts()) - before
    note = "" if not hearers.missing() else "and it was not heard"
    return Figure("voice out: syntheses for a sentence said again", made, "", 0, note=note)


async def measure_heard(stage: Stage, count: int, words: bool, results: Path) -> None:
    """What a recogniser understands of each voice; `words` prints what it does not.

    Of what was written in the voice's language, and of what the offline engine makes of English:
    there the recogniser also corrects what is not said well.
    """
    voices = await Api(stage.http).voices()
    for language in (each for each in ("en", *LANGUAGES) if each in voices):
        name = f"word error rate of what is heard, {language} ({voices[language]})"
        heard = await _heard(stage, language, language, texts_of(language)[:count])
        found = await asyncio.to_thread(_heard_figure, name, heard, words)
        report([replace(found, target=WORD_ERRORS_PERCENT.get(language))], results)
    for language in (each for each in LANGUAGES if each in voices):
        name = f"the same of translated captions, {language}"
        heard = await _heard(stage, "en", language, sentences()[:count])
        report([await asyncio.to_thread(_heard_figure, name, heard, words)], results)


async def _heard(stage: Stage, source: str, language: str, texts: Sequence[str]) -> VoiceListener:
    """One who has listened to all of it, sentence by sentence."""
    async with talk(stage, source) as at:
        speaker = await at.join_speaker()
        session = {"sessionId": at.session.session_id, "webSocketUrl": at.session.url}
        async with voice_listeners(session, [language]) as joined:
            for text in texts:
                await at.say(speaker, text)
                await joined.hear_out(at.sequence)
    return joined.listeners[0]


def _heard_figure(name: str, listener: VoiceListener, words: bool) -> Figure:
    total = WordErrors(0, 0, 0, 0)
    for text, heard, errors in word_errors(listener.texts, listener.encoded, listener.language):
        total = total + errors
        if words and errors.rate:
            print(f"  {listener.language} said  {text}\n     heard {heard}", flush=True)
    silent = len(listener.texts) - len({sequence for sequence, _ in listener.encoded})
    note = f"of {total.said} words" + (f"; {silent} sentences without a sound" if silent else "")
    return Figure(f"voice out: {name}", 100 * total.rate, "%", note=note)


def measure(stage: Stage, polly: Syntheses, options: argparse.Namespace) -> None:
    """The rounds that were chosen, on one stage."""
    results = options.results
    if "hall" in options.rounds:
        asyncio.run(measure_hall(stage, polly, options.sentences, results))
    if "player" in options.rounds:
        report(measure_player(stage, LANGUAGES[0], options.sentences), results)
    if "heard" in options.rounds:
        count = min(options.sentences, HEARD_SENTENCES)
        try:
            asyncio.run(measure_heard(stage, count, options.words, results))
        except EarsMissing as missing:
            print(f"voice out: not measured: {missing}")


def main() -> None:
    """Measures, prints and appends."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", nargs="*", choices=ROUNDS, default=ROUNDS)
    parser.add_argument("--sentences", type=int, default=SENTENCES, help="said to both halls")
    parser.add_argument("--words", action="store_true", help="print what is heard wrongly")
    parser.add_argument("--results", type=Path, default=RESULTS)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        log = Path(directory) / "stage.log"
        with counted_stage(log, "--data-dir", directory) as (stage, polly):
            measure(stage, polly, options)


if __name__ == "__main__":
    main()
