"""The table of languages is the one that the rules make, for pages and functions alike."""

import pytest

from chalice_app.domain.language_fallbacks import ALIASES, FALLBACKS
from chalice_app.domain.languages import CODES, plain_tag, resolve
from infra import language_fallbacks as generator

RUN = "run python -m infra.language_fallbacks"


def test_both_files_are_what_the_rules_make() -> None:
    assert generator.PAGES_TABLE.read_text(encoding="utf-8") == generator.pages_module(), RUN
    assert generator.FUNCTIONS_TABLE.read_text(encoding="utf-8") == generator.functions_module(), (
        RUN
    )


def test_the_rows_of_pages_and_functions_are_the_same() -> None:
    page = generator.PAGES_TABLE.read_text(encoding="utf-8")
    rows = [f'  "{tag}": "{codes}",' for tag, codes in FALLBACKS.items()]
    assert [line for line in page.splitlines() if line.startswith("  ")] == rows


def test_every_row_leads_to_languages_that_are_known() -> None:
    named = {code for codes in FALLBACKS.values() for code in codes.split()}
    assert named == CODES
    assert set(ALIASES.values()) <= CODES
    assert not ALIASES.keys() & FALLBACKS.keys()


@pytest.mark.parametrize("tag", generator.browser_tags())
def test_every_locale_of_cldr_is_served_as_the_rules_say(tag: str) -> None:
    plain = plain_tag(tag)
    assert plain is not None
    assert resolve(plain, CODES) == next(iter(generator.nearest(tag)), None)
