"""The table agrees with CLDR, and only well-formed tags pass."""

import pytest
from babel import Locale
from hypothesis import given
from hypothesis import strategies as st

from chalice_app.domain.languages import (
    CODES,
    LANGUAGES,
    LONGEST_TAG,
    Language,
    canonical_tag,
    describe,
    is_language_tag,
    plain_tag,
    resolve,
)
from tests.hostile import language

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


# --- Tags as they are sent -----------------------------------------------------------------------

OFFLINE = ("en", "es", "pt", "gl", "ca", "fr", "it")


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        ("es", "es"), ("ES", "es"), ("zh_TW", "zh-TW"), ("zh-tw", "zh-TW"), ("zh-Hant", "zh-TW"),
        ("zh_hant_hk", "zh-TW"), ("zh-Hans-SG", "zh"), ("zh-SG", "zh"), ("zh-HK", "zh-TW"),
        ("zh-MO", "zh-TW"), ("zh-CN", "zh"), ("cmn-Hans-CN", "zh"), ("cmn-Hant-TW", "zh-TW"),
        ("yue", "zh-TW"), ("yue-HK", "zh-TW"), ("yue-Hans-CN", "zh"), ("wuu", "zh"),
        ("pt-BR", "pt"), ("pt_br", "pt"), ("pt-AO", "pt-PT"), ("pt-PT", "pt-PT"), ("por", "pt"),
        ("en-GB", "en"), ("en_us", "en"), ("eng-GB", "en"), ("en-001", "en"),
        ("es-419", "es-MX"), ("es-AR", "es-MX"), ("es-ES", "es"), ("spa-419", "es-MX"),
        ("fr-CH", "fr"), ("fr-CA", "fr-CA"), ("de-AT", "de"), ("gsw-CH", "de"), ("ger", "de"),
        ("iw", "he"), ("iw-IL", "he"), ("in", "id"), ("in_ID", "id"), ("mo", "ro"), ("sh", "sr"),
        ("no-NO", "no"), ("nb", "no"), ("nb-NO", "no"), ("nn", "no"), ("nn-NO", "no"),
        ("hr", "hr"), ("hr-BA", "hr"), ("bs-BA", "bs"), ("bs-Cyrl", "sr"), ("sr-Latn", "sr"),
        ("sr-Latn-BA", "sr"), ("sr-ME", "sr"), ("sr-Cyrl-RS", "sr"), ("cnr", "sr"),
        ("fil", "tl"), ("fil-PH", "tl"), ("tl-PH", "tl"),
        ("fa-IR", "fa"), ("fa-AF", "fa-AF"), ("prs", "fa-AF"), ("prs-AF", "fa-AF"), ("pes", "fa"),
        ("arz", "ar"), ("ar-EG", "ar"), ("arb", "ar"), ("zsm", "ms"), ("swh", "sw"), ("id", "id"),
        ("en-US-u-ca-gregory", "en"), ("de-DE-u-co-phonebk", "de"), ("ca-valencia", "ca"),
        ("de-CH-1996", "de"), ("sl-rozaj-biske-1994", "sl"), ("en-US-x-private", "en"),
        ("en-t-jp-m0-true", "en"), ("zh-Hant-TW-u-nu-hanidec-x-a-b", "zh-TW"),
    ],
)  # fmt: skip
def test_a_tag_means_what_browsers_mean_by_it(sent: str, code: str) -> None:
    plain = plain_tag(sent)
    assert plain is not None
    assert is_language_tag(plain)
    assert resolve(plain, CODES) == code


@pytest.mark.parametrize(
    ("sent", "code"),
    [("es-419", "es"), ("pt-PT", "pt"), ("fr-CA", "fr"), ("en-GB", "en"), ("gl-ES", "gl")],
)
def test_a_variant_that_is_not_offered_is_served_by_the_next_one(sent: str, code: str) -> None:
    assert resolve(sent, OFFLINE) == code


@pytest.mark.parametrize("tag", ["de", "zh-TW", "tlh", "xx-Latn-ZZ", "eu", "da"])
def test_nobody_is_served_in_a_language_of_others(tag: str) -> None:
    assert resolve(tag, OFFLINE) is None


@pytest.mark.parametrize(
    "tag", ["pa-PK", "pa-Arab", "mn-CN", "uz-Cyrl", "az-Arab-IR", "zh-Latn", "eu", "tlh", "ji"]
)
def test_nobody_is_served_in_a_script_of_others(tag: str) -> None:
    assert resolve(tag, CODES) is None


def test_malay_is_not_read_for_indonesian_nor_norwegian_for_danish() -> None:
    assert resolve("id", ("ms",)) is None
    assert resolve("da", ("no", "sv")) is None
    assert resolve("zh-HK", ("zh",)) is None


def test_an_engine_may_offer_what_the_table_does_not_know() -> None:
    assert resolve("pt-BR", ("pt-BR", "pt")) == "pt-BR"
    assert resolve("haw-US", ("haw",)) == "haw"
    assert resolve("haw-Latn-US", ("haw", "haw-Latn")) == "haw-Latn"


@pytest.mark.parametrize("code", LANGUAGES)
def test_an_offered_code_means_itself(code: str) -> None:
    assert plain_tag(code) == code
    assert resolve(code, CODES) == code
    assert resolve(code, {code}) == code


def test_a_tag_has_an_end() -> None:
    longest = "en-x" + "-abcdefg" * ((LONGEST_TAG - 4) // 8)
    assert len(longest) == LONGEST_TAG
    assert plain_tag(longest) == "en"
    assert plain_tag(f"{longest}h") is None


@pytest.mark.parametrize("name", language.INVALID)
def test_what_is_not_well_formed_is_not_a_tag(name: str) -> None:
    value = language.INVALID[name]
    assert not isinstance(value, str) or plain_tag(value) is None


@given(st.text(st.sampled_from("enzhTWx-_0149") | st.characters(), max_size=40))
def test_any_text_is_a_plain_tag_or_none(text: str) -> None:
    plain = plain_tag(text)
    assert plain is None or (is_language_tag(plain) and plain_tag(plain) == plain)
