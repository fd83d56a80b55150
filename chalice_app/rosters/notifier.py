"""The messages that a change of the Connections table causes.

Joiners get `joined`, speakers get `roster`, and connections that may not stay get the reason and
are closed. `update` has the order.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from time import sleep

from chalice_app.delivery.broadcast import Broadcast
from chalice_app.domain.session import Connection, Session, is_of_open_session
from chalice_app.observability import metrics
from chalice_app.observability.logs import ContextThreads
from chalice_app.observability.ports import MetricsSink
from chalice_app.rosters.ports import Ledger
from chalice_app.sessions.capacity import Capacity
from chalice_app.sessions.closing import CloseReason, ConnectionCloser
from chalice_app.sessions.ports import SessionStore
from chalice_app.sessions.resume_tokens import ResumeTokens
from chalice_app.wire import outgoing

HANDSHAKE_WAITS = (0.02, 0.05, 0.1, 0.2, 0.4, 0.8)
"""Seconds between the tries to reach a joiner whose socket answers 410: its `$connect` may not have
returned yet, and API Gateway delivers nothing before it has. Listeners catch up (`catch_up`): these
are for speakers, whose handshake displaces the former one."""

_SPEAKERS_AT_ONCE = 16


@dataclass(frozen=True, slots=True)
class Greeting:
    """`joined` for the connections, by id, of one session and language, or for its speaker."""

    session: Session
    connections: Mapping[str, Connection]

    @property
    def is_of_speaker(self) -> bool:
        """Whether it is for the session's speaker."""
        return not any(each.is_listener for each in self.connections.values())


Refused = Mapping[CloseReason, Sequence[str]]
"""The connections to be closed, by the reason."""


@dataclass(frozen=True, slots=True)
class Greeted:
    """What is left to do after a first greeting.

    `refused` are not greeted and must be closed; `unreached` are greetings that were answered 410.
    """

    refused: Refused
    unreached: Sequence[Greeting]


