"""Listeners who catch up receive missed captions before they join the roster.

A listener in the roster gets broadcasts. So a returning listener is greeted and has the missed
sentences replayed first. It is counted afterwards, on condition that nothing has been spoken since:
it misses nothing, gets nothing twice, and nothing new before the old. A new listener whose
handshake is not over takes the same way: broadcasts would be answered 410.

Where a speaker talks without a pause, the listener is read, replayed to and tried again. Who is
still behind after that, because the handshake goes on or the speaker is faster, is put off: its row
is written, and the stream reports it again, behind everybody else. That ends in two ways:
- A listener who answers 410 for longer than any handshake takes is counted as it is: `Broadcast`
  and `liveness` delete its row.
- A listener whom the speaker has overtaken for `OVERTAKEN_MS` is counted and then sent the rest. A
  caption may then come twice or before an older one; none is missed. Its row says that the replay
  is due until it is done, so a function that dies in between loses nothing.
"""

import logging
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from time import sleep
from typing import TypeVar

from chalice_app.delivery.broadcast import LONGEST_HANDSHAKE_MS
from chalice_app.domain.clock import Clock
from chalice_app.domain.errors import ConditionFailed, MalformedRows, Unavailable
from chalice_app.domain.session import Connection, Session, is_of_open_session
from chalice_app.rosters.ledger import LedgerKey, named_sessions
from chalice_app.rosters.notifier import RosterNotifier
from chalice_app.rosters.ports import Ledger
from chalice_app.rosters.replay import Replay
from chalice_app.rosters.synchronisation import RosterSync
from chalice_app.sessions.ports import ConnectionStore

_log = logging.getLogger(__name__)

Read = TypeVar("Read")

TRIES = 12
SECONDS = 1.0
"""How often, and for how long, listeners are brought up to date at a time: a shard waits for it.

A round takes some milliseconds, and a speaker says at most ten sentences a second.
"""

OVERTAKEN_MS = 10_000
"""How old the connection is of a listener who is counted although the speaker is always faster.

So slow is a stage that is overloaded. To wait for a pause there makes it do the same work again and
again, and more than the 50 captions of a replay may go by.
"""

HANDSHAKE_WAITS = (0.02, 0.05, 0.1, 0.2, 0.4)
"""Seconds before each try to reach those who are behind, before they are put off: a young socket
answers 410 until its handshake is over."""


@dataclass(frozen=True, slots=True)
class Returned:
    """What became of listeners who catch up.

    `sessions` are those whose counts changed, `counted` the connections that exist and are counted,
    `failed` those that could not be counted. `behind` are those that are not counted yet, with the
    last sequence that each has been sent; None where not even the greeting has reached it.
    """

    sessions: frozenset[str] = frozenset()
    counted: Sequence[Connection] = ()
    failed: frozenset[str] = frozenset()
    behind: Mapping[LedgerKey, int | None] = field(default_factory=dict)


@dataclass
class _Progress:
    """The listeners that are not counted yet, and the last sequence that each has been sent.

    `keys` are those of their ledger rows, `sessions` those whose counts changed.
    """

    keys: Collection[LedgerKey]
    uncounted: set[str]
    last_sent: dict[str, int]
    sessions: set[str] = field(default_factory=set)

    def leave_out(self, malformed: MalformedRows) -> None:
        """Takes out those whose own row, or whose session's, is malformed."""
        self.uncounted -= {key.connection_id for key in self.keys if _is_named(key, malformed)}

    @property
    def behind(self) -> Mapping[LedgerKey, int | None]:
        """Those that are not counted, with the last sequence that each has been sent."""
        return {
            key: self.last_sent.get(key.connection_id)
            for key in self.keys
            if key.connection_id in self.uncounted
        }


