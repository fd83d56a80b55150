"""The table agrees with CLDR, and only well-formed tags pass."""

import pytest
from babel import Locale

from chalice_app.domain.languages import (
    LANGUAGES,
    Language,
    canonical_tag,
    describe,
    is_language_tag,
)

# Where Translate's spelling is not CLDR's for the same language, or leaves the script to be known.
CLDR = {"zh": "zh_Hans", "zh-TW": "zh_Hant", "pt": "pt_BR", "no": "nb", "tl": "fil"}
AMAZON_COUNT = 75
# Where Amazon's page has another English name than CLDR.
AMAZONS = {
    "bn": "Bengali",
    "fa": "Farsi (Persian)",
    "fa-AF": "Dari",
    "no": "Norwegian (Bokmål)",
    "tl": "Filipino, Tagalog",
}


def cldr(language: Language) -> Locale:
    return Locale.parse(CLDR.get(language.code, language.code.replace("-", "_")))


@pytest.mark.parametrize("language", LANGUAGES.values(), ids=LANGUAGES)
def test_native_names_and_directions_are_those_of_cldr(language: Language) -> None:
    locale = cldr(language)
    # Dari has its own name, though CLDR writes its locale as Persian in Afghanistan.
    own_name = locale.languages.get(str(locale)) if language.code == "fa-AF" else None
    assert language.native_name == (own_name or locale.get_display_name())
    assert language.direction == locale.text_direction


@pytest.mark.parametrize("language", LANGUAGES.values(), ids=LANGUAGES)
def test_english_names_are_those_of_cldr_but_for_amazons_own(language: Language) -> None:
    name = AMAZONS.get(language.code) or cldr(language).get_display_name("en")
    assert language.name == name


def test_the_table_holds_amazons_languages_and_galician_once_each() -> None:
    assert len(LANGUAGES) == AMAZON_COUNT + 1
    assert all(is_language_tag(code) for code in LANGUAGES)
    assert all(code == language.code for code, language in LANGUAGES.items())
    assert len({language.name for language in LANGUAGES.values()}) == len(LANGUAGES)
    assert all(language.quality is None for language in LANGUAGES.values())


@pytest.mark.parametrize(
    "tag", ["es", "es-MX", "zh-TW", "pt-PT", "zh-Hant", "zh-Hant-TW", "es-419", "haw", "de"]
)
def test_well_formed_tags_pass(tag: str) -> None:
    assert is_language_tag(tag)


@pytest.mark.parametrize(
    "tag",
    ["", "e", "english", "ES", "Es", "es-mx", "es_MX", "es-", "-MX", "es-MX-", "es-M", "es-4190",
     "es MX", " es", "es\n", "es-MX\n", "éo", "e1", "auto", "en-US-x-private", "sl-rozaj", "*",
     "zh-hant", "es-٤١٩", "<b>", "../en"],
)  # fmt: skip
def test_anything_else_does_not(tag: str) -> None:
    assert not is_language_tag(tag)


@pytest.mark.parametrize(
    ("tag", "canonical"),
    [("PT-br", "pt-BR"), ("ZH-hant-tw", "zh-Hant-TW"), ("es-419", "es-419"), ("EN", "en")],
)
def test_case_is_made_canonical(tag: str, canonical: str) -> None:
    assert canonical_tag(tag) == canonical
    assert is_language_tag(canonical)


def test_a_known_code_is_described() -> None:
    assert describe("ar") == Language("ar", "Arabic", "العربية", "rtl")
    assert describe("es-MX").name == "Spanish (Mexico)"


def test_an_unknown_code_names_itself_and_is_written_like_its_base_language() -> None:
    assert describe("ar-EG") == Language("ar-EG", "ar-EG", "ar-EG", "rtl")
    assert describe("eo") == Language("eo", "eo", "eo", "ltr")
