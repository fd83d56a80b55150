"""What a caller asks of a transcript, as the query says it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from chalice_app.domain.errors import BadMessage
from chalice_app.wire.incoming import parse_language

FORMATS: Final = ("txt", "srt", "vtt", "json")

MEDIA_TYPES: Final[Mapping[str, str]] = {
    "txt": "text/plain; charset=utf-8",
    "srt": "application/x-subrip; charset=utf-8",
    "vtt": "text/vtt; charset=utf-8",
    "json": "application/json; charset=utf-8",
}
"""Of the files, by format. Sources: RFC 4180's kin for subtitles is WebVTT's registration
(https://www.iana.org/assignments/media-types/text/vtt); SubRip has none, and players know this."""


@dataclass(frozen=True, slots=True)
class TranscriptRequest:
    """A transcript's format and its languages, as well-formed tags.

    Without a `language` it is the session's own; `beside` is the second one, None for one alone.
    """

    format: str
    language: str | None = None
    beside: str | None = None


def parse_request(query: Mapping[str, Sequence[str]]) -> TranscriptRequest:
    """The query's parameters, each with all its values; unknown ones are ignored.

    Raises:
        BadMessage: the format is missing or unknown, or a parameter is there twice.
        InvalidLanguage: a language is not a tag.
    """
    wanted = _one(query, "format")
    if wanted not in FORMATS:
        raise BadMessage(f"format must be one of {', '.join(FORMATS)}")
    language, beside = _one(query, "language"), _one(query, "with")
    return TranscriptRequest(
        wanted,
        None if language is None else parse_language(language),
        None if beside is None else parse_language(beside),
    )


def _one(query: Mapping[str, Sequence[str]], name: str) -> str | None:
    values = query.get(name, ())
    if len(values) > 1:
        raise BadMessage(f"{name} must be given once")
    return values[0] if values else None
