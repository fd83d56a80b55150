"""What must be true: of the counts at every instant, of the rosters when everything is at rest.

The tables' raw rows are read here, not through the adapters: `session_from` for one leaves out what
is not positive.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping

from chalice_app.aws.dynamodb.sessions import LANGUAGE_PREFIX, VOICE_PREFIX
from chalice_app.domain.session import Session
from chalice_app.sessions.ports import SessionRoster
from tests.simulation.client import Tables
from tests.simulation.database import SimulatedDatabase
from tests.simulation.expressions import Item

Tampered = dict[tuple[str, str], list[Mapping[str, int]]]
"""By session and epoch: how much its counts were off each time after somebody changed them by hand;
the last of these is how much they are off now."""


class Violation(BaseException):
    """Something that must be true is not. No `except Exception` of the code under test takes it."""


def check_counts(database: SimulatedDatabase, tampered: Tampered) -> None:
    """At every instant: listenerCount = sum over the languages = rows that are IN, none negative.

    The voices of a language are those of its rows that want them, and so never more than they are.
    A session's counts that somebody has changed by hand stay off by exactly as much, while people
    come and go, until they are corrected: at once, and by all that they were off when the
    reconciler read them. Then they are taken out of `tampered`, or, where somebody has changed them
    again since they were read, that much is left.

    Raises:
        Violation: a session's counts are wrong.
    """
    counted = _counted(database)
    for name, session in _sessions(database):
        if "createdAt" not in session:
            raise Violation(f"{name} has counts, but nobody opened it")
        epoch = name, session["createdAt"]["N"]
        if epoch in tampered:
            off = _off(session, counted[epoch])
            *_, now = history = tampered[epoch]
            if off == now:
                continue
            del tampered[epoch]
            if off and off in (_less(now, read) for read in history):
                tampered[epoch] = [off]
                continue
        counts = _counts(session)
        total = int(session["listenerCount"]["N"])
        if total != _sum(counts) or min([total, *counts.values()]) < 0:
            raise Violation(f"{name}: listenerCount {total}, counts {counts}")
        expected = counted[epoch]
        if {code: count for code, count in counts.items() if count} != expected:
            raise Violation(f"{name}: counts {counts}, rows that are IN {dict(expected)}")


def _sessions(database: SimulatedDatabase) -> Iterator[tuple[str, Item]]:
    """The sessions' own rows; those of their sentences have a `#` in the key."""
    return ((key, row) for key, row in database.sessions.rows.items() if "#" not in key)


def differences(database: SimulatedDatabase, name: str) -> Mapping[str, int]:
    """By how much a session's counts are more than its rows that are IN, where they are."""
    session = database.sessions.rows[name]
    return _off(session, _counted(database)[name, session["createdAt"]["N"]])


def _off(session: Item, expected: Counter[str]) -> Mapping[str, int]:
    counts = {**_counts(session), "listenerCount": int(session["listenerCount"]["N"])}
    right = {**expected, "listenerCount": _sum(expected)}
    off = {name: counts.get(name, 0) - right.get(name, 0) for name in counts.keys() | right.keys()}
    return {name: difference for name, difference in sorted(off.items()) if difference}


def _less(off: Mapping[str, int], corrected: Mapping[str, int]) -> Mapping[str, int]:
    """What is left of it after a correction."""
    left = {name: off.get(name, 0) - corrected.get(name, 0) for name in {**off, **corrected}}
    return {name: difference for name, difference in sorted(left.items()) if difference}


def _counted(database: SimulatedDatabase) -> defaultdict[tuple[str, str], Counter[str]]:
    """The rows that are IN, by session and by the attributes that count them."""
    counted: defaultdict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for row in database.rosters.rows.values():
        if row["state"]["S"] == "IN":
            name, epoch, _ = row["sessionKey"]["S"].split("#")
            counted[name, epoch][LANGUAGE_PREFIX + row["targetLanguage"]["S"]] += 1
            if "voice" in row:
                counted[name, epoch][VOICE_PREFIX + row["targetLanguage"]["S"]] += 1
    return counted


