"""Translating sentences: for those who hear them now, and for those who return."""

from dataclasses import dataclass
from functools import cached_property

from chalice_app.admission.budget import Budget
from chalice_app.bootstrap.parts import LANGUAGE_THREADS, Parts
from chalice_app.cache.hit_buffer import HitBuffer
from chalice_app.cache.lookup import TranslationCache
from chalice_app.glossary.glossaries import Glossaries
from chalice_app.translation.engine import TranslationEngine
from chalice_app.translation.preparation import Preparation
from chalice_app.translation.sentence_translator import SentenceTranslator

_PREPARED_AT_ONCE = 4
"""Sentences of a prepared text that are translated side by side: the engine is a talk's first."""


@dataclass(frozen=True)
class TranslationParts(Parts):
    """The engine and the cache in front of it."""

    @cached_property
    def engine(self) -> TranslationEngine:
        """The engine, in its own threads: deliveries must never wait for a hung translation."""
        threads = self._executor("translation", LANGUAGE_THREADS)
        return TranslationEngine(self.adapters.translator, threads, self.adapters.clock)

    @cached_property
    def cache(self) -> TranslationCache:
        """Translations made before."""
        return TranslationCache(
            self.adapters.cache,
            self.adapters.clock,
            self.settings.cache_ttl_seconds,
            self.hit_buffer,
            self._executor("cache"),
        )

    @cached_property
    def hit_buffer(self) -> HitBuffer:
        """This container's cache hits, until they are written."""
        return HitBuffer(self.adapters.hits, self.adapters.clock)

    @cached_property
    def glossaries(self) -> Glossaries:
        """What the sessions say about words."""
        return Glossaries(self.adapters.glossaries, self._executor("glossaries"))

    @cached_property
    def sentence_translator(self) -> SentenceTranslator:
        """Sentences as captions, in their listeners' languages."""
        budget = Budget(self.adapters.counters, self.settings.limits.character_budget)
        return SentenceTranslator(self.engine, self.cache, budget, self.glossaries)

    @cached_property
    def preparation(self) -> Preparation:
        """A prepared text's sentences, translated before they are spoken."""
        threads = self._executor("preparation", _PREPARED_AT_ONCE)
        return Preparation(
            self.sentence_translator, threads, self.adapters.metrics, self.adapters.clock
        )
