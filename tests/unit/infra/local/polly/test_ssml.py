"""The words of a text in SSML."""

import pytest

from infra.local.polly.ssml import InvalidSsml, words


@pytest.mark.parametrize(
    ("ssml", "said"),
    [
        ("<speak>Hello.</speak>", "Hello."),
        ("<speak>Hello <break time='1s'/>world.</speak>", "Hello , world."),
        ('<speak><prosody rate="fast">A &amp; B</prosody></speak>', "A & B"),
        ('<speak xmlns="http://www.w3.org/2001/10/synthesis">Olá</speak>', "Olá"),
    ],
)
def test_markup_is_not_said(ssml: str, said: str) -> None:
    assert words(ssml) == said


@pytest.mark.parametrize(
    "ssml",
    [
        "Hello.",
        "<speak>Hello.",
        "<p>Hello.</p>",
        "<speak>&nbsp;</speak>",
        '<!DOCTYPE s [<!ENTITY a "b">]><speak>&a;</speak>',
        '<!doctype s [<!ENTITY f SYSTEM "file:///etc/hosts">]><speak>&f;</speak>',
    ],
)
def test_what_is_not_ssml_is_refused(ssml: str) -> None:
    with pytest.raises(InvalidSsml):
        words(ssml)
