"""A transcript as a file's text, piece by piece: a cue a sentence, its languages in two lines."""

import json
from collections.abc import Iterator
from itertools import chain, pairwise

from chalice_app.transcripts.transcript import Transcript, TranscriptLine

_MOST_MS = 7_000
"""How long a cue stands, where nobody knows when the sentence ended."""

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
                yield "\n".join(_texts(transcript, line)) + "\n\n"


def _srt(transcript: Transcript) -> Iterator[str]:
    for number, (line, end) in enumerate(_timed(transcript), start=1):
        begin = _clock(_begin(line) - transcript.started_at, ",")
        body = "\n".join(_texts(transcript, line)).replace("-->", "→")
        yield f"{number}\n{begin} --> {_clock(end - transcript.started_at, ',')}\n{body}\n\n"


def _vtt(transcript: Transcript) -> Iterator[str]:
    yield "WEBVTT\n\n"
    for line, end in _timed(transcript):
        begin = _clock(_begin(line) - transcript.started_at, ".")
        body = "\n".join(_texts(transcript, line)).translate(_ENTITIES)
        yield f"{begin} --> {_clock(end - transcript.started_at, '.')}\n{body}\n\n"


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


def _timed(transcript: Transcript) -> Iterator[tuple[TranscriptLine, int]]:
    """Each line with its cue's end: none overlaps the next."""
    for line, following in pairwise(chain(transcript.lines, [None])):
        if line is None:
            continue
        end = line.ended_at or _begin(line) + _MOST_MS
        if following is not None:
            end = min(end, _begin(following))
        yield line, max(end, _begin(line) + 1)


def _begin(line: TranscriptLine) -> int:
    return line.began_at if line.began_at is not None else line.spoken_at


def _texts(transcript: Transcript, line: TranscriptLine) -> Iterator[str]:
    """One line a language, without the empty lines that would end a cue."""
    for language in transcript.languages:
        mark = _MARK if language in line.untranslated else ""
        yield mark + " ".join(line.texts[language].split())


def _clock(milliseconds: int, point: str) -> str:
    seconds, rest = divmod(max(0, milliseconds), 1_000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{seconds:02}{point}{rest:03}"
