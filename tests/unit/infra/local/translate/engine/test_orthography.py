"""Capitals and opening marks."""

import pytest

from infra.local.translate.engine.orthography import (
    as_spanish_writes,
    in_plain_case,
    in_sentence_case,
)


@pytest.mark.parametrize(
    ("sentence", "seen_by_the_model"),
    [
        ("HELLO EVERYONE, WELCOME!", "Hello everyone, welcome!"),
        ("THANK YOU", "Thank you"),
        ("WELCOME!", "Welcome!"),
        ("SO AM I, AND I MEAN IT.", "So am I, and I mean it."),
        ("NASA", "NASA"),
        ("NASA AND THE FBI met", "NASA AND THE FBI met"),
        ("42 OK", "42 OK"),
        ("", ""),
    ],
)
def test_shouting_is_lowered_and_acronyms_are_not(sentence: str, seen_by_the_model: str) -> None:
    seen: list[str] = []

    def translate(text: str) -> str:
        seen.append(text)
        return text

    assert in_sentence_case(sentence, "en", translate) == sentence
    assert seen == [seen_by_the_model]


def test_only_english_has_a_capital_i() -> None:
    assert in_sentence_case("I DUE AMICI", "it", lambda text: text.replace("i", "y")) == (
        "I DUE AMYCY"
    )


@pytest.mark.parametrize(
    ("sentence", "translated", "expected"),
    [
        ("Good day", "buen día", "Buen día"),
        ('"Good day"', '"buen día"', '"Buen día"'),
        ("X0X Good", "X0X bueno", "X0X Bueno"),
        ("X0X is here", "X0X Est ici", "X0X est ici"),
        ("good day", "Buen día", "Buen día"),
        ("good day", "buen día", "buen día"),
        ("Good", "", ""),
        ("42", "42", "42"),
    ],
)
def test_the_first_capital_stays(sentence: str, translated: str, expected: str) -> None:
    assert in_sentence_case(sentence, "en", lambda _: translated) == expected


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        ("Donde está?", "¿Dónde está?"),
        ("Está como usted?", "¿Está como usted?"),
        ("cuantas hay?", "¿cuántas hay?"),
        ("UNESCO?", "¿UNESCO?"),
        ("EL agua es vida.", "El agua es vida."),
        ("EL agua está fría?", "¿El agua está fría?"),
        ("EL AL", "EL AL"),
        ("¿Dónde está?", "¿Dónde está?"),
        ("Pero, ¿dónde?", "Pero, ¿dónde?"),
        ("Gracias!", "¡Gracias!"),
        ("Aquí.", "Aquí."),
        ("", ""),
    ],
)
def test_spanish_opens_what_it_closes_and_accents_what_it_asks_with(
    sentence: str, expected: str
) -> None:
    assert as_spanish_writes(sentence) == expected


@pytest.mark.parametrize(
    ("sentence", "seen_by_the_model"),
    [
        ("Doors Close At Nine", "Doors close at nine"),
        ("Doors Close at Nine.", "Doors close at nine."),
        ("Please Wait Here", "Please wait here"),
        ("X0X Opens On Monday", "X0X Opens on Monday"),
        ("Where Can I Park", "Where can I park"),
        ("Martin Luther King", "Martin Luther King"),
        ("The Bank of America", "The Bank of America"),
        ("Welcome to Boston", "Welcome to Boston"),
        ("The doors close at Nine", "The doors close at Nine"),
        ("Good Morning", "Good Morning"),
        ("GO IN NOW", "GO IN NOW"),
    ],
)
def test_a_headline_is_lowered_and_a_name_is_not(sentence: str, seen_by_the_model: str) -> None:
    seen: list[str] = []

    def translate(text: str) -> str:
        seen.append(text)
        return "x"

    in_plain_case(sentence, "en", translate)
    assert seen == [seen_by_the_model]


def test_a_name_in_a_headline_has_its_capital_back() -> None:
    assert in_plain_case(
        "Talk By Maria Silva At Noon", "en", lambda _: "fala de maria silva a"
    ) == ("fala de Maria Silva a")


def test_headlines_are_an_english_custom() -> None:
    assert in_plain_case("A Casa De Pedra Em Chamas", "pt", str) == "A Casa De Pedra Em Chamas"
