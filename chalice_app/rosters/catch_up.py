"""Returning listeners receive missed captions before they join the roster.

A listener in the roster gets broadcasts. So a returning listener is greeted and has the missed
sentences replayed first. It is counted afterwards, on condition that nothing has been spoken since:
it misses nothing, gets nothing twice, and nothing new before the old. Where a speaker talks without
a pause, the listener is read, replayed to and tried again.
"""

import logging
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from time import sleep

from chalice_app.domain.clock import Clock
from chalice_app.domain.errors import MalformedRows
from chalice_app.domain.session import Connection, Session, is_of_open_session
from chalice_app.rosters.ledger import LedgerKey
from chalice_app.rosters.notifier import RosterNotifier
from chalice_app.rosters.ports import Ledger
from chalice_app.rosters.replay import Replay
from chalice_app.rosters.synchronisation import RosterSync
from chalice_app.sessions.closing import CloseReason

_log = logging.getLogger(__name__)

TRIES = 12
SECONDS = 1.0
"""How often, and for how long, returning listeners are brought up to date: a shard waits for it.

A round takes some milliseconds, and a speaker says at most ten sentences a second.
"""

_HANDSHAKE_WAITS = (0.02, 0.05, 0.1, 0.2, 0.4)
"""Seconds between rounds in which nobody could be reached: a young socket answers 410 until its
handshake is over."""


@dataclass(frozen=True, slots=True)
class Returned:
    """What became of returning listeners.

    `sessions` are those whose counts changed, `counted` the connections that exist and are counted,
    `failed` those that could not be counted.
    """

    sessions: frozenset[str] = frozenset()
    counted: Sequence[Connection] = ()
    failed: frozenset[str] = frozenset()


@dataclass
class _Progress:
    """The listeners that are not counted yet, and the last sequence that each has been sent.

    `keys` are those of their ledger rows, `sessions` those whose counts changed.
    """

    keys: Collection[LedgerKey]
    uncounted: set[str]
    last_sent: dict[str, int] = field(default_factory=dict)
    sessions: set[str] = field(default_factory=set)

    @property
    def overtaken(self) -> Mapping[str, int]:
        """Those to whom captions were replayed, but the speaker was faster."""
        return {key: self.last_sent[key] for key in self.uncounted & self.last_sent.keys()}


@dataclass(frozen=True, slots=True)
class CatchUp:
    """Replays to returning listeners, then counts them; `wait` takes seconds."""

    ledger: Ledger
    sync: RosterSync
    notifier: RosterNotifier
    replay: Replay
    clock: Clock
    wait: Callable[[float], None] = sleep

    def bring_back(self, returning: Collection[LedgerKey]) -> Returned:
        """Replays what these listeners missed, and counts them.

        A listener that cannot be counted after its replay (it is gone, its session is not open, or
        its speaker was faster for all the tries) is left to the ordinary synchronisation. One that
        the speaker overtook is sent the rest after that.

        Raises:
            Unavailable: the tables could not be read; what was committed before stays right.
        """
        if not returning:
            return Returned()
        progress = self._replay_and_count(returning)
        others = self.sync.synchronise(returning)
        self._replay_the_rest(progress.overtaken)
        counted = sorted(others.connections.keys() - others.failed)
        return Returned(
            sessions=frozenset(progress.sessions | others.sessions),
            counted=[others.connections[key] for key in counted],
            failed=frozenset(others.failed),
        )

    def _replay_and_count(self, returning: Collection[LedgerKey]) -> _Progress:
        """Rounds of replay and count, until all are counted or the tries or the time are over."""
        progress = _Progress(returning, {key.connection_id for key in returning})
        waits = iter(_HANDSHAKE_WAITS)
        end = self.clock.monotonic() + SECONDS
        for _ in range(TRIES):
            try:
                self._go_round(progress)
            except MalformedRows:
                _log.exception("returning listeners are left to the ordinary synchronisation")
                break
            if not progress.uncounted or self.clock.monotonic() >= end:
                break
            if progress.uncounted.isdisjoint(progress.last_sent):
                if (seconds := next(waits, None)) is None:
                    break
                self.wait(seconds)
        if progress.overtaken:
            _log.warning("the speaker overtook %d returning listeners", len(progress.overtaken))
        return progress

    def _go_round(self, progress: _Progress) -> None:
        """Reads who is not counted yet, replays to each group and counts whom it can."""
        keys = sorted(key for key in progress.keys if key.connection_id in progress.uncounted)
        rows = {key.connection_id for key in self.ledger.get_ledger(keys)}
        connections = self.ledger.get_connections(sorted(progress.uncounted))
        uncounted = {
            key: each for key, each in connections.items() if key not in rows and each.is_listener
        }
        sessions = self._sessions_of(uncounted)
        late = {key for key, each in uncounted.items() if not is_of_open_session(each, sessions)}
        if late:
            # Their session has ended since they joined it.
            self.notifier.close_refused({CloseReason.SESSION_ENDED: sorted(late)})
        progress.uncounted &= uncounted.keys() - late
        for session, language, group in _groups(uncounted, sessions):
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

    def _replay_the_rest(self, overtaken: Mapping[str, int]) -> None:
        """Replays what was spoken until these listeners were counted.

        Broadcasts have reached them for a moment, so a caption may come twice or before an older
        one. Listeners order captions by sequence, and none is missed.
        """
        if not overtaken:
            return
        connections = self.ledger.get_connections(sorted(overtaken))
        for session, language, group in _groups(connections, self._sessions_of(connections)):
            self.replay.send_missed(session, language, _as_heard(group, overtaken))

    def _sessions_of(self, connections: Mapping[str, Connection]) -> Mapping[str, Session]:
        return self.ledger.get_sessions(sorted({each.session_id for each in connections.values()}))


def _as_heard(
    listeners: Mapping[str, Connection], last_sent: Mapping[str, int]
) -> Sequence[Connection]:
    """The listeners with the last sequence that they have heard, by their own word or from here."""
    return [
        replace(each, last_sequence=last_sent.get(key, each.last_sequence))
        for key, each in listeners.items()
    ]


def _groups(
    listeners: Mapping[str, Connection], sessions: Mapping[str, Session]
) -> Iterator[tuple[Session, str, Mapping[str, Connection]]]:
    """By session and language: every listener of such a group is sent the same captions."""
    groups: defaultdict[tuple[str, str], dict[str, Connection]] = defaultdict(dict)
    for key, each in listeners.items():
        if each.target_language is not None and is_of_open_session(each, sessions):
            groups[each.session_id, each.target_language][key] = each
    for (session_id, language), group in groups.items():
        yield sessions[session_id], language, group
