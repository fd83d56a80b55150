"""Corrections of single words, each with the sentence that showed the fault."""

import pytest

from infra.local.translate.engine.corrections import corrected


@pytest.mark.parametrize(
    ("mode", "sentence", "given"),
    [
        ("pt-es", "parte dessa guerra e Desses homens", "parte de essa guerra e De esses homens"),
        ("pt-es", "dessalinizar o desse", "dessalinizar o de esse"),
        ("pt-es", "O que é isso?", "Que é isso?"),
        ("pt-es", "O que é isso, sei.", "O que é isso, sei."),
        ("pt-es", "Nós vimos a casa.", "Nós temos visto a casa."),
        ("pt-es", "Vimos a casa.", "Temos visto a casa."),
        ("pt-es", "Vimos por este meio dizer", "Vimos por este meio dizer"),
        ("pt-es", "Eles nos viram.", "Eles nos têm visto."),
        ("pt-es", "Eles viram para a esquerda.", "Eles viram para a esquerda."),
        ("pt-es", "A ponte foi reparada.", "A ponte foi consertada."),
        ("pt-es", "Temos de reparar o telhado.", "Temos de consertar o telhado."),
        ("pt-es", "Ele reparou no erro e no reparo.", "Ele reparou no erro e no reparo."),
        ("pt-gl", "parte dessa guerra", "parte dessa guerra"),
        ("en-pt", "Thank you, all.", "Thanks, all."),
        ("en-pt", '"thank you"', '"thanks"'),
        ("en-pt", "I thank you.", "I thank you."),
        ("en-pt", "Good morning, everyone!", "Good morning to everyone!"),
        ("en-pt", "Hello everyone, hi.", "Hello, everyone, hi."),
        ("en-pt", "Bye-bye!", "Goodbye!"),
        ("en-pt", "Great work", "Great work"),
        ("en-pt", "I am so sorry.", "Sorry."),
        ("en-pt", "Doors close at nine", "Doors close at nine o'clock"),
        ("en-pt", "Come at ten, or at two people's", "Come at ten o'clock, or at two people's"),
        ("pt-en", "Obrigada!", "Obrigado!"),
    ],
)
def test_before_the_model(mode: str, sentence: str, given: str) -> None:
    seen: list[str] = []

    def translate(text: str) -> str:
        seen.append(text)
        return text

    corrected(mode, translate)(sentence)
    assert seen == [given]


@pytest.mark.parametrize(
    ("mode", "translated", "expected"),
    [
        ("en-pt", "Bom dia, Senhoras e Senhores Deputados.", "Bom dia, senhoras e senhores."),
        ("en-pt", "O trem sai no X1000X.", "O trem sai às X1000X."),
        ("en-pt", "de X1000X até o X1001X", "das X1000X até às X1001X"),
        ("en-pt", "É o X1000X, para o X1001X", "São X1000X, às X1001X"),
        ("pt-es", "hasta a las 9", "hasta las 9"),
        ("en-pt", "no X0X", "no X0X"),
        ("en-pt", "Amen.", "Amém."),
        ("en-pt", "Hallelujah (em inglês).", "Aleluia."),
        ("pt-gl", "El dixen que non", "El dixo que non"),
        ("pt-gl", "Eu non o dixen", "Eu non o dixen"),
        ("es-fr", "Soi, il est clair", "Oui, il est clair"),
        ("es-fr", "Grâces à tous", "Merci à tous"),
        ("es-fr", "Ne.", "Non."),
        ("es-fr", "Ne pas", "Ne pas"),
        ("spa-ita", "Non!", "No!"),
        ("spa-ita", "¡Muchas grazie!", "Molte grazie!"),
        ("spa-ita", "¿ Mi sentite bene?", "Mi sentite bene?"),
        ("spa-cat", "Moltes gràcies", "Moltes gràcies"),
    ],
)
def test_after_the_model(mode: str, translated: str, expected: str) -> None:
    assert corrected(mode, lambda _: translated)("text") == expected
