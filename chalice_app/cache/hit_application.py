"""Brings the containers' hits to the entries they are of."""

import logging
from collections import Counter
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from time import sleep

from chalice_app.cache.hits import HitBatch, language_pair, merge_rows, plan_updates
from chalice_app.cache.ports import HitStore
from chalice_app.domain.clock import Clock
from chalice_app.domain.errors import Conflict, Unavailable
from chalice_app.domain.retrying import retry_pending

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class Applied:
    """What became of some hit rows.

    `saved` counts the characters whose translation the hits made unnecessary, by language pair such
    as `en:es`; `failed` names the rows that are still to be applied.
    """

    saved: Counter[str] = field(default_factory=Counter)
    failed: set[str] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class HitApplication:
    """Applies hit rows, each exactly once however often it is asked to.

    `wait` takes the seconds to wait before reading again.
    """

    store: HitStore
    clock: Clock
    wait: Callable[[float], None] = sleep

    def apply(self, names: Iterable[str]) -> Applied:
        """Applies those of the named rows that are still there.

        Raises:
            Unavailable: the rows could not be read; what was applied before stays so.
        """
        applied = Applied()

        def settle(pending: Collection[str]) -> Collection[str]:
            rows = self.store.get_hit_rows(sorted(pending))
            batches = merge_rows(rows.values())
            return {name for batch in batches for name in self._apply(batch, applied)}

        applied.failed.update(retry_pending(set(names), settle, self.wait))
        return applied

    def _apply(self, batch: HitBatch, applied: Applied) -> Collection[str]:
        """Applies a batch; returns the rows to read again."""
        try:
            uses = self.store.get_uses(batch.hits)
            updates = list(plan_updates(batch.hits, uses, self.clock.now_ms()))
            self.store.apply_hits(batch.names, updates)
        except Conflict:
            return batch.names
        except Unavailable:
            _log.exception("%d hit rows could not be applied", len(batch.names))
            applied.failed.update(batch.names)
            return ()
        for update in updates:
            pair = language_pair(update.cache_key)
            applied.saved[pair] += update.count * uses[update.cache_key].characters
        return ()
