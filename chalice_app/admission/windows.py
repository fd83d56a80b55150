"""Counts that stop at their limits, in rows of one minute or hour that all functions share.

An address over a limit is refused from this process's memory until the window is over, so a flood
costs one write a container. Addresses, tokens and names are stored as hashes. There are only 2**32
addresses, so the hash hides one from a glance and not from an attacker; the row is deleted by its
time to live.
"""

import hashlib
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

from chalice_app.admission.ports import CounterStore
from chalice_app.domain.clock import Clock
from chalice_app.domain.errors import ConditionFailed, RateLimited

MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS

_REMEMBERED = 4_096
"""Full counts that a process remembers: half a megabyte."""

_ROW_SECONDS = 60
"""A row outlives its window by as much as two machines' clocks may differ, and more."""

Limits = dict[str, int]
"""The highest value of each count, by its name; 0 means that the count has no limit."""

NONE: Limits = {}


@dataclass(slots=True)
class Windows:
    """Counts for one address, token, session or owner each, and which of them are full."""

    counters: CounterStore
    clock: Clock
    _full: set[tuple[str, str]] = field(default_factory=set)

    def require(
        self,
        kind: str,
        who: str,
        most: Limits,
        guards: Limits = NONE,
        window_ms: int = MINUTE_MS,
    ) -> None:
        """Counts as `spend` does.

        Raises:
            RateLimited: a count is at its limit.
            Unavailable: the counters cannot be reached.
        """
        if self.spend(kind, who, most, guards, window_ms):
            raise self.refusal(window_ms)

    def spend(
        self,
        kind: str,
        who: str,
        most: Limits,
        guards: Limits = NONE,
        window_ms: int = MINUTE_MS,
    ) -> Collection[str]:
        """Adds one to the counts of `most`, unless one of them or of `guards` is at its limit.

        Returns those that are.

        Raises:
            Unavailable: the counters cannot be reached.
        """
        most, guards = _held(most), _held(guards)
        limits = {**most, **guards}
        if not limits:
            return ()
        key, left_ms = self._window(kind, who, window_ms)
        if remembered := {name for name in limits if (key, name) in self._full}:
            return remembered
        end = (self.clock.now_ms() + left_ms) // 1000
        try:
            self.counters.count(key, most, end + _ROW_SECONDS, guards=guards)
        except ConditionFailed as failure:
            full = {name for name, limit in limits.items() if _count(failure, name) >= limit}
            if len(self._full) >= _REMEMBERED:
                self._full.clear()
            self._full.update((key, name) for name in full)
            return full
        return ()

    def refuse_remembered(self, kind: str, who: str, names: Iterable[str]) -> None:
        """Refuses without a call where this process remembers that one of the counts is full.

        Raises:
            RateLimited: it does.
        """
        key, left_ms = self._window(kind, who, MINUTE_MS)
        if any((key, name) in self._full for name in names):
            raise _refusal(left_ms)

    def refusal(self, window_ms: int = MINUTE_MS) -> RateLimited:
        """The error that says when the window ends."""
        return _refusal(window_ms - self.clock.now_ms() % window_ms)

    def _window(self, kind: str, who: str, window_ms: int) -> tuple[str, int]:
        """The key of this window's counts, and how long the window still lasts (ms)."""
        number, past_ms = divmod(self.clock.now_ms(), window_ms)
        return f"limit#{kind}#{digest(f'{who}#{number}')}", window_ms - past_ms


def digest(text: str) -> str:
    """A text as it stands in a row's key; any text, also one with half a surrogate pair."""
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()[:32]


def _held(limits: Limits) -> Limits:
    return {name: limit for name, limit in limits.items() if limit}


def _count(failure: ConditionFailed, name: str) -> int:
    value = failure.found.get(name, 0)
    return value if isinstance(value, int) else 0


def _refusal(left_ms: int) -> RateLimited:
    return RateLimited("too many requests from here, try again later", retryAfterMs=left_ms)
