"""What changes of the CachedTranslations table cause."""

from dataclasses import dataclass
from functools import cached_property

from chalice_app.bootstrap.parts import Parts
from chalice_app.cache.eviction import Eviction
from chalice_app.cache.hit_application import HitApplication
from chalice_app.cache.update import CacheUpdate


@dataclass(frozen=True)
class CacheParts(Parts):
    """Access statistics, and eviction."""

    @cached_property
    def cache_update(self) -> CacheUpdate:
        """What a batch of the CachedTranslations stream causes."""
        adapters = self.adapters
        hits = HitApplication(adapters.hits, adapters.clock)
        return CacheUpdate(hits, self.eviction, adapters.metrics)

    @cached_property
    def eviction(self) -> Eviction:
        """What keeps the cache at its limit."""
        adapters, limit = self.adapters, self.settings.max_cache_entries
        return Eviction(adapters.recency, adapters.metrics, adapters.clock, limit)
