"""A transcript as a file, piece by piece: TXT, SRT, WebVTT, JSON (docs/transcripts.md)."""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from html import escape
from typing import Any, Final

from chalice_app.domain.characters import shows_nothing
from chalice_app.transcripts.cues import Cue, begins_at, cues, in_order, written_in
from chalice_app.transcripts.transcript import Transcript, TranscriptLine
from chalice_app.transcripts.words import cleaned, directed, embedded, is_rtl


def render(format: str, transcript: Transcript) -> Iterator[str]:  # noqa: A002
    """The file in pieces; joined, they are valid UTF-8 whatever was said.

    Raises:
        KeyError: no such format; `txt`, `srt`, `vtt` and `json` are there.
    """
    return _FORMATS[format](transcript)


_PARAGRAPH: Final = 600
"""Characters after which a paragraph ends with its sentence."""

_PAUSE_MS: Final = 15_000
"""Between the beginnings of two sentences: it ends a paragraph."""

_WITHOUT_SPACES: Final = frozenset({"ja", "zh", "th", "lo", "km", "my"})
"""Languages that have none between sentences, or need none."""


def _txt(transcript: Transcript) -> Iterator[str]:
    """The title, and paragraphs that begin with their time; two languages line under line.

    Words that could not be translated have their language in front: `[en] Yes.`
    """
    title = cleaned(transcript.title or "")
    yield f"{transcript.session_id if shows_nothing(title) else title}\n"
    lines = in_order(transcript.lines)
    origin = begins_at(lines[0]) if lines else 0
    if len(transcript.languages) > 1:
        for line in lines:
            if texts := list(_texts(transcript, line)):
                yield f"\n[{_clock(begins_at(line) - origin)}]\n" + "".join(
                    f"{text}\n" for text in texts
                )
        return
    space = "" if transcript.languages[0].partition("-")[0] in _WITHOUT_SPACES else " "
    length, last = _PARAGRAPH, origin
    for line in lines:
        for text in _texts(transcript, line):
            if length >= _PARAGRAPH or begins_at(line) - last > _PAUSE_MS:
                ends = "" if length == _PARAGRAPH and last == origin else "\n"
                yield f"{ends}\n[{_clock(begins_at(line) - origin)}] {text}"
                length = 0
            else:
                yield f"{space}{text}"
            length, last = length + len(text), begins_at(line)
    yield "\n"


def _texts(transcript: Transcript, line: TranscriptLine) -> Iterator[str]:
    for language in transcript.languages:
        if text := cleaned(line.texts.get(language, "")):
            theirs = written_in(transcript, line, language)
            mark = "" if theirs == language else f"[{theirs}] "
            yield mark + directed(text, rtl=is_rtl(theirs))


_SRT_LOOK_ALIKES: Final = str.maketrans("<>{}\\", "\uff1c\uff1e\uff5b\uff5d\uff3c")
_ENTITY: Final = re.compile(r"&(?=#?\w+;)")
_STAMP: Final = re.compile(r"(?<=\d):(?=\d+[.,]\d)")
"""The last colon of a time such as 00:01:02,345: some parsers take a line with two for a cue's."""
_NUMBER: Final = re.compile(r"^(?=[\d ]+$)", re.M)
"""A line of digits alone: parsers take it for the number of the next cue."""


def _srt(transcript: Transcript) -> Iterator[str]:
    r"""SubRip has no escaping, and players take `<i>`, `{\an8}`, `\N`, `&lt;` for more than words.

    So `<`, `>`, `{`, `}` and the backslash are written as their full-width look-alikes, as are `&`
    where it would begin an entity and the last colons of two times in a line. Unicode's
    compatibility form (NFKC) brings them back. Before a line of digits there is a direction mark.
    """
    for number, cue in enumerate(cues(transcript), start=1):
        text = "\n".join(
            _without_two_times(line, "\uff1a") for _, lines in _lines(cue) for line in lines
        )
        text = _ENTITY.sub("\uff06", text.translate(_SRT_LOOK_ALIKES))
        text = _NUMBER.sub("\u200e", text)
        times = f"{_clock(cue.start_ms, ',')} --> {_clock(cue.end_ms, ',')}"
        yield f"{number}\n{times}\n{text}\n\n"


def _lines(cue: Cue) -> Sequence[tuple[str, Sequence[str]]]:
    """The language that each language's words are in, and its lines with their direction."""
    spoken = [(cue.languages[language], lines) for language, lines in cue.lines.items()]
    is_mixed = len({is_rtl(language) for language, _ in spoken}) > 1
    turned = embedded if is_mixed else directed
    return [
        (language, [turned(line, rtl=is_rtl(language)) for line in lines])
        for language, lines in spoken
    ]


def _vtt(transcript: Transcript) -> Iterator[str]:
    """WebVTT (https://www.w3.org/TR/webvtt1/). Each language is in a `<lang>` of its own."""
    title = _escaped(cleaned(transcript.title or ""))
    yield f"WEBVTT{title and ' - '}{title}\nKind: captions\nLanguage: {transcript.languages[0]}\n\n"
    for number, cue in enumerate(cues(transcript), start=1):
        text = "\n".join(_span(*spoken) for spoken in _lines(cue))
        times = f"{_clock(cue.start_ms, '.')} --> {_clock(cue.end_ms, '.')}"
        yield f"{number}\n{times}\n{text}\n\n"


def _span(language: str, lines: Sequence[str]) -> str:
    words = "\n".join(map(_escaped, lines))
    return f"<lang {language}>{words}</lang>"


def _escaped(text: str) -> str:
    return _without_two_times(escape(text, quote=False), "&#58;")


def _without_two_times(line: str, colon: str) -> str:
    return _STAMP.sub(colon, line) if len(_STAMP.findall(line)) > 1 else line


def _clock(ms: int, point: str = "") -> str:
    """Hours, minutes and seconds; with milliseconds after the point."""
    seconds, rest = divmod(ms, 1000)
    text = f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"
    return f"{text}{point}{rest:03}" if point else text


def _json(transcript: Transcript) -> Iterator[str]:
    """A sentence a line, every word as it was kept; times are epoch milliseconds."""
    head = {
        "sessionId": transcript.session_id,
        "title": transcript.title,
        "sourceLanguage": transcript.source_language,
        "startedAt": transcript.started_at,
        "languages": transcript.languages,
    }
    yield f'{_dumped(head)[:-1]},"sentences":['
    before = "\n"
    for line in transcript.lines:
        yield before + _dumped(_sentence(transcript, line))
        before = ",\n"
    yield "\n]}\n"


def _sentence(transcript: Transcript, line: TranscriptLine) -> Mapping[str, Any]:
    return {
        "sequence": line.sequence,
        "spokenAt": line.spoken_at,
        "beganAt": line.began_at,
        "endedAt": line.ended_at,
        "revision": line.revision,
        "sourceLanguage": line.source_language or transcript.source_language,
        "texts": {language: line.texts.get(language, "") for language in transcript.languages},
        "untranslated": [each for each in transcript.languages if each in line.untranslated],
    }


_HALF_PAIR: Final = re.compile("[\ud800-\udfff]")


def _dumped(value: Mapping[str, Any]) -> str:
    """Compact, in UTF-8; half a surrogate pair stays the escape that it came as."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return _HALF_PAIR.sub(lambda half: f"\\u{ord(half.group()):04x}", text)


_FORMATS: Final[Mapping[str, Callable[[Transcript], Iterator[str]]]] = {
    "txt": _txt,
    "srt": _srt,
    "vtt": _vtt,
    "json": _json,
}
