"""The kinds of token that no model may touch, and the words that look like them."""

import re

import pytest

from infra.local.translate.engine.masking import masked, matches
from infra.local.translate.engine.orthography import is_shouted
from infra.local.translate.engine.shielded_tokens import KINDS, Kind, list_mark_end, shield
from tests.quality.token_sentences import TOKEN_SENTENCES
from tests.quality.tokens import is_unharmed, marked

EXAMPLES = [(kind, example) for kind in KINDS for example in kind.examples]


def kept(text: str, source: str = "en") -> list[str]:
    """What the shield keeps of a text."""
    pattern = shield(source, is_shouted(text))
    return [text[start:end] for start, end in matches(pattern, text)]


def spoil(sentence: str) -> str:
    """A translation that reads each letter as a word, as the models do, and spoils all others."""
    return re.sub(r"(?!X\d+X)\b\w+", "Lo", sentence)


@pytest.mark.parametrize(("kind", "example"), EXAMPLES)
def test_every_example_is_kept(kind: Kind, example: str) -> None:
    part = re.search(r"\[(.+)\]", example)
    text = example.replace("[", "").replace("]", "") if part else f"we know {example} now"
    source = "en" if "en" in (kind.sources or ("en",)) else kind.sources[0]
    assert (part[1] if part else example) in kept(text, source)


@pytest.mark.parametrize(
    "sentence",
    [
        "A man came, and I am here.",
        "O Lord, hear us, O Lord.",
        "Oh, I do NOT know, and he said YES.",
        "Once Upon A Time",
        "A T-shirt, an X-ray and a U-turn.",
        "In the room a man stood.",
        "It's what I'd say, isn't it? Don't, You're, Ma'am",
        "The 1990s were good.",
        "Mr. Smith met Dr. Jones on Monday.",
        "They were 1,500 people in 2024, or 3.5 percent.",
    ],
)
def test_words_are_translated(sentence: str) -> None:
    assert kept(sentence) == []


@pytest.mark.parametrize(
    "sentence", ["O quarto é meu.", "E agora?", "A casa e a porta", "Vi A Vida"]
)
def test_portuguese_words_of_one_letter_are_words(sentence: str) -> None:
    assert kept(sentence, "pt") == []


def test_the_letter_is_kept_and_the_word_before_it_is_not() -> None:
    assert kept("ROOM E IS OPEN FOR THE R&D TEAM") == ["E", "R&D"]
    assert kept("Take plan B. The next one is C.") == ["B", "C"]
    assert kept("A sala E e o Plano B", "pt") == ["E", "B"]


def test_a_mark_that_begins_a_line_is_apart_from_initials() -> None:
    assert list_mark_end("en", "  (b) Go.") == 6
    assert list_mark_end("en", "iv. Go.") == 4
    assert list_mark_end("en", "E. O. Wilson came.") == 0
    assert list_mark_end("en", "Go (b) there.") == 0


@pytest.mark.parametrize(
    "sentence", [each for sentences in TOKEN_SENTENCES.values() for each in sentences]
)
def test_a_model_that_spoils_every_letter_harms_no_token(sentence: str) -> None:
    plain, token = marked(sentence)
    assert is_unharmed(token, plain, masked(shield("en"), plain, spoil))