@dataclass(frozen=True, slots=True)
class CatchUp:
    """Replays to listeners, then counts them; `wait` takes seconds."""

    ledger: Ledger
    connections: ConnectionStore
    sync: RosterSync
    notifier: RosterNotifier
    replay: Replay
    clock: Clock
    wait: Callable[[float], None] = sleep

    def find_uncounted(self, keys: Collection[LedgerKey]) -> Collection[LedgerKey]:
        """Those of these connections that have been put off, to be counted after their replay.

        They have no row in the ledger.

        Raises:
            Unavailable: the tables could not be read.
        """
        return _of_readable(keys, self._uncounted) if keys else set()

    def _uncounted(self, keys: Collection[LedgerKey]) -> Collection[LedgerKey]:
        uncounted = set(keys) - self.ledger.get_ledger(sorted(keys)).keys()
        found = self.ledger.get_connections(sorted(key.connection_id for key in uncounted))
        overtaken = {key for key, each in found.items() if each.is_replay_due}
        return {key for key in uncounted if key.connection_id not in overtaken}

    def find_put_off(self, newcomers: Collection[LedgerKey]) -> Collection[LedgerKey]:
        """Those of these newcomers whose rows were written again before they are counted.

        Lambda delivers their records again where another record of the batch has failed. Without a
        look at their rows they would be counted as if nothing had been said since.

        Raises:
            Unavailable: the tables could not be read.
        """
        return self.find_uncounted(_of_readable(newcomers, self._written_again))

    def _written_again(self, newcomers: Collection[LedgerKey]) -> Collection[LedgerKey]:
        """Before the talk has begun there is nothing to miss, and no row is read."""
        sessions = self.ledger.get_sessions(named_sessions(newcomers))
        begun = {
            key
            for key in newcomers
            if key.session_id in sessions and sessions[key.session_id].last_sequence
        }
        rows = self.ledger.get_connections(sorted(key.connection_id for key in begun))
        written = {key for key, each in rows.items() if each.version > 1}
        return {key for key in begun if key.connection_id in written}

    def bring_back(
        self,
        returning: Collection[LedgerKey],
        last_sent: Mapping[LedgerKey, int | None] | None = None,
    ) -> Returned:
        """Replays what these listeners missed, and counts them, without a wait.

        `last_sent` is what an earlier call has left behind. A listener that cannot be counted after
        its replay (it is gone, or its session is not open) is left to the ordinary synchronisation.

        Raises:
            Unavailable: the tables could not be read; what was committed before stays right.
        """
        if not returning:
            return Returned()
        progress = self._replay_and_count(returning, last_sent or {})
        others = self._left_to_synchronise(set(returning) - progress.behind.keys())
        sessions = others.sessions | progress.sessions
        return replace(others, sessions=sessions, behind=progress.behind)

    def bring_back_late(self, behind: Mapping[LedgerKey, int | None]) -> Returned:
        """Tries those who are behind again, with waits, and puts off those who stay behind.

        Raises:
            Unavailable: the tables could not be read; what was committed before stays right.
        """
        sessions: set[str] = set()
        counted: list[Connection] = []
        failed: set[str] = set()
        end = self.clock.monotonic() + SECONDS
        tried_at = 0
        for seconds in HANDSHAKE_WAITS:
            if not behind or self.clock.monotonic() >= end:
                break
            self.wait(seconds)
            tried_at = self.clock.now_ms()
            returned = self.bring_back(behind.keys(), behind)
            behind = returned.behind
            sessions |= returned.sessions
            counted += returned.counted
            failed |= returned.failed
        if behind:
            waiting = self._still_waiting(behind, tried_at)
            others = self._left_to_synchronise(behind.keys() - waiting.keys())
            sessions |= others.sessions
            counted += others.counted
            failed |= others.failed | self._put_off(waiting, behind)
        return Returned(frozenset(sessions), counted, frozenset(failed))

    def send_due(self, counted: Mapping[str, Connection]) -> Sequence[Connection]:
        """Replays the rest to those who were counted before it, and notes that it is done.

        Returns these listeners: nobody has asked yet whether their session has room for them.

        Raises:
            Unavailable: the tables could not be read or written; the replay is still due.
        """
        due = {key: each for key, each in counted.items() if each.is_replay_due}
        if not due:
            return ()
        sessions, now = self._sessions_of(due), self.clock.now_ms()
        for session, language, group in _groups(due, sessions, now):
            self.replay.send_missed(session, language, _as_heard(group, {}))
        for key in sorted(due):
            with suppress(ConditionFailed):  # it has left
                self.connections.end_replay(key)
        return [due[key] for key in sorted(due)]

    def _still_waiting(
        self, behind: Mapping[LedgerKey, int | None], tried_at: int
    ) -> Mapping[LedgerKey, Connection]:
        """Without those who have left, and those whose handshake was over when last tried (ms).

        A handshake that was under way then may have ended well since.
        """
        since = tried_at - LONGEST_HANDSHAKE_MS
        found = _of_readable(behind.keys(), self._connections_of)
        return {
            key: connection
            for key, connection in found.items()
            if behind[key] is not None or connection.connected_at >= since
        }

    def _connections_of(self, keys: Collection[LedgerKey]) -> Mapping[LedgerKey, Connection]:
        found = self.ledger.get_connections(sorted(key.connection_id for key in keys))
        return {key: found[key.connection_id] for key in keys if key.connection_id in found}

    def _left_to_synchronise(self, keys: Collection[LedgerKey]) -> Returned:
        """Counts these as they are."""
        others = self.sync.synchronise(keys)
        counted = others.counted
        return Returned(
            sessions=frozenset(others.sessions),
            counted=[counted[key] for key in sorted(counted)],
            failed=frozenset(others.failed),
        )

    def _put_off(
        self, waiting: Mapping[LedgerKey, Connection], last_sent: Mapping[LedgerKey, int | None]
    ) -> set[str]:
        """Has the stream report these again; returns those that could not be written."""
        if waiting:
            _log.info("listeners who are put off: %d", len(waiting))
        failed: set[str] = set()
        before = self.clock.now_ms() - OVERTAKEN_MS
        for key, connection in sorted(waiting.items()):
            name, last_sequence = key.connection_id, last_sent[key]
            is_overtaken = last_sequence is not None and connection.connected_at <= before
            if is_overtaken:
                _log.warning("the speaker overtook a listener", extra={"connection": name})
            try:
                self.connections.put_off(name, last_sequence, is_overtaken)
            except ConditionFailed:
                continue  # it has left: the stream reports that
            except Unavailable:
                failed.add(name)
        return failed

    def _replay_and_count(
        self, returning: Collection[LedgerKey], last_sent: Mapping[LedgerKey, int | None]
    ) -> _Progress:
        """Rounds of replay and count, until all who are reached are counted or time is over."""
        sent = {key.connection_id: last for key, last in last_sent.items() if last is not None}
        progress = _Progress(returning, {key.connection_id for key in returning}, sent)
        end = self.clock.monotonic() + SECONDS
        for _ in range(TRIES):
            try:
                self._go_round(progress)
            except MalformedRows as malformed:
                # A malformed row stops itself alone: the rest is read again.
                _log.exception("malformed rows are left to the ordinary synchronisation")
                progress.leave_out(malformed)
                continue
            if progress.uncounted.isdisjoint(progress.last_sent) or self.clock.monotonic() >= end:
                break
        return progress

    def _go_round(self, progress: _Progress) -> None:
        """Reads who is not counted yet, replays to each group and counts whom it can."""
        keys = sorted(key for key in progress.keys if key.connection_id in progress.uncounted)
        rows = {key.connection_id for key in self.ledger.get_ledger(keys)}
        connections = self.ledger.get_connections(sorted(progress.uncounted))
        uncounted = {
            key: each for key, each in connections.items() if key not in rows and each.is_listener
        }
        sessions, now = self._sessions_of(uncounted), self.clock.now_ms()
        progress.uncounted &= {
            key for key, each in uncounted.items() if is_of_open_session(each, sessions, now)
        }
        for session, language, group in _groups(uncounted, sessions, now):
            reached = self._greet_and_replay(session, language, group, progress.last_sent)
            progress.last_sent.update(dict.fromkeys(reached, session.last_sequence))
            if counted := self.sync.count_if_unspoken(session, reached):
                progress.uncounted.difference_update(counted)
                progress.sessions.add(session.session_id)

    def _greet_and_replay(
        self,
        session: Session,
        language: str,
        group: Mapping[str, Connection],
        last_sent: Mapping[str, int],
    ) -> Mapping[str, Connection]:
        """Greets those that have been sent nothing yet, and replays to all; returns the reached."""
        new = {key: group[key] for key in sorted(group.keys() - last_sent.keys())}
        gone = self.notifier.greet_group(session, new) if new else ()
        reached = {key: each for key, each in group.items() if key not in gone}
        self.replay.send_missed(session, language, _as_heard(reached, last_sent))
        return reached

    def _sessions_of(self, connections: Mapping[str, Connection]) -> Mapping[str, Session]:
        return self.ledger.get_sessions(sorted({each.session_id for each in connections.values()}))


