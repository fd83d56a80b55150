"""A transcript as a file's text, piece by piece."""

import json
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain, pairwise
from textwrap import wrap

from chalice_app.transcripts.transcript import Transcript, TranscriptLine

_MOST_MS = 7_000
"""How long a cue stands, where nobody knows when the sentence ended."""

_LINE_CHARACTERS = 42
"""Of a line of subtitles. Source: Netflix's and the BBC's guidelines for timed text."""

_MARK = "[untranslated] "
_ENTITIES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})


def render(format: str, transcript: Transcript) -> Iterator[str]:  # noqa: A002 - its name
    """The pieces of the file, in order."""
    match format:
        case "srt":
            yield from _srt(transcript)
        case "vtt":
            yield from _vtt(transcript)
        case "json":
            yield from _json(transcript)
        case _:
            for line in transcript.lines:
                yield "\n".join(_texts(transcript, line).values()) + "\n\n"


def _srt(transcript: Transcript) -> Iterator[str]:
    for number, (begin, end, texts) in enumerate(_cues(transcript), start=1):
        body = "\n".join(texts.values())
        yield f"{number}\n{_clock(begin, ',')} --> {_clock(end, ',')}\n{body}\n\n"


def _vtt(transcript: Transcript) -> Iterator[str]:
    yield "WEBVTT\n\n"
    for begin, end, texts in _cues(transcript):
        body = "\n".join(
            f"<lang {code}>{text.translate(_ENTITIES)}</lang>" for code, text in texts.items()
        )
        yield f"{_clock(begin, '.')} --> {_clock(end, '.')}\n{body}\n\n"


def _json(transcript: Transcript) -> Iterator[str]:
    head = {
        "sessionId": transcript.session_id,
        "title": transcript.title,
        "sourceLanguage": transcript.source_language,
        "startedAt": transcript.started_at,
        "languages": transcript.languages,
    }
    yield json.dumps(head, ensure_ascii=False)[:-1] + ', "sentences": ['
    comma = ""
    for line in transcript.lines:
        yield comma + json.dumps(
            {
                "sequence": line.sequence,
                "spokenAt": line.spoken_at,
                "beganAt": line.began_at,
                "endedAt": line.ended_at,
                "revision": line.revision,
                "texts": dict(line.texts),
                "untranslated": sorted(line.untranslated),
            },
            ensure_ascii=False,
        )
        comma = ", "
    yield "]}\n"


def _cues(transcript: Transcript) -> Iterator[tuple[int, int, Mapping[str, str]]]:
    """Begin, end (ms from the start) and the words by language, two lines of each at the most.

    The cues of a long sentence share its time by their length.
    """
    for line, begin, end in _timed(transcript):
        parts = {code: _wrapped(text) for code, text in _texts(transcript, line).items()}
        cues = [
            {code: wrapped[n] for code, wrapped in parts.items() if n < len(wrapped)}
            for n in range(max(map(len, parts.values())))
        ]
        whole = max(1, sum(len(text) for cue in cues for text in cue.values()))
        past = 0
        for cue in cues:
            first = begin + (end - begin) * past // whole
            past += sum(map(len, cue.values()))
            yield first, begin + (end - begin) * past // whole, cue


def _timed(transcript: Transcript) -> Iterator[tuple[TranscriptLine, int, int]]:
    """Each line with the begin and end of its words; none overlaps the next."""
    for line, following in pairwise(chain(transcript.lines, [None])):
        if line is None:
            continue
        end = line.ended_at or _begin(line) + _MOST_MS
        if following is not None:
            end = min(end, _begin(following))
        begin = _begin(line) - transcript.started_at
        yield line, begin, max(end - transcript.started_at, begin + 1)


def _begin(line: TranscriptLine) -> int:
    return line.began_at if line.began_at is not None else line.spoken_at


def _wrapped(text: str) -> Sequence[str]:
    """Two lines each; a script without blanks is cut between its characters."""
    lines = wrap(text, _LINE_CHARACTERS, break_on_hyphens=False) or [text]
    return ["\n".join(lines[n : n + 2]) for n in range(0, len(lines), 2)]


def _texts(transcript: Transcript, line: TranscriptLine) -> Mapping[str, str]:
    """The words by language, without the empty lines that would end a cue."""
    return {
        language: (_MARK if language in line.untranslated else "")
        + " ".join(line.texts[language].split())
        for language in transcript.languages
    }


def _clock(milliseconds: int, point: str) -> str:
    seconds, rest = divmod(max(0, milliseconds), 1_000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{seconds:02}{point}{rest:03}"
