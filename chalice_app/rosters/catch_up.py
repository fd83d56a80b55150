"""Listeners who come back: what they missed first, in order, and then everything new.

A listener who is in the roster gets broadcasts. So one who comes back is greeted and has the missed
sentences replayed *before* it is counted, and is counted on condition that nothing has been spoken
since (see `ledger.plan_return`): it misses nothing, gets nothing twice, and nothing new before the
old. Where somebody speaks without a pause, it is read, replayed and tried again.
"""

import logging
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from time import sleep

from chalice_app.delivery.broadcast import Broadcast
from chalice_app.domain.errors import Conflict, MalformedRows
from chalice_app.domain.session import Connection, Session, is_of_open_session
from chalice_app.rosters.ledger import plan_return
from chalice_app.rosters.ports import Ledger
from chalice_app.rosters.replay import Replay
from chalice_app.sessions.sessions import Sessions
from chalice_app.wire import messages

_log = logging.getLogger(__name__)

TRIES = 12
SECONDS = 1.0
"""How often, and for how long, those who come back are brought up to date: a shard waits meanwhile.

A round takes some milliseconds, and a speaker says ten sentences a second at the most.
"""

_HANDSHAKE_WAITS = (0.02, 0.05, 0.1, 0.2, 0.4)
"""Seconds between rounds in which nobody could be reached: a young socket answers 410 until its
handshake is over."""


@dataclass(frozen=True, slots=True)
class Admitted:
    """The sessions whose counts changed, and who was talked over.

    `behind` tells up to which sequence each of those has been sent the talk.
    """

    sessions: Collection[str]
    behind: Mapping[str, int]


@dataclass
class _Admission:
    """Who is still coming, and up to which sequence each has been sent the talk."""

    pending: set[str]
    sent: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CatchUp:
    """Counts listeners who come back; `wait` takes seconds."""

    ledger: Ledger
    broadcast: Broadcast
    sessions: Sessions
    resume: Replay
    wait: Callable[[float], None] = sleep

    def admit(self, connection_ids: Collection[str]) -> Admitted:
        """Replays and counts them.

        Whoever could not be counted so (gone, in no open session, or talked over for all the
        tries) is left to the ordinary synchronisation, and to `catch_up` after it.
        """
        coming = _Admission(set(connection_ids))
        changed: set[str] = set()
        waits = iter(_HANDSHAKE_WAITS)
        end = self.broadcast.clock.monotonic() + SECONDS
        for _ in range(TRIES):
            try:
                changed |= self._bring_in(coming)
            except MalformedRows:
                _log.exception("left to the ordinary synchronisation")
                break
            if not coming.pending or self.broadcast.clock.monotonic() >= end:
                break
            if coming.pending.isdisjoint(coming.sent):
                if (seconds := next(waits, None)) is None:
                    break
                self.wait(seconds)
        behind = {key: coming.sent[key] for key in coming.pending & coming.sent.keys()}
        if behind:
            _log.warning("%d who came back were talked over", len(behind))
        return Admitted(changed, behind)

    def catch_up(self, behind: Mapping[str, int]) -> None:
        """Sends those who are counted by now what was spoken until then.

        Broadcasts have reached them for a moment, so a caption may come twice or before an older
        one; listeners order by sequence, and none is missed.
        """
        connections = self.ledger.get_connections(sorted(behind))
        there = {key: replace(each, last_sequence=behind[key]) for key, each in connections.items()}
        sessions = self.ledger.get_sessions(sorted({each.session_id for each in there.values()}))
        for session, language, group in _groups(there, sessions):
            self.resume.replay(session, language, list(group.values()))

    def _bring_in(self, coming: _Admission) -> set[str]:
        ids = sorted(coming.pending)
        counted = self.ledger.get_ledger(ids)
        connections = self.ledger.get_connections(ids)
        there = {
            key: each
            for key, each in connections.items()
            if key not in counted and each.is_listener
        }
        sessions = self.ledger.get_sessions(sorted({each.session_id for each in there.values()}))
        late = {key for key, each in there.items() if not is_of_open_session(each, sessions)}
        if late:
            # They came back to a session that has ended meanwhile.
            self.sessions.dismiss(sorted(late))
        coming.pending &= there.keys() - late
        changed: set[str] = set()
        for session, language, group in _groups(there, sessions):
            ready = self._bring_up_to_date(session, language, group, coming)
            if done := self._count(session, ready):
                coming.pending -= done
                changed.add(session.session_id)
        return changed

    def _bring_up_to_date(
        self, session: Session, language: str, group: Mapping[str, Connection], coming: _Admission
    ) -> Mapping[str, Connection]:
        """Greets whoever has not been, and replays what has been spoken since; who was reached."""
        new = sorted(group.keys() - coming.sent.keys())
        gone: Collection[str] = ()
        if new:
            greeting = messages.joined(session, group[new[0]])
            gone = self.broadcast.notify(new, greeting).gone
        reached = {key: each for key, each in group.items() if key not in gone}
        missing = [
            replace(each, last_sequence=coming.sent.get(key, each.last_sequence))
            for key, each in reached.items()
        ]
        self.resume.replay(session, language, missing)
        coming.sent.update(dict.fromkeys(reached, session.last_sequence))
        return reached

    def _count(self, session: Session, ready: Mapping[str, Connection]) -> set[str]:
        """Counts whom it can before anything more is spoken; returns them."""
        done: set[str] = set()
        for transaction in plan_return(ready, session):
            try:
                self.ledger.commit(transaction)
            except Conflict:
                break
            done |= {write.connection_id for write in transaction.writes}
        return done


def _groups(
    there: Mapping[str, Connection], sessions: Mapping[str, Session]
) -> Iterator[tuple[Session, str, Mapping[str, Connection]]]:
    """By session and language: everyone in such a group is sent the same captions."""
    groups: defaultdict[tuple[str, str], dict[str, Connection]] = defaultdict(dict)
    for key, each in there.items():
        if each.target_language is not None and is_of_open_session(each, sessions):
            groups[each.session_id, each.target_language][key] = each
    for (session_id, language), group in groups.items():
        yield sessions[session_id], language, group
