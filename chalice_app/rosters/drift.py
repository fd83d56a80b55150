"""What is wrong with counts and rosters at one look, as values: who is counted where, and is where.

`repair` looks, waits, looks again and corrects what `lasting` has left.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from chalice_app.domain.session import Connection
from chalice_app.rosters.ledger import LedgerKey, SessionCounts, SessionKey

Place = tuple[SessionKey, str]
"""A session, and a language in it: where a connection is, or is counted."""

Misplaced = Mapping[LedgerKey, tuple[Place | None, Place | None]]
"""By connection: where it is and where it is counted, None being nowhere."""

Miscounted = Mapping[SessionKey, tuple[SessionCounts, Mapping[str, int]]]
"""By session: its counts, and what to add to each language to make them right."""


@dataclass(frozen=True, slots=True)
class Drift:
    """What is wrong at one look.

    `expired` connections are past their life, and API Gateway is about to close those that are
    `due_for_renewal`. Only the gateway knows whether the others, `to_check`, still exist.
    `outlived` are tombstones that nothing needs any more: they are no drift.
    """

    connections: Misplaced
    counts: Miscounted
    expired: frozenset[str]
    due_for_renewal: frozenset[str] = frozenset()
    to_check: tuple[Connection, ...] = ()
    outlived: frozenset[LedgerKey] = frozenset()

    @property
    def listeners(self) -> int:
        """By how many listeners the rosters and the counts are wrong, together."""
        off = sum(abs(delta) for _, deltas in self.counts.values() for delta in deltas.values())
        sums = ((seen.listener_count or 0) - seen.total for seen, _ in self.counts.values())
        return len(self.connections) + off + sum(map(abs, sums))


def lasting(first: Drift, second: Drift) -> Drift:
    """What is wrong at both looks in the same way; `to_check`, `outlived` need no second look."""
    return Drift(
        connections=dict(first.connections.items() & second.connections.items()),
        counts={
            key: (seen, off)
            for key, (seen, off) in second.counts.items()
            if key in first.counts and first.counts[key][1] == off
        },
        expired=second.expired,
        to_check=first.to_check,
        outlived=first.outlived,
    )


def misplaced(
    connected: Mapping[LedgerKey, Place], counted: Mapping[LedgerKey, Place]
) -> Misplaced:
    """The connections that are counted elsewhere than they are."""
    return {
        key: (connected.get(key), counted.get(key))
        for key in connected.keys() | counted.keys()
        if connected.get(key) != counted.get(key)
    }


def miscounted(
    counts: Mapping[SessionKey, SessionCounts], counted: Mapping[LedgerKey, Place]
) -> Miscounted:
    """The sessions whose counts are not those of their rows."""
    rows: defaultdict[SessionKey, Counter[str]] = defaultdict(Counter)
    for key, language in counted.values():
        rows[key][language] += 1
    found = {}
    for key, seen in counts.items():
        deltas = corrections(seen, rows[key])
        if is_off(seen, deltas):
            found[key] = (seen, deltas)
    return found


def corrections(seen: SessionCounts, rows: Mapping[str, int]) -> Mapping[str, int]:
    """What to add to each language's count to make it that of the rows."""
    deltas = {
        language: rows.get(language, 0) - seen.languages.get(language, 0)
        for language in rows.keys() | seen.languages.keys()
    }
    return {language: delta for language, delta in sorted(deltas.items()) if delta}


def is_off(seen: SessionCounts, deltas: Mapping[str, int]) -> bool:
    """Whether anything about a session's counts must be corrected."""
    return bool(deltas or seen.malformed) or seen.listener_count != seen.total
