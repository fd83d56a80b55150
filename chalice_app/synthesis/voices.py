"""The voices of Amazon Polly, a language each, and what serves where the best one is not to be had.

Source: https://docs.aws.amazon.com/polly/latest/dg/available-voices.html, as of November 2026.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from chalice_app.domain.dictation import GOOD

NEURAL, STANDARD = "neural", "standard"


@dataclass(frozen=True, slots=True)
class Voice:
    """A voice as Polly names it: its id, the code of what it speaks, and the engine."""

    voice_id: str
    language_code: str
    engine: str


_TABLE: Final = """
ar     ar-AE Hala       arb   Zeina
ca     ca-ES Arlet      -     -
cs     cs-CZ Jitka      -     -
cy     -     -          cy-GB Gwyneth
da     da-DK Sofie      da-DK Naja
de     de-DE Vicki      de-DE Vicki
de-AT  de-AT Hannah     de-DE Vicki
de-CH  de-CH Sabrina    de-DE Vicki
en     en-US Joanna     en-US Joanna
en-AU  en-AU Olivia     en-AU Nicole
en-GB  en-GB Amy        en-GB Amy
en-IE  en-IE Niamh      en-GB Amy
en-IN  en-IN Kajal      en-IN Aditi
en-NZ  en-NZ Aria       en-AU Nicole
en-ZA  en-ZA Ayanda     en-GB Amy
es     es-US Lupe       es-US Lupe
es-ES  es-ES Lucia      es-ES Lucia
es-MX  es-MX Mia        es-MX Mia
fi     fi-FI Suvi       -     -
fr     fr-FR Lea        fr-FR Lea
fr-BE  fr-BE Isabelle   fr-FR Lea
fr-CA  fr-CA Gabrielle  fr-CA Chantal
hi     hi-IN Kajal      hi-IN Aditi
is     -     -          is-IS Dora
it     it-IT Bianca     it-IT Bianca
ja     ja-JP Kazuha     ja-JP Mizuki
ko     ko-KR Seoyeon    ko-KR Seoyeon
nl     nl-NL Laura      nl-NL Lotte
nl-BE  nl-BE Lisa       nl-NL Lotte
no     nb-NO Ida        nb-NO Liv
pl     pl-PL Ola        pl-PL Ewa
pt     pt-BR Camila     pt-BR Camila
pt-PT  pt-PT Ines       pt-PT Ines
ro     -     -          ro-RO Carmen
ru     -     -          ru-RU Tatyana
sv     sv-SE Elin       sv-SE Astrid
tr     tr-TR Burcu      tr-TR Filiz
zh     cmn-CN Zhiyu     cmn-CN Zhiyu
"""
"""A tag, its neural voice, its standard one. Neural voices answer eight calls a second and are in
some regions only; standard ones answer eighty and are everywhere. Source:
https://docs.aws.amazon.com/polly/latest/dg/limits.html
"""

_OTHER_ENGINES: Final = {"gl": (Voice("Sabela", "gl-ES", STANDARD),)}
"""What other engines behind Polly's protocol speak, and Polly does not."""

_UNLIKE: Final = frozenset({"zh"})
"""Languages whose regions speak or write so differently that one's voice is not the other's."""


def voices_of(language: str) -> tuple[Voice, ...]:
    """The voices of a language, the best first; none where nothing speaks it.

    A region without a voice has its language's: `es-AR` is spoken as `es`.
    """
    return _BY_TAG.get(language) or _BY_TAG.get(_base(language), ())


def voice_quality(language: str, offered: Mapping[str, str]) -> str | None:
    """How good a stage's voice for a language is, by its tag's entry or that of its base language.

    None where the stage has no voice for it.
    """
    if not voices_of(language):
        return None
    return offered.get(language) or offered.get(_base(language))


def _base(language: str) -> str:
    base = language.partition("-")[0]
    return language if base in _UNLIKE else base


def _row(line: str) -> tuple[str, tuple[Voice, ...]]:
    tag, neural_code, neural, standard_code, standard = line.split()
    named = ((neural, neural_code, NEURAL), (standard, standard_code, STANDARD))
    return tag, tuple(Voice(*each) for each in named if each[0] != "-")


_POLLY: Final = dict(_row(line) for line in _TABLE.strip().splitlines())
_BY_TAG: Final[Mapping[str, tuple[Voice, ...]]] = _POLLY | _OTHER_ENGINES

ALL_GOOD: Final[Mapping[str, str]] = dict.fromkeys(_POLLY, GOOD)
"""What Polly offers."""
