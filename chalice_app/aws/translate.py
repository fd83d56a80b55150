"""Amazon Translate, or an engine that speaks its protocol."""

import logging
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from chalice_app.aws.clients import Clients
from chalice_app.domain.characters import has_letters, shows_nothing
from chalice_app.domain.errors import TranslationFailed, Unavailable
from chalice_app.domain.languages import Language, describe
from chalice_app.domain.pieces import pieces
from chalice_app.domain.style import PLAIN, Style

_log = logging.getLogger(__name__)

MAX_TEXT_BYTES = 10_000
"""TranslateText's limit, in UTF-8 bytes: 4,000 characters can have 16,000.

Source: https://docs.aws.amazon.com/translate/latest/dg/what-is-limits.html
"""

QUALITY_HEADER = "x-translation-quality"
"""`es=fair,fr=draft`: said by the offline engine's server, never by Amazon."""

_UNSPACED = frozenset({"zh", "ja", "th"})
"""Languages that put no space between two sentences."""


@dataclass(frozen=True)
class AmazonTranslate:
    """`ports.Translator` on TranslateText and ListLanguages."""

    clients: Clients

    def translate(
        self, text: str, source_language: str, target_language: str, style: Style = PLAIN
    ) -> str:
        """One translation; a text over the limit is translated in pieces, sentence by sentence.

        What Amazon cannot do of a style for a language it ignores.
        """
        settings = _settings(style)
        return "".join(
            self._translate_piece(piece.rstrip(), source_language, target_language, settings)
            + _space_after(piece, target_language)
            for piece in pieces(text, MAX_TEXT_BYTES)
        ).rstrip()

    def _translate_piece(
        self,
        text: str,
        source_language: str,
        target_language: str,
        settings: Mapping[str, Any],
    ) -> str:
        try:
            answer = self.clients.translate.translate_text(
                Text=text,
                SourceLanguageCode=source_language,
                TargetLanguageCode=target_language,
                **settings,
            )
        except (ClientError, BotoCoreError) as error:
            raise TranslationFailed(_reason(error)) from error
        translated: object = answer.get("TranslatedText")
        # Each piece, and not only the whole: a part that is missing would go unnoticed.
        if not isinstance(translated, str) or (shows_nothing(translated) and has_letters(text)):
            raise TranslationFailed("the engine's answer has no text")
        return translated

    def list_languages(self) -> Sequence[Language]:
        """The languages that the engine offers, with their quality where it states one."""
        try:
            pages = list(self._pages())
        except (ClientError, BotoCoreError) as error:
            _log.warning("ListLanguages failed: %s", _reason(error))
            raise Unavailable("the languages could not be listed") from error
        return list(chain.from_iterable(pages))

    def _pages(self) -> Iterator[list[Language]]:
        request: dict[str, Any] = {"MaxResults": 500}
        while True:
            answer = self.clients.translate.list_languages(**request)
            quality = _quality(answer["ResponseMetadata"]["HTTPHeaders"])
            yield [
                replace(describe(entry["LanguageCode"]), quality=quality.get(entry["LanguageCode"]))
                for entry in answer["Languages"]
                if entry["LanguageCode"] != "auto"
            ]
            if not answer.get("NextToken"):
                return
            request["NextToken"] = answer["NextToken"]


def _settings(style: Style) -> dict[str, Any]:
    """The request's Settings, left out where they would be empty."""
    settings = {"Profanity": "MASK"} if style.masks_profanity else {}
    settings |= {"Formality": style.formality.upper()} if style.formality else {}
    return {"Settings": settings} if settings else {}


def _space_after(piece: str, target: str) -> str:
    """What stands between a piece's translation and the next one's.

    The white space at a cut is kept here: engines trim it, and words would grow together. Behind a
    `。`, where the source has none, most targets need a space.
    """
    space = piece[len(piece.rstrip()) :]
    is_sentence = unicodedata.category(piece[-1]) == "Po" and not piece[-1].isascii()
    return space or (" " if is_sentence and target.partition("-")[0] not in _UNSPACED else "")


def _quality(headers: Mapping[str, str]) -> Mapping[str, str]:
    pairs = (entry.partition("=") for entry in headers.get(QUALITY_HEADER, "").split(","))
    return {code.strip(): quality.strip() for code, equals, quality in pairs if equals}


def _reason(error: ClientError | BotoCoreError) -> str:
    if isinstance(error, ClientError):
        return error.response["Error"]["Code"]
    return type(error).__name__
