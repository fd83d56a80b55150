"""The ports of `chalice_app.admission`."""

from collections.abc import Iterable, Mapping

from chalice_app.admission.ports import NO_GUARDS
from chalice_app.domain.errors import ConditionFailed
from tests.fakes.memory import MemoryTable


class MemoryCounters(MemoryTable):
    """`CounterStore`; `expiries` says when each counter goes (epoch seconds)."""

    def __init__(self) -> None:
        super().__init__()
        self._counters: dict[str, dict[str, int]] = {}
        self.expiries: dict[str, int] = {}

    def count(
        self,
        key: str,
        most: Mapping[str, int],
        expires_at: int,
        by: int = 1,
        guards: Mapping[str, int] = NO_GUARDS,
    ) -> None:
        self._called("count")
        with self._lock:
            counts = self._counters.get(key, {})
            if any(counts.get(name, 0) + by > limit for name, limit in most.items()) or any(
                counts.get(name, 0) >= limit for name, limit in guards.items()
            ):
                raise ConditionFailed("a count is at its limit", dict(counts))
            self._counters[key] = counts | {name: counts.get(name, 0) + by for name in most}
            self.expiries[key] = expires_at

    def refund(self, key: str, name: str, by: int) -> None:
        self._called("refund")
        with self._lock:
            counts = self._counters.setdefault(key, {})
            counts[name] = counts.get(name, 0) - by

    def add(self, key: str, amounts: Mapping[str, int], expires_at: int) -> None:
        self._called("add")
        with self._lock:
            counts = self._counters.setdefault(key, {})
            for name, by in amounts.items():
                counts[name] = counts.get(name, 0) + by
            self.expiries[key] = expires_at

    def get_many(self, keys: Iterable[str]) -> Mapping[str, Mapping[str, int]]:
        self._called("get_many")
        with self._lock:
            return {key: dict(self._counters[key]) for key in keys if key in self._counters}

    def get_counts(self, key: str) -> Mapping[str, int]:
        self._called("get_counts")
        with self._lock:
            return dict(self._counters.get(key, {}))
