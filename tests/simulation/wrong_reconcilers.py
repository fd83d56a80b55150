"""Mutants of the reconciler: parts of it replaced by others that look as good."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any

from chalice_app.aws.dynamodb.roster_survey import DynamoDbSurvey
from chalice_app.aws.dynamodb.rosters import RostersTable
from chalice_app.aws.dynamodb.sessions import LANGUAGE_PREFIX, REVISION, VOICE_PREFIX
from chalice_app.domain.clock import Clock
from chalice_app.domain.session import Connection
from chalice_app.rosters.ledger import (
    Deltas,
    LedgerKey,
    LedgerRow,
    SessionCounts,
    SessionKey,
    State,
)
from chalice_app.rosters.repair import Reconciler
from chalice_app.rosters.synchronisation import RosterSync, Synchronised
from tests.simulation.designs import Design
from tests.simulation.wrong_reads import StaleConnections

Replaced = Callable[[Reconciler], Mapping[str, Any]]
"""The parts of a reconciler that are to be others, by their names."""


def reconciler_with(name: str, replaced: Replaced) -> Design:
    """A design whose reconciler has other parts."""

    def reconciler(production: Reconciler) -> Reconciler:
        return replace(production, **replaced(production))

    return Design(name, reconciler=reconciler)


def surveying(name: str, survey: type[DynamoDbSurvey]) -> Design:
    """A design whose reconciler reads, or corrects, in another way."""

    def replaced(production: Reconciler) -> Mapping[str, Any]:
        tables = production.survey
        assert isinstance(tables, DynamoDbSurvey)
        return {"survey": survey(tables.sessions, tables.connections, tables.rosters)}

    return reconciler_with(name, replaced)


@dataclass(frozen=True)
class OneLook(DynamoDbSurvey):
    """Waits, and takes what it saw before for a second look."""

    _seen: dict[str, list[Any]] = field(default_factory=dict)

    def scan_connections(self) -> Iterator[Connection]:
        return self._once("connections", super().scan_connections)

    def scan_ledger(self) -> Iterator[tuple[LedgerKey, LedgerRow]]:
        return self._once("ledger", super().scan_ledger)

    def scan_counts(self) -> Iterator[SessionCounts]:
        return self._once("counts", super().scan_counts)

    def _once(self, name: str, scan: Callable[[], Iterable[Any]]) -> Iterator[Any]:
        if name not in self._seen:
            self._seen[name] = list(scan())
        return iter(self._seen[name])


class StaleRows(DynamoDbSurvey):
    """Counts a session's rows by eventually consistent reads, which cost half."""

    def scan_session(self, session: SessionKey) -> Iterator[LedgerRow]:
        rows = super().scan_ledger()
        return (row for key, row in rows if row.state is State.IN and key.session_key == session)


@dataclass(frozen=True)
class RowsFirst(DynamoDbSurvey):
    """Counts the rows of every session, then reads the counts that they are compared with."""

    _rows: dict[SessionKey, list[LedgerRow]] = field(default_factory=dict)

    def scan_counts(self) -> Iterator[SessionCounts]:
        for seen in super().scan_counts():
            self._rows[seen.session_key] = []
            yield seen

    def read_counts(self, session_id: str) -> SessionCounts | None:
        for session in self._rows:
            if session[0] == session_id:
                self._rows[session] = list(super().scan_session(session))
        return super().read_counts(session_id)

    def scan_session(self, session: SessionKey) -> Iterator[LedgerRow]:
        return iter(self._rows[session])


class FirstPageAlone(DynamoDbSurvey):
    """Counts a session's rows by the first page of its partition."""

    def scan_session(self, session: SessionKey) -> Iterator[LedgerRow]:
        return islice(super().scan_session(session), 2)


class TombstonesTakenForOld(DynamoDbSurvey):
    """Sweeps tombstones while there may be invocations that remember the connection."""

    def scan_ledger(self) -> Iterator[tuple[LedgerKey, LedgerRow]]:
        for key, row in super().scan_ledger():
            yield key, replace(row, left_at=0) if row.state is State.OUT else row


class EverybodySwept(DynamoDbSurvey):
    """Sweeps whatever has been there for long, whether or not it is a tombstone."""

    def remove_tombstones(self, keys: Collection[LedgerKey]) -> None:
        everybody = [key for key, _ in self.scan_ledger()]
        super().remove_tombstones(everybody)


