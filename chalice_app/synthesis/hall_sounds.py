"""Sounds that several functions need at once: each has a batch of a large hall.

One of them makes a sound, and the others find it in the store. Otherwise a sentence would be paid
for once a batch, and neural voices, which answer eight calls a second, would be throttled: a part
of a hall would hear another voice than the rest.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256

from chalice_app.domain.errors import Unavailable
from chalice_app.domain.sentence import SentenceRef
from chalice_app.synthesis.ports import SentenceClaims
from chalice_app.synthesis.sounds import SOUND_SECONDS, Sound, Sounds

LOOK_AGAIN_SECONDS = 0.15
"""How often somebody who waits looks into the store: a sound takes 0.2 s and more."""


@dataclass(frozen=True, slots=True)
class HallSounds:
    """The same sounds, made by whoever is first to claim one."""

    sounds: Sounds
    claims: SentenceClaims
    wait: Callable[[float], None] = time.sleep

    def sound(self, ref: SentenceRef, language: str, text: str) -> Sound:
        """As `Sounds.sound`, which it calls where it is the first, or has waited in vain."""
        found = self.sounds.find(language, text)
        if found is None and not self._is_first(ref, language, text):
            found = self._awaited(language, text)
        return found or self.sounds.sound(ref, language, text)

    def _is_first(self, ref: SentenceRef, language: str, text: str) -> bool:
        digest = sha256(text.encode()).hexdigest()[:16]
        try:
            return self.claims.claim_part(ref, f"sound.{language}.{digest}")
        except Unavailable:
            return True

    def _awaited(self, language: str, text: str) -> Sound | None:
        """The sound that another function is making, if it is there in the time that it has."""
        for _ in range(round(SOUND_SECONDS / LOOK_AGAIN_SECONDS)):
            self.wait(LOOK_AGAIN_SECONDS)
            if found := self.sounds.find(language, text):
                return found
        return None
