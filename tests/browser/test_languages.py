"""The language a page begins with is the one that langcodes' rules choose; its words are whole."""

import random
from collections.abc import Mapping, Sequence

import pytest
from playwright.sync_api import Page

from chalice_app.domain.languages import LANGUAGES, plain_tag, resolve
from infra import language_fallbacks
from infra.language_fallbacks import browser_tags
from tests.browser.conftest import OpenPage
from tests.browser.stub_stage import StubStage

SEED = 20_260
OFFERS = 200


@pytest.fixture
def page(stub: StubStage, open_page: OpenPage) -> Page:
    """Any page: its modules are asked directly."""
    return open_page(stub.http)


def nearest(page: Page, cases: Sequence[tuple[str, Sequence[str]]]) -> list[str]:
    """What the page chooses for a browser's language among those offered; "und" for none."""
    chosen: list[str] = page.evaluate(
        """async (cases) => {
            const { nearest } = await import("/web/language-matching.js");
            return cases.map(([tag, offered]) => nearest(tag, offered) ?? "und");
        }""",
        cases,
    )
    return chosen


def by_langcodes(tag: str, offered: Sequence[str]) -> str:
    """What langcodes' distances choose."""
    return next(iter(language_fallbacks.nearest(tag, offered)), "und")


def test_every_locale_finds_its_language_among_all(page: Page) -> None:
    offered = list(LANGUAGES)
    cases = [(tag, offered) for tag in browser_tags()]
    wanted = [by_langcodes(*case) for case in cases]
    assert nearest(page, cases) == wanted
    assert len(set(wanted)) == len(LANGUAGES) + 1, "each language is somebody's, and some have none"


def test_the_page_and_the_protocol_find_the_same_language(page: Page) -> None:
    chance = random.Random(SEED)
    tags = [*browser_tags(), "zh_TW", "PT_br", "eng-GB", "cmn-Hant-TW", "prs", "en-US-u-ca-gregory"]
    cases = [(tag, chance.sample(list(LANGUAGES), chance.randint(1, 76))) for tag in tags]
    plain = [(plain_tag(tag) or "", offered) for tag, offered in cases]
    assert nearest(page, cases) == [resolve(*case) or "und" for case in plain], f"seed {SEED}"


def test_every_locale_finds_its_language_among_some(page: Page) -> None:
    chance = random.Random(SEED)
    tags, codes = browser_tags(), list(LANGUAGES)
    cases = []
    for _ in range(OFFERS):
        some = set(chance.sample(codes, chance.randint(1, 20)))
        # In the order in which the engine lists them, which decides between equals.
        offered = [code for code in codes if code in some]
        cases += [(tag, offered) for tag in chance.sample(tags, 10)]
    assert nearest(page, cases) == [by_langcodes(*case) for case in cases], f"seed {SEED}"


@pytest.mark.parametrize(
    ("wanted", "offered", "chosen"),
    [
        (["es-AR", "en"], ["en", "es", "es-MX"], "es-MX"),
        (["es-AR", "en"], ["en", "es"], "es"),
        (["eu", "fr-CH"], ["en", "fr"], "fr"),
        (["zh-HK"], ["zh", "zh-TW"], "zh-TW"),
        (["zh-HK"], ["zh"], None),
        (["nb-NO"], ["no"], "no"),
        (["iw-IL"], ["he"], "he"),
        (["fil-PH"], ["tl"], "tl"),
        (["PT-br"], ["pt"], "pt"),
        (["zh_TW"], ["zh", "zh-TW"], "zh-TW"),
        (["nn-NO"], ["en", "no"], "no"),
        (["yue-HK"], ["zh", "zh-TW"], "zh-TW"),
        (["hr-BA"], ["bs", "hr"], "hr"),
        (["haw-US"], ["en", "haw"], "haw"),
        (["de-DE-u-co-phonebk"], ["de"], "de"),
        (["", "no tag at all", "*"], ["en"], None),
        (["gl"], ["es", "pt"], None),
    ],
)
def test_the_first_language_that_is_offered_in_some_form_is_taken(
    page: Page, wanted: Sequence[str], offered: Sequence[str], chosen: str | None
) -> None:
    found = page.evaluate(
        """async ([wanted, offered]) => {
            const { bestLanguage } = await import("/web/language-matching.js");
            return bestLanguage(wanted, offered) ?? null;
        }""",
        [wanted, offered],
    )
    assert found == chosen


def test_the_page_has_all_its_words_in_each_of_its_languages(page: Page) -> None:
    words: Mapping[str, Mapping[str, str]] = page.evaluate(
        """async () => ({
            ...(await import("/web/words-en-es-fr-pt.js")),
            ...(await import("/web/words-ar-ca-de-gl-it.js")),
        })"""
    )
    assert set(words) == {"en", "es", "pt", "fr", "it", "ca", "gl", "de", "ar"}
    for code, texts in words.items():
        assert texts.keys() == words["en"].keys(), code
        assert all(texts.values()), code
        assert texts["direction"] == LANGUAGES[code].direction