@dataclass(frozen=True, slots=True)
class RosterNotifier:
    """Sends those messages; `wait` takes seconds."""

    ledger: Ledger
    session_store: SessionStore
    broadcast: Broadcast
    capacity: Capacity
    closer: ConnectionCloser
    metrics: MetricsSink
    wait: Callable[[float], None] = sleep

    def find_connecting(self, connection_ids: Sequence[str]) -> Collection[str]:
        """Those whose sockets answer 410: their handshake is not over, or they have left."""
        return self.broadcast.probe(connection_ids).gone

    def greet(self, joined: Sequence[Connection]) -> Greeted:
        """Sends `joined` to the connections that may stay."""
        sessions = self._sessions_of(joined)
        refused = self._refused(joined, sessions)
        closed = {key for keys in refused.values() for key in keys}
        staying = [each for each in joined if each.connection_id not in closed]
        return Greeted(refused, self._greet(_greetings(staying, sessions)))

    def greet_again(self, unreached: Sequence[Greeting]) -> Collection[str]:
        """Repeats greetings that were answered 410, as long as the connections have rows.

        Returns the sessions whose speakers it has greeted.
        """
        late = {each.session.session_id for each in unreached if each.is_of_speaker}
        for seconds in HANDSHAKE_WAITS:
            unreached = self._still_connected(unreached)
            if not unreached:
                break
            self.wait(seconds)
            unreached = self._greet(unreached)
        return late - {each.session.session_id for each in unreached if each.is_of_speaker}

    def greet_group(
        self, session: Session, connections: Mapping[str, Connection]
    ) -> Collection[str]:
        """Sends `joined` to listeners of one language, or to speakers; returns who answered 410."""
        any_of_them = next(iter(connections.values()))
        if not any_of_them.is_listener:
            greeting = outgoing.joined(session, any_of_them)
            return self.broadcast.notify(list(connections), greeting).gone
        # Each has a token of its own, so each has bytes of its own.
        tokens = ResumeTokens(session)
        messages = outgoing.encode_each(
            partial(outgoing.joined, session, any_of_them),
            {key: each.resume_token or tokens.issue(key) for key, each in connections.items()},
        )
        return self.broadcast.notify_each(messages).gone

    def notify_speakers(self, session_ids: Collection[str]) -> None:
        """Sends `roster` to the speakers of these sessions, to all at once.

        A socket that hangs delays no other session's speaker. One who has not been greeted is sent
        the roster after the greeting: `joined` is a speaker's first message.
        """
        sessions = list(self.ledger.get_sessions(sorted(session_ids)).values())
        for session in sessions:
            self.metrics.emit({metrics.LISTENER_COUNT: session.listener_count})
        if sessions:
            with ContextThreads(min(len(sessions), _SPEAKERS_AT_ONCE)) as threads:
                list(threads.map(self._notify_speaker, sessions))

    def close_refused(self, refused: Refused) -> None:
        """Sends refused connections the reason, and closes them."""
        for reason, connection_ids in refused.items():
            self.closer.notify_and_close(connection_ids, reason)

    def close_returned(self, returned: Sequence[Connection]) -> None:
        """Closes returning listeners that may not stay, when they have been counted.

        Their sessions are read after the count: one that ends later finds them in its roster.
        """
        self.close_refused(self._refused(returned, self._sessions_of(returned)))

    def close_ended(self, connections: Sequence[Connection]) -> int:
        """Closes those of sessions that are not open; returns how many they are."""
        sessions = self._sessions_of(connections)
        over = self._over(connections, sessions)
        self.close_refused(over)
        return sum(map(len, over.values()))

    def _refused(self, joined: Sequence[Connection], sessions: Mapping[str, Session]) -> Refused:
        """The connections that may not stay, by the reason; a reason without any is left out."""
        # The session ended during their handshake, after its other connections were closed.
        over = self._over(joined, sessions)
        left = {key for keys in over.values() for key in keys}
        in_open_session = [each for each in joined if each.connection_id not in left]
        refused = {
            **over,
            CloseReason.SESSION_FULL: self._surplus(in_open_session, sessions),
            CloseReason.DISPLACED: [
                each.connection_id for each in in_open_session if _is_displaced(each, sessions)
            ],
        }
        return {reason: keys for reason, keys in refused.items() if keys}

    def _over(self, connections: Sequence[Connection], sessions: Mapping[str, Session]) -> Refused:
        """The connections whose sessions are not open any more, by the reason."""
        now = self.broadcast.clock.now_ms()
        over: defaultdict[CloseReason, list[str]] = defaultdict(list)
        for each in connections:
            if not is_of_open_session(each, sessions, now):
                over[_reason(each, sessions)].append(each.connection_id)
        return over

    def _surplus(
        self, joined: Sequence[Connection], sessions: Mapping[str, Session]
    ) -> Sequence[str]:
        """The last of the listeners that a session is too full for, by their connections.

        In a rush many pass the handshake before the count says that the session is full.
        """
        surplus = {key: self.capacity.surplus(each) for key, each in sessions.items()}
        found = []
        for each in sorted(joined, key=lambda each: -each.connected_at):
            if each.is_listener and surplus[each.session_id] > 0:
                surplus[each.session_id] -= 1
                found.append(each.connection_id)
        return found

    def _greet(self, greetings: Sequence[Greeting]) -> Sequence[Greeting]:
        """Greets each group; returns the greetings of those that answered 410."""
        unreached = []
        for greeting in greetings:
            gone = self.greet_group(greeting.session, greeting.connections)
            if gone:
                unreached.append(_only(greeting, gone))
            elif greeting.is_of_speaker:
                (speaker,) = greeting.connections
                self.session_store.note_greeting(greeting.session.session_id, speaker)
        return unreached

    def _still_connected(self, greetings: Sequence[Greeting]) -> Sequence[Greeting]:
        """Without the connections that have left since: they have no row any more."""
        found = self.ledger.get_connections([key for each in greetings for key in each.connections])
        rest = [_only(each, found) for each in greetings]
        return [each for each in rest if each.connections]

    def _notify_speaker(self, session: Session) -> None:
        if session.speaker_connection_id is not None and session.is_speaker_greeted:
            self.broadcast.notify([session.speaker_connection_id], outgoing.roster(session))

    def _sessions_of(self, connections: Iterable[Connection]) -> Mapping[str, Session]:
        return self.ledger.get_sessions(sorted({each.session_id for each in connections}))


def _reason(connection: Connection, sessions: Mapping[str, Session]) -> CloseReason:
    """Why its session is not open: rows are deleted, and names given again, after their life."""
    session = sessions.get(connection.session_id)
    if session is None or session.created_at != connection.session_epoch or session.is_active:
        return CloseReason.SESSION_EXPIRED
    return CloseReason.SESSION_ENDED


def _is_displaced(joined: Connection, sessions: Mapping[str, Session]) -> bool:
    """Whether it came as the speaker and another has come since.

    The session names its speaker before the speaker's row is written, so it is never behind it.
    """
    speaker = sessions[joined.session_id].speaker_connection_id
    return not joined.is_listener and speaker != joined.connection_id


def _greetings(joined: Iterable[Connection], sessions: Mapping[str, Session]) -> Sequence[Greeting]:
    """One greeting a session and language: a group's messages differ in the resume token alone."""
    groups: defaultdict[tuple[str, str | None], dict[str, Connection]] = defaultdict(dict)
    for each in joined:
        groups[each.session_id, each.target_language][each.connection_id] = each
    return [
        Greeting(sessions[session_id], connections)
        for (session_id, _), connections in groups.items()
    ]


def _only(greeting: Greeting, connection_ids: Collection[str]) -> Greeting:
    """The greeting for some of its connections alone."""
    wanted = frozenset(connection_ids)
    connections = {key: each for key, each in greeting.connections.items() if key in wanted}
    return replace(greeting, connections=connections)
