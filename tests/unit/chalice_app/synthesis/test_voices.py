"""The table of voices: what serves a language, and that Polly knows each of them."""

import pytest
from botocore.session import Session

from chalice_app.domain.languages import CODES
from chalice_app.synthesis.voices import (
    ALL_GOOD,
    NEURAL,
    STANDARD,
    Voice,
    voice_quality,
    voices_of,
)


def polly(shape: str) -> set[str]:
    model = Session().get_service_model("polly")
    return set(model.shape_for(shape).enum)  # type: ignore[attr-defined]


def test_polly_has_every_voice_and_language_of_the_table() -> None:
    table = [voice for language in ALL_GOOD for voice in voices_of(language)]
    assert {each.voice_id for each in table} <= polly("VoiceId")
    assert {each.language_code for each in table} <= polly("LanguageCode")


def test_the_neural_voice_comes_first() -> None:
    assert voices_of("es") == (
        Voice("Lupe", "es-US", NEURAL),
        Voice("Lupe", "es-US", STANDARD),
    )
    for language in ALL_GOOD:
        engines = [each.engine for each in voices_of(language)]
        assert engines in ([NEURAL, STANDARD], [NEURAL], [STANDARD]), language


@pytest.mark.parametrize(
    ("language", "voice"),
    [
        ("es-AR", "Lupe"),
        ("fr-CA", "Gabrielle"),
        ("ru", "Tatyana"),
        ("zh", "Zhiyu"),
    ],
)
def test_a_region_without_a_voice_has_its_language_s(language: str, voice: str) -> None:
    assert voices_of(language)[0].voice_id == voice


@pytest.mark.parametrize("language", ["zh-TW", "th", "xx", ""])
def test_a_language_without_a_voice_has_none(language: str) -> None:
    assert voices_of(language) == ()
    assert voice_quality(language, {language: "good", "zh": "good"}) is None


def test_every_language_of_the_table_is_one_that_translate_or_a_region_of_it_is() -> None:
    assert {each.partition("-")[0] for each in ALL_GOOD} <= {
        each.partition("-")[0] for each in CODES
    }


def test_a_stage_s_quality_is_that_of_the_tag_or_its_language() -> None:
    offered = {"es": "fair", "pt-PT": "draft"}
    assert voice_quality("es", offered) == "fair"
    assert voice_quality("es-MX", offered) == "fair"
    assert voice_quality("pt-PT", offered) == "draft"
    assert voice_quality("pt", offered) is None


def test_what_polly_does_not_speak_another_engine_may() -> None:
    assert voices_of("gl") == (Voice("Sabela", "gl-ES", STANDARD),)
    assert "gl" not in ALL_GOOD
    assert voice_quality("gl", {"gl": "draft"}) == "draft"
