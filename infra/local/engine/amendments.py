"""Corrections for words that the packaged dictionaries get wrong often enough to be heard.

Each was seen in the output of the version named; none is more than a word or two long. The rest of
what rules cannot do is told by a language's badge.
"""

import re
from collections.abc import Callable, Iterable, Mapping

from infra.local.engine.shield import STAND_IN, shielded

Translate = Callable[[str], str]
Amendment = tuple[re.Pattern[str], str]

# "D.C." is a date to apertium-es-pt ("d.J.C.", after Christ).
_INITIALS = re.compile(rf"{STAND_IN.pattern}|\b(?:[A-Z]\.){{2,}}")

_BEFORE: Mapping[str, Iterable[Amendment]] = {
    # apertium-es-pt 1.1.6: "dessa" (of that) is taken for a verb: "desala" (desalinates).
    "pt-es": [(re.compile(r"\b([Dd])(ess[ea]s?)\b"), r"\1e \2")],
}
_AFTER: Mapping[str, Iterable[Amendment]] = {
    # apertium-pt-gl 0.9.3: "ele disse" (he said) becomes the first person, as "eu disse" is.
    "pt-gl": [(re.compile(r"^(?!.*\beu\b)(.*)\bdixen\b", re.IGNORECASE), r"\1dixo")],
    # apertium-fr-es 0.9.4: "Sí." and "No." as sentences or before a comma.
    "es-fr": [
        (re.compile(r"^Soi(?=[,.;:!?]|$)"), "Oui"),
        (re.compile(r"^Ne(?=[,.;:!?]|$)"), "Non"),
    ],
    # apertium-spa-ita 0.2.1: the same "No.", thanks half translated, Spanish marks kept.
    "spa-ita": [
        (re.compile(r"^Non(?=[,.;:!?]|$)"), "No"),
        (re.compile(r"\b([Mm])uchas grazie\b"), r"\1olte grazie"),
        (re.compile(r"[¿¡]\s?"), ""),
    ],
}


def amended(mode: str, translate: Translate) -> Translate:
    """A mode's translation with the corrections before and after it."""

    def translate_amended(sentence: str) -> str:
        prepared = _apply(_BEFORE.get(mode, ()), sentence)
        return _apply(_AFTER.get(mode, ()), shielded(_INITIALS, prepared, translate))

    return translate_amended


def _apply(amendments: Iterable[Amendment], sentence: str) -> str:
    for pattern, replacement in amendments:
        sentence = pattern.sub(replacement, sentence)
    return sentence
