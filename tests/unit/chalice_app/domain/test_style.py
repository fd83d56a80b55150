"""How a session wants its translations worded."""

import pytest

from chalice_app.domain.languages import CODES
from chalice_app.domain.style import FORMALITY_LANGUAGES, PLAIN, Style


@pytest.mark.parametrize(
    ("style", "named"),
    [
        (PLAIN, ""),
        (Style(masks_profanity=True), "profanity=MASK"),
        (Style(formality="informal"), "formality=INFORMAL"),
        (Style(True, "formal"), "profanity=MASK;formality=FORMAL"),
    ],
)
def test_a_style_is_named_as_amazon_s_settings_are(style: Style, named: str) -> None:
    assert str(style) == named


def test_formality_is_for_the_languages_that_have_it() -> None:
    assert FORMALITY_LANGUAGES < CODES
    assert Style(True, "formal").in_language("de") == Style(True, "formal")
    assert Style(True, "formal").in_language("pt") == Style(masks_profanity=True)
