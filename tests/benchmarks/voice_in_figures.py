"""What a round and the soak of `voice_in.py` show, as figures beside their targets."""

from collections.abc import Iterator
from statistics import median

from infra.local.dictation.erasure import normalised_erasure
from infra.local.dictation.spoken_words import spoken_words
from infra.local.dictation.talk_record import TalkRecord
from infra.local.dictation.word_errors import count_errors
from tests.benchmarks.results import Figure, percentile
from tests.benchmarks.soak_memory import Memory
from tests.speech.recording import Recording
from tests.speech.truth import caption_latencies, first_draft_latencies

SOURCE = "en"
WORD_ERRORS_PERCENT = {"clean": 8.0, "noise": 15.0}


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
            # The emulator holds the tables, which grow with every sentence.
            target = None if process == "dynamodb" else 5
            about = f"{name}: memory gained, {process}"
            yield Figure(about, growth.percent, "%", target, note=note)
