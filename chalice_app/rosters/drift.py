"""What is wrong with counts and rosters at one look, as values: who is counted where, and is where.

`repair` looks, waits, looks again and corrects what `lasting` has left.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import chain

from chalice_app.domain.session import Connection
from chalice_app.rosters.ledger import Deltas, LedgerKey, Place, SessionCounts, SessionKey

Spot = tuple[SessionKey, Place]
"""A session, and the place in it where a connection is, or is counted."""

Misplaced = Mapping[LedgerKey, tuple[Spot | None, Spot | None]]
"""By connection: where it is and where it is counted, None being nowhere."""

Miscounted = Mapping[SessionKey, tuple[SessionCounts, Deltas]]
"""By session: its counts, and what to add to them to make them right."""


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
        """By how many listeners the rosters and the counts, of voices too, are wrong, together."""
        off = (
            chain(deltas.languages.values(), deltas.voices.values())
            for _, deltas in self.counts.values()
        )
        sums = ((seen.listener_count or 0) - seen.total for seen, _ in self.counts.values())
        return len(self.connections) + sum(map(abs, chain(*off, sums)))


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


def misplaced(connected: Mapping[LedgerKey, Spot], counted: Mapping[LedgerKey, Spot]) -> Misplaced:
    """The connections that are counted elsewhere than they are."""
    return {
        key: (connected.get(key), counted.get(key))
        for key in connected.keys() | counted.keys()
        if connected.get(key) != counted.get(key)
    }


def miscounted(
    counts: Mapping[SessionKey, SessionCounts], counted: Mapping[LedgerKey, Spot]
) -> Miscounted:
    """The sessions whose counts are not those of their rows."""
    rows: defaultdict[SessionKey, list[Place]] = defaultdict(list)
    for key, place in counted.values():
        rows[key].append(place)
    found = {}
    for key, seen in counts.items():
        deltas = corrections(seen, rows[key])
        if is_off(seen, deltas):
            found[key] = (seen, deltas)
    return found


def corrections(seen: SessionCounts, rows: Iterable[Place]) -> Deltas:
    """What to add to the counts to make them those of the rows."""
    languages, voices = Counter[str](), Counter[str]()
    for language, wants_voice in rows:
        languages[language] += 1
        voices[language] += wants_voice
    return Deltas(_missing(languages, seen.languages), _missing(voices, seen.voices))


def _missing(right: Mapping[str, int], seen: Mapping[str, int]) -> Mapping[str, int]:
    deltas = {
        language: right.get(language, 0) - seen.get(language, 0)
        for language in right.keys() | seen.keys()
    }
    return {language: delta for language, delta in sorted(deltas.items()) if delta}


def is_off(seen: SessionCounts, deltas: Deltas) -> bool:
    """Whether anything about a session's counts must be corrected."""
    return bool(deltas or seen.malformed) or seen.listener_count != seen.total
