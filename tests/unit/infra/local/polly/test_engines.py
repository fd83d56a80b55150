"""Which languages can be spoken here, by what is installed."""

from collections.abc import Callable

from infra.local.polly.engines import installed_voices, missing_voices, spoken_languages

ENCODER = {"av", "numpy", "soxr"}
PACKAGES = ENCODER | {"hibari", "onnxruntime", "py_nanotts"}


def found(*names: str) -> Callable[[str], object | None]:
    return lambda name: name if name in names else None


def languages(packages: set[str], *programs: str) -> dict[str, str]:
    return spoken_languages(lambda: installed_voices(found(*packages), found(*programs)))


def test_everything_is_installed() -> None:
    spoken = languages(PACKAGES, "espeak-ng")
    assert spoken == {
        "en": "good",
        "es": "fair",
        "de": "fair",
        "fr": "draft",
        "it": "draft",
        "pt": "draft",
        "ca": "draft",
        "gl": "draft",
    }
    assert list(missing_voices(spoken)) == []


def test_without_the_debian_package_two_languages_have_no_voice_and_one_line_says_so() -> None:
    spoken = languages(PACKAGES)
    assert set(spoken) == {"en", "es", "de", "fr", "it", "gl"}
    (line,) = missing_voices(spoken)
    assert "Portuguese, Catalan" in line
    assert "apt-get install espeak-ng" in line


def test_without_the_neural_voice_english_has_the_other_one() -> None:
    assert languages(PACKAGES - {"onnxruntime"})["en"] == "fair"


def test_with_the_debian_package_alone_all_but_english_are_drafts() -> None:
    spoken = languages(ENCODER, "espeak-ng")
    assert set(spoken.values()) == {"draft"}
    assert set(spoken) == {"es", "de", "fr", "it", "pt", "ca", "gl"}


def test_without_an_encoder_nothing_is_spoken() -> None:
    spoken = languages(PACKAGES - {"av"}, "espeak-ng")
    assert spoken == {}
    (line,) = missing_voices(spoken)
    assert "make venv" in line
