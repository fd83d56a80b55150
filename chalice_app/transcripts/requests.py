"""What a caller asks of a transcript, as the query says it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from chalice_app.domain.errors import BadMessage
from chalice_app.wire.incoming import parse_language, single

FORMATS: Final = ("txt", "srt", "vtt", "json")

MEDIA_TYPES: Final[Mapping[str, str]] = {
    "txt": "text/plain; charset=utf-8",
    "srt": "application/x-subrip; charset=utf-8",
    "vtt": "text/vtt; charset=utf-8",
    "json": "application/json; charset=utf-8",
}
"""Of the files, by format. WebVTT's is registered
(https://www.iana.org/assignments/media-types/text/vtt); SubRip has none, and players know
this one."""


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
    wanted = single(query, "format")
    if wanted not in FORMATS:
        raise BadMessage(f"format must be one of {', '.join(FORMATS)}")
    language, beside = single(query, "language"), single(query, "with")
    return TranscriptRequest(
        wanted,
        None if language is None else parse_language(language),
        None if beside is None else parse_language(beside),
    )
