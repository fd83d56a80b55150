"""Polly's voices by their names: what `DescribeVoices` and `VoiceId` know.

As https://docs.aws.amazon.com/polly/latest/dg/available-voices.html lists them. A voice of a
language is as good as any other here: the stage has one sound a language. Sabela is not Polly's:
it is the name by which the application asks for Galician, which Polly does not speak.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

_ENGINES: Final = {"s": "standard", "n": "neural", "l": "long-form", "g": "generative"}

# A line a language: its code, then each voice with its gender and its engines.
_TABLE: Final = """
arb       Zeina:F:s
ar-AE     Hala:F:n Zayd:M:n
ca-ES     Arlet:F:n
cmn-CN    Zhiyu:F:ns
cs-CZ     Jitka:F:n
cy-GB     Gwyneth:F:s
da-DK     Naja:F:s Mads:M:s Sofie:F:n
de-AT     Hannah:F:n
de-CH     Sabrina:F:n
de-DE     Vicki:F:ns Marlene:F:s Hans:M:s Daniel:M:n Lennart:M:g
en-AU     Russell:M:s Nicole:F:s Olivia:F:n
en-GB     Emma:F:ns Brian:M:ns Amy:F:gns Arthur:M:n
en-GB-WLS Geraint:M:s
en-IE     Niamh:F:n
en-IN     Raveena:F:s Aditi:F:s Kajal:F:n
en-NZ     Aria:F:n
en-SG     Jasmine:F:n
en-US     Danielle:F:ln Gregory:M:ln Kevin:M:n Salli:F:ns Matthew:M:gns Kimberly:F:ns Kendra:F:ns
en-US     Justin:M:ns Joey:M:ns Joanna:F:ns Ivy:F:ns Ruth:F:gln Stephen:M:n Tiffany:F:g
en-ZA     Ayanda:F:n
es-ES     Lucia:F:ns Enrique:M:s Conchita:F:s Sergio:M:n
es-MX     Mia:F:ns Andres:M:n
es-US     Penelope:F:s Miguel:M:s Lupe:F:ns Pedro:M:n
fi-FI     Suvi:F:n
fr-BE     Isabelle:F:n
fr-CA     Chantal:F:s Gabrielle:F:n Liam:M:n
fr-FR     Mathieu:M:s Lea:F:ns Celine:F:s Remi:M:n Ambre:F:g Florian:M:g
gl-ES     Sabela:F:s
is-IS     Karl:M:s Dora:F:s
it-IT     Bianca:F:ns Giorgio:M:s Carla:F:s Adriano:M:n Beatrice:F:g Lorenzo:M:g
ja-JP     Kazuha:F:n Tomoko:F:n Takumi:M:ns Mizuki:F:s
ko-KR     Seoyeon:F:ns Jihye:F:n
nb-NO     Ida:F:n Liv:F:s
nl-BE     Lisa:F:n
nl-NL     Ruben:M:s Lotte:F:s Laura:F:n
pl-PL     Maja:F:s Jan:M:s Jacek:M:s Ewa:F:s Ola:F:n
pt-BR     Vitoria:F:ns Ricardo:M:s Camila:F:ns Thiago:M:n
pt-PT     Ines:F:ns Cristiano:M:s
ro-RO     Carmen:F:s
ru-RU     Tatyana:F:s Maxim:M:s
sv-SE     Elin:F:n Astrid:F:s
tr-TR     Burcu:F:n Filiz:F:s
yue-CN    Hiujin:F:n
"""
_BILINGUAL: Final = {"Aditi": "hi-IN", "Kajal": "hi-IN", "Hala": "arb", "Zayd": "arb"}


@dataclass(frozen=True, slots=True)
class PollyVoice:
    """One of Polly's voices."""

    name: str
    language_code: str
    gender: str
    engines: tuple[str, ...]
    other_language: str | None = None
    """The code of the second language of a bilingual voice."""

    def language(self, code: str | None = None) -> str:
        """The language that it speaks (`es`), in the variant that a request names."""
        return (code or self.language_code).partition("-")[0]


def _voices() -> Iterator[PollyVoice]:
    for line in _TABLE.strip().splitlines():
        code, *voices = line.split()
        for each in voices:
            name, gender, engines = each.split(":")
            named = tuple(_ENGINES[letter] for letter in engines)
            spelled = {"F": "Female", "M": "Male"}[gender]
            yield PollyVoice(name, code, spelled, named, _BILINGUAL.get(name))


VOICES: Final[Mapping[str, PollyVoice]] = {voice.name: voice for voice in _voices()}
"""Each voice by its `VoiceId`."""
LANGUAGE_CODES: Final = frozenset(
    [each.language_code for each in VOICES.values()] + list(_BILINGUAL.values())
)
LANGUAGES: Final = frozenset(each.language() for each in VOICES.values())
"""The languages of all these voices, as the application names them."""
