"""When which words are on the screen: a transcript as cues, for every format of subtitles."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise, zip_longest
from typing import Final

from chalice_app.transcripts.line_breaks import LaidOut, Limits, limits_of, split
from chalice_app.transcripts.transcript import Transcript, TranscriptLine
from chalice_app.transcripts.words import cleaned, columns

SHORTEST_MS: Final = 834
"""Of a cue: five sixths of a second. Where sentences come faster than that, as prepared ones may,
cues come later than their words until a pause, and none is lost."""

LONGEST_MS: Final = 7_000
"""Of a cue whose words do not need longer to be read. Source of both:
https://partnerhelp.netflixstudios.com/hc/en-us/articles/215758617-Timed-Text-Style-Guide-General-Requirements
"""


@dataclass(frozen=True, slots=True)
class Cue:
    """Words on the screen, in milliseconds from the talk's first word.

    `lines` has one or two lines of each language, in the transcript's order; a language that has
    nothing here is left out. `languages` are those that the words are in: a language that the
    sentence was not translated to has the original's.
    """

    start_ms: int
    end_ms: int
    sequence: int
    lines: Mapping[str, tuple[str, ...]]
    languages: Mapping[str, str]


def begins_at(line: TranscriptLine) -> int:
    """When a sentence begins, in epoch milliseconds.

    A typed one begins when it was sent: that is when the hall could read it. Whoever typed what was
    said before shifts the subtitles in an editor.
    """
    return line.spoken_at if line.began_at is None else line.began_at


def written_in(transcript: Transcript, line: TranscriptLine, language: str) -> str:
    """The language of the words that stand for a language's."""
    if language not in line.untranslated:
        return language
    return line.source_language or transcript.source_language


def in_order(lines: Iterable[TranscriptLine]) -> Sequence[TranscriptLine]:
    """As they were spoken; those of the same moment by their numbers."""
    return sorted(lines, key=lambda line: (begins_at(line), line.sequence))


def cues(transcript: Transcript) -> Iterator[Cue]:
    """The cues in the order of time: none overlaps another, none is empty.

    A cue begins with its words. It lasts as long as they sounded and as a reader needs, but not
    beyond the next one's beginning: in a fast talk reading speed gives way. A sentence of several
    cues shares its time among them by length.
    """
    lines = in_order(transcript.lines)
    origin = begins_at(lines[0]) if lines else 0
    free_at = 0
    for line, following in zip_longest(lines, lines[1:]):
        languages = {each: written_in(transcript, line, each) for each in transcript.languages}
        limits = {each: limits_of(theirs) for each, theirs in languages.items()}
        blocks = list(_blocks(line, limits))
        if not blocks:
            continue
        start = max(begins_at(line) - origin, free_at)
        until = None if following is None else begins_at(following) - origin
        lengths = [max(SHORTEST_MS, _reading_ms(block, limits)) for block in blocks]
        wanted = max(sum(lengths), min(_spoken_ms(line), LONGEST_MS * len(blocks)))
        room = wanted if until is None else min(wanted, until - start)
        times = _shared(start, max(room, SHORTEST_MS * len(blocks)), lengths)
        for block, (begin, end) in zip(blocks, pairwise(times), strict=True):
            yield Cue(begin, end, line.sequence, block, languages)
        free_at = times[-1]


def _blocks(
    line: TranscriptLine, limits: Mapping[str, Limits]
) -> Iterator[Mapping[str, tuple[str, ...]]]:
    """A sentence's cues: the lines of each language."""
    texts = {language: cleaned(line.texts.get(language, "")) for language in limits}
    laid_out = [LaidOut(text, limits[language]) for language, text in texts.items()]
    for block in split(laid_out):
        yield {language: lines for language, lines in zip(limits, block, strict=True) if lines}


def _spoken_ms(line: TranscriptLine) -> int:
    """How long it sounded; 0 where nobody knows."""
    return 0 if line.ended_at is None else line.ended_at - begins_at(line)


def _reading_ms(block: Mapping[str, tuple[str, ...]], limits: Mapping[str, Limits]) -> int:
    """How long a reader needs for the longest of its languages."""
    return max(
        -(-1000 * sum(map(_columns, lines)) // limits[language].per_second)
        for language, lines in block.items()
    )


def _columns(line: str) -> int:
    return len(line) if line.isascii() else sum(map(columns, line))


def _shared(start: int, length_ms: int, lengths: Sequence[int]) -> Sequence[int]:
    """The times between cues, by length; in too little time, each has the shortest at least."""
    if length_ms >= sum(lengths):
        least, rest = 0, lengths
    else:
        least, rest = SHORTEST_MS, [length - SHORTEST_MS for length in lengths]
    spare, total = length_ms - least * len(lengths), sum(rest)
    return [
        start + least * number + spare * so_far // total
        for number, so_far in enumerate(accumulate(rest, initial=0))
    ]