class BlindCorrection(DynamoDbSurvey):
    """Sets the counts to what they should be by now."""

    def correct_counts(self, seen: SessionCounts, deltas: Deltas) -> None:
        standing = _named(seen.languages, seen.voices)
        counts = {"listenerCount": seen.total + sum(deltas.languages.values())} | standing
        for name, delta in _named(deltas.languages, deltas.voices).items():
            counts[name] = counts.get(name, 0) + delta
        names = {f"#n{n}": name for n, name in enumerate(counts)}
        sets = ", ".join(f"{alias} = :n{n}" for n, alias in enumerate(names))
        values = {f"n{n}": count for n, count in enumerate(counts.values())}
        self.sessions.upsert(seen.session_id, f"SET {sets}", names, **values)


class UnconditionalCorrection(DynamoDbSurvey):
    """Adds what the counts were off, whatever they have become."""

    def correct_counts(self, seen: SessionCounts, deltas: Deltas) -> None:
        update = _named(deltas.languages, deltas.voices)
        total = seen.total + sum(deltas.languages.values())
        update |= {"listenerCount": total - (seen.listener_count or 0), REVISION: 1}
        self.sessions.add(seen.session_id, update, {"createdAt": seen.session_epoch})


class CountsAlone(DynamoDbSurvey):
    """Corrects on condition of the counts that were read, not of their revision."""

    def correct_counts(self, seen: SessionCounts, deltas: Deltas) -> None:
        update = _named(deltas.languages, deltas.voices)
        total = seen.total + sum(deltas.languages.values())
        update |= {"listenerCount": total - (seen.listener_count or 0), REVISION: 1}
        expected = _named(seen.languages, seen.voices)
        absent = sorted(update.keys() - expected.keys() - {"listenerCount", REVISION})
        expected |= {"createdAt": seen.session_epoch, "listenerCount": seen.listener_count or 0}
        self.sessions.add(seen.session_id, update, expected, absent)


class SumForgotten(DynamoDbSurvey):
    """Corrects the languages and moves their sum by as much, right or wrong as it was."""

    def correct_counts(self, seen: SessionCounts, deltas: Deltas) -> None:
        super().correct_counts(replace(seen, listener_count=seen.total), deltas)


class VoicelessRows(DynamoDbSurvey):
    """Counts a session's rows without a look at who wants the voice."""

    def scan_session(self, session: SessionKey) -> Iterator[LedgerRow]:
        return (replace(row, wants_voice=False) for row in super().scan_session(session))


class VoicesForgotten(DynamoDbSurvey):
    """Corrects the languages alone."""

    def correct_counts(self, seen: SessionCounts, deltas: Deltas) -> None:
        super().correct_counts(seen, Deltas(deltas.languages))


class WishesUnseen(DynamoDbSurvey):
    """Finds who is counted in another language, and not who has another wish."""

    def scan_connections(self) -> Iterator[Connection]:
        return (replace(each, wants_voice=False) for each in super().scan_connections())

    def scan_ledger(self) -> Iterator[tuple[LedgerKey, LedgerRow]]:
        return ((key, replace(row, wants_voice=False)) for key, row in super().scan_ledger())

    def scan_counts(self) -> Iterator[SessionCounts]:
        return (replace(seen, voices={}) for seen in super().scan_counts())


def _named(languages: Mapping[str, int], voices: Mapping[str, int]) -> dict[str, int]:
    """Counts by the attributes of the session's row."""
    named = {LANGUAGE_PREFIX + language: count for language, count in languages.items()}
    return named | {VOICE_PREFIX + language: count for language, count in voices.items()}


def stale_truth(production: Reconciler) -> Mapping[str, Any]:
    """Reads Connections eventually consistently, as the scan did that found the drift."""
    rosters = production.sync.ledger
    assert isinstance(rosters, RostersTable)
    ledger = StaleConnections(rosters.table, rosters.sessions, rosters.connections)
    return {"sync": replace(production.sync, ledger=ledger)}


def counts_only(production: Reconciler) -> Mapping[str, Any]:
    """Corrects counts and leaves the rosters to the stream."""
    return {"sync": _Idle(production.sync.ledger)}


class _Idle(RosterSync):
    def synchronise(self, keys: Iterable[LedgerKey]) -> Synchronised:
        return Synchronised()


def fast_clock(production: Reconciler) -> Mapping[str, Any]:
    """Has a clock that is two hours ahead."""
    return {"clock": _Ahead(production.clock)}


@dataclass(frozen=True)
class _Ahead:
    clock: Clock

    def now_ms(self) -> int:
        return self.clock.now_ms() + 2 * 3600 * 1000

    def monotonic(self) -> float:
        return self.clock.monotonic()


def leaves_the_lapsed(production: Reconciler) -> Mapping[str, Any]:
    """Leaves rows past their life to DynamoDB, which may take days."""
    return {"connections": _Undeleted()}


class _Undeleted:
    def delete_expired(self, _: str, __: int) -> None:
        return