def _of_readable(
    keys: Collection[LedgerKey], read: Callable[[Collection[LedgerKey]], Read]
) -> Read:
    """What is read of those without malformed rows; the ordinary synchronisation reports these."""
    while True:
        try:
            return read(keys)
        except MalformedRows as malformed:
            keys = {key for key in keys if not _is_named(key, malformed)}


def _is_named(key: LedgerKey, malformed: MalformedRows) -> bool:
    """Whether the listener's row is malformed, or its session's."""
    return not malformed.keys.isdisjoint((key.connection_id, key.session_id))


def _as_heard(
    listeners: Mapping[str, Connection], last_sent: Mapping[str, int]
) -> Sequence[Connection]:
    """The listeners with the last sequence that they have heard, by their own word or from here.

    A listener whose row names none came before the talk's first sentence.
    """
    return [
        replace(each, last_sequence=last_sent.get(key, each.last_sequence or 0))
        for key, each in listeners.items()
    ]


def _groups(
    listeners: Mapping[str, Connection], sessions: Mapping[str, Session], now_ms: int
) -> Iterator[tuple[Session, str, Mapping[str, Connection]]]:
    """By session and language: every listener of such a group is sent the same captions."""
    groups: defaultdict[tuple[str, str], dict[str, Connection]] = defaultdict(dict)
    for key, each in listeners.items():
        if each.target_language is not None and is_of_open_session(each, sessions, now_ms):
            groups[each.session_id, each.target_language][key] = each
    for (session_id, language), group in groups.items():
        yield sessions[session_id], language, group
