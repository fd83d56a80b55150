"""Dictation: the languages that Amazon Transcribe hears as a stream, and what a session has used.

The codes are Transcribe's (`LanguageCode` of StartStreamTranscription), as its SDKs of November
2026 have them. Some of them hear in some regions only; see
https://docs.aws.amazon.com/transcribe/latest/dg/supported-languages.html. Browsers' recognisers
have other tags (`web/speaker/recognition-tags.js`).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

_CODES: Final = (
    "af-ZA am-ET ar-SA ar-AE be-BY bg-BG bn-IN bs-BA ca-ES ckb-IQ ckb-IR cs-CZ cy-WL da-DK de-DE "
    "de-CH el-GR en-US en-AB en-AU en-GB en-IE en-IN en-NZ en-WL en-ZA es-US es-ES es-MX et-ET "
    "eu-ES fa-IR fa-AF fi-FI fr-FR fr-CA gl-ES gu-IN he-IL hi-IN hr-HR ht-HT hu-HU hy-AM id-ID "
    "is-IS it-IT ja-JP jv-ID ka-GE kab-DZ kk-KZ km-KH kn-IN ko-KR lg-IN lt-LT lv-LV mk-MK ml-IN "
    "mr-IN ms-MY my-MM ne-NP nl-NL no-NO or-IN pa-IN pl-PL ps-AF pt-BR pt-PT ro-RO ru-RU si-LK "
    "sk-SK sl-SI so-SO sq-AL sr-RS su-ID sv-SE sw-KE sw-BI sw-RW sw-TZ sw-UG ta-IN te-IN th-TH "
    "tl-PH tr-TR uk-UA uz-UZ vi-VN zh-CN zh-HK zh-TW zu-ZA"
)
"""A language's first code is the one for its tag without a region, which names no country."""

_UNLIKE: Final = frozenset({"zh"})
"""Languages whose regions are written in another script: what hears one writes no other."""

GOOD, FAIR, DRAFT = QUALITIES = ("good", "fair", "draft")


def transcribe_code(language: str) -> str | None:
    """The code by which Transcribe hears a language (`pt` is `pt-BR`); None where it does not.

    A region that Transcribe does not know is heard as the language: `es-AR` is `es-US`.
    """
    return _BY_TAG.get(language) or _BY_TAG.get(_base(language))


def dictation_quality(language: str, offered: Mapping[str, str]) -> str | None:
    """How well a recogniser hears a language, by its tag's entry or that of its base language."""
    return offered.get(language) or offered.get(_base(language))


def _base(language: str) -> str:
    base = language.partition("-")[0]
    return language if base in _UNLIKE else base


def _by_tag() -> Mapping[str, str]:
    codes = _CODES.split()
    bases: dict[str, str] = {}
    for code in codes:
        bases.setdefault(code.partition("-")[0], code)
    return {code: code for code in codes} | bases


_BY_TAG: Final = _by_tag()

ALL_GOOD: Final[Mapping[str, str]] = dict.fromkeys(_BY_TAG, GOOD)
"""What Transcribe offers."""


@dataclass(frozen=True, slots=True)
class Dictated:
    """What a session has used of its minutes: whole streams, and the one that is open.

    `since` is when that one was granted (epoch ms), None where none is open. `change` names the
    last change at random: two that start from the same state cannot both be made.
    """

    spent_ms: int = 0
    since: int | None = None
    change: str | None = field(default=None, compare=False)


NOT_DICTATED: Final = Dictated()
