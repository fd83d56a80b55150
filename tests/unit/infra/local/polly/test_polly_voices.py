"""The table of Polly's voices, held against the SDK's own model and the application's table."""

from typing import Any

import botocore.session

from chalice_app.synthesis import voices as application
from infra.local.polly.engines import CHOICES
from infra.local.polly.polly_voices import LANGUAGE_CODES, VOICES

POLLY: Any = botocore.session.get_session().get_service_model("polly")


def test_every_voice_of_polly_is_known_and_no_other() -> None:
    assert set(VOICES) - {"Sabela"} == set(POLLY.shape_for("VoiceId").enum)


def test_every_language_code_is_pollys() -> None:
    assert set(POLLY.shape_for("LanguageCode").enum) == LANGUAGE_CODES - {"gl-ES"}


def test_the_application_asks_for_voices_that_are_known_here_with_their_engines() -> None:
    for language in [*application.ALL_GOOD, *CHOICES]:
        for each in application.voices_of(language):
            voice = VOICES[each.voice_id]
            assert each.engine in voice.engines
            assert each.language_code in (voice.language_code, voice.other_language)


def test_what_this_machine_speaks_has_a_voice_that_the_application_asks_for() -> None:
    for language in CHOICES:
        (voice, *_) = application.voices_of(language)
        assert VOICES[voice.voice_id].language() == language


def test_a_bilingual_voice_speaks_the_language_that_is_asked_for() -> None:
    assert VOICES["Kajal"].language("hi-IN") == "hi"
    assert VOICES["Kajal"].language() == "en"
