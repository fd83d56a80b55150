"""Which languages Transcribe hears as a stream, and by which code."""

import re

import pytest

from chalice_app.domain.dictation import (
    ALL_GOOD,
    QUALITIES,
    dictation_quality,
    transcribe_code,
)
from chalice_app.domain.languages import CODES, is_language_tag


@pytest.mark.parametrize(
    ("language", "code"),
    [
        ("en", "en-US"),
        ("en-GB", "en-GB"),
        ("es", "es-US"),
        ("es-ES", "es-ES"),
        ("es-MX", "es-MX"),
        ("es-AR", "es-US"),
        ("es-419", "es-US"),
        ("pt", "pt-BR"),
        ("pt-PT", "pt-PT"),
        ("fr", "fr-FR"),
        ("fr-CA", "fr-CA"),
        ("de", "de-DE"),
        ("it", "it-IT"),
        ("zh", "zh-CN"),
        ("zh-TW", "zh-TW"),
        ("ar", "ar-SA"),
        ("hi", "hi-IN"),
        ("ja", "ja-JP"),
        ("ko", "ko-KR"),
        ("no", "no-NO"),
        ("tl", "tl-PH"),
        ("fa", "fa-IR"),
        ("fa-AF", "fa-AF"),
        ("et", "et-ET"),
        ("cy", "cy-WL"),
        ("gl", "gl-ES"),
        ("zh-SG", None),
        ("tlh", None),
        ("", None),
    ],
)
def test_a_language_has_transcribe_s_code(language: str, code: str | None) -> None:
    assert transcribe_code(language) == code


def test_of_the_languages_that_are_translated_six_are_not_heard() -> None:
    unheard = {code for code in CODES if transcribe_code(code) is None}
    assert unheard == {"az", "ga", "ha", "mn", "mt", "ur"}


def test_every_code_is_one_that_transcribe_may_be_sent() -> None:
    codes = {transcribe_code(tag) for tag in ALL_GOOD}
    assert len(codes) == 99
    assert all(re.fullmatch(r"[a-z]{2,3}-[A-Z]{2}", str(code)) for code in codes)
    assert all(map(is_language_tag, ALL_GOOD))
    assert set(ALL_GOOD.values()) == {"good"} < set(QUALITIES)


@pytest.mark.parametrize(
    ("language", "quality"),
    [
        ("en", "good"),
        ("en-GB", "good"),
        ("pt", "fair"),
        ("pt-PT", "draft"),
        ("zh", "good"),
        ("zh-TW", None),
        ("fr", None),
    ],
)
def test_a_region_is_heard_as_its_language_but_in_chinese(
    language: str, quality: str | None
) -> None:
    offered = {"en": "good", "pt": "fair", "pt-PT": "draft", "zh": "good"}
    assert dictation_quality(language, offered) == quality
