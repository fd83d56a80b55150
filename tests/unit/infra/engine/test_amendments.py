"""Corrections of single words, each with the sentence that showed the fault."""

import pytest

from infra.local.engine.amendments import amended


@pytest.mark.parametrize(
    ("mode", "sentence", "given"),
    [
        ("pt-es", "parte dessa guerra e Desses homens", "parte de essa guerra e De esses homens"),
        ("pt-es", "dessalinizar o desse", "dessalinizar o de esse"),
        ("pt-gl", "parte dessa guerra", "parte dessa guerra"),
        ("pt-es", "em Washington, D.C. ontem", "em Washington, X0X ontem"),
    ],
)
def test_before_the_rules(mode: str, sentence: str, given: str) -> None:
    seen: list[str] = []

    def translate(text: str) -> str:
        seen.append(text)
        return text

    amended(mode, translate)(sentence)
    assert seen == [given]


@pytest.mark.parametrize(
    ("mode", "translated", "expected"),
    [
        ("pt-gl", "El dixen que non", "El dixo que non"),
        ("pt-gl", "Eu non o dixen", "Eu non o dixen"),
        ("es-fr", "Soi, il est clair", "Oui, il est clair"),
        ("es-fr", "Ne.", "Non."),
        ("es-fr", "Ne pas", "Ne pas"),
        ("spa-ita", "Non!", "No!"),
        ("spa-ita", "¡Muchas grazie!", "Molte grazie!"),
        ("spa-ita", "¿ Mi sentite bene?", "Mi sentite bene?"),
        ("spa-cat", "Moltes gràcies", "Moltes gràcies"),
    ],
)
def test_after_the_rules(mode: str, translated: str, expected: str) -> None:
    assert amended(mode, lambda _: translated)("text") == expected


def test_initials_pass_by_the_rules() -> None:
    assert amended("spa-cat", str.lower)("De D.C. a X0X") == "de D.C. a X0X"