def _place(row: Item) -> tuple[str, str, str, bool]:
    session = row["sessionId"]["S"], row["sessionEpoch"]["N"]
    return *session, row["targetLanguage"]["S"], "voice" in row


def _counted_place(row: Item) -> tuple[str, str, str, bool]:
    """Where a row of the ledger counts."""
    name, epoch, _ = row["sessionKey"]["S"].rsplit("#", 2)
    return name, epoch, row["targetLanguage"]["S"], "voice" in row


def misplaced(database: SimulatedDatabase) -> int:
    """How many are counted elsewhere than they are, in sessions that exist.

    In deleted sessions: how many are counted who are no longer connected.
    """
    existing = {
        (name, row["createdAt"]["N"])
        for name, row in database.sessions.rows.items()
        if "createdAt" in row
    }

    connected = database.connections.rows
    there = {
        key: _place(row)
        for key, row in connected.items()
        if "targetLanguage" in row and _place(row)[:2] in existing
    }
    counted = {
        key: place
        for row in database.rosters.rows.values()
        if row["state"]["S"] == "IN"
        and ((place := _counted_place(row))[:2] in existing or _connection(row) not in connected)
        for key in [_connection(row)]
    }
    return sum(there.get(key) != counted.get(key) for key in there.keys() | counted.keys())


def _counts(session: Item) -> dict[str, int]:
    """The counts of languages and of voices, by their attributes."""
    return {
        attribute: int(value["N"])
        for attribute, value in session.items()
        if attribute.startswith((LANGUAGE_PREFIX, VOICE_PREFIX))
    }


def _sum(counts: Mapping[str, int]) -> int:
    """What listenerCount must be."""
    return sum(count for name, count in counts.items() if name.startswith(LANGUAGE_PREFIX))


def _connection(row: Item) -> str:
    connection_id: str = row["connectionId"]["S"]
    return connection_id


def check_rest(database: SimulatedDatabase, tables: Tables) -> None:
    """At rest: each session's roster is its live listeners, and so is its count.

    Raises:
        Violation: a roster or a count is not what Connections says, or someone who has left is
            still counted.
    """
    for name, _ in _sessions(database):
        session = tables.sessions.get_session(name)
        if session is not None:
            _check_session(database, tables, session)
    for row in database.rosters.rows.values():
        key = _connection(row)
        if row["state"]["S"] == "IN" and key not in database.connections.rows:
            raise Violation(f"at rest {key} has left and is IN for ever")


def _check_session(database: SimulatedDatabase, tables: Tables, session: Session) -> None:
    live = _live_listeners(database, session)
    roster = tables.rosters.read_roster(session)
    if roster != live:
        raise Violation(f"at rest {session.session_id} has the roster {roster}, live are {live}")
    counts = {language: len(ids) for language, ids in live.languages.items()}
    voices = {language: len(ids) for language, ids in live.voices.items()}
    total = sum(counts.values())
    if (session.languages, session.voices, session.listener_count) != (counts, voices, total):
        raise Violation(f"at rest {session.session_id} counts {session}, live are {live}")


def _live_listeners(database: SimulatedDatabase, session: Session) -> SessionRoster:
    languages: defaultdict[str, list[str]] = defaultdict(list)
    voices: defaultdict[str, list[str]] = defaultdict(list)
    for key, row in sorted(database.connections.rows.items()):
        epoch = row["sessionId"]["S"], int(row["sessionEpoch"]["N"])
        if row["role"]["S"] == "listener" and epoch == (session.session_id, session.created_at):
            languages[row["targetLanguage"]["S"]].append(key)
            if "voice" in row:
                voices[row["targetLanguage"]["S"]].append(key)
    return SessionRoster(dict(languages), dict(voices))
