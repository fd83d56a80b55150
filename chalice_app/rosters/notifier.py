"""Tells people what a change of the Connections table means to them.

Joiners hear `joined`, speakers `roster`; both are told after the counts are committed, so nobody
hears of what is not yet true. Records come at least once, and so do these messages.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from time import sleep
from typing import Any

from chalice_app.delivery.broadcast import Broadcast
from chalice_app.domain.session import Connection, Session, is_of_open_session
from chalice_app.observability import metrics
from chalice_app.observability.logs import ContextThreads
from chalice_app.observability.ports import MetricsSink
from chalice_app.rosters.ports import Ledger
from chalice_app.sessions.sessions import Sessions
from chalice_app.wire import messages

HANDSHAKE_WAITS = (0.02, 0.05, 0.1, 0.2, 0.4, 0.8)
"""Seconds between the tries to reach a joiner whose socket answers 410: its `$connect` may not have
returned yet, and API Gateway delivers nothing before it has."""

_SPEAKERS_AT_ONCE = 16


@dataclass(frozen=True, slots=True)
class Greeting:
    """`joined` for the connections, by id, of one session and language, or for its speaker."""

    message: Mapping[str, Any]
    connections: Mapping[str, Connection]


@dataclass(frozen=True, slots=True)
class RosterNotifier:
    """The messages that a batch of changes causes: one `roster` a session, however many changes."""

    ledger: Ledger
    broadcast: Broadcast
    sessions: Sessions
    metrics: MetricsSink
    wait: Callable[[float], None] = sleep

    def tell(
        self,
        joined: Sequence[Connection],
        changed_sessions: Collection[str],
        meanwhile: Callable[[], Collection[str]] = frozenset,
    ) -> None:
        """Greets who joined and tells the speakers of the sessions whose counts changed.

        `meanwhile` is done between the two and names further sessions that it changed. Whoever
        cannot be reached yet is tried again when everyone else has been told.
        """
        sessions = self.ledger.get_sessions(sorted({each.session_id for each in joined}))
        late = [each.connection_id for each in joined if not is_of_open_session(each, sessions)]
        arrived = [each for each in joined if is_of_open_session(each, sessions)]
        too_many = self._too_many(arrived, sessions)
        displaced = [each.connection_id for each in arrived if _is_displaced(each, sessions)]
        turned_away = {*too_many, *displaced}
        greetings = _greetings(
            [each for each in arrived if each.connection_id not in turned_away], sessions
        )
        unreached = self._greet(greetings)
        changed = {*changed_sessions, *meanwhile()}
        self._tell_speakers(list(self.ledger.get_sessions(sorted(changed)).values()))
        if late:
            # They came in while the session ended, after everyone else had been told.
            self.sessions.dismiss(late)
        if too_many:
            self.sessions.turn_away(too_many)
        if displaced:
            self.sessions.displace(displaced)
        for seconds in HANDSHAKE_WAITS:
            unreached = self._still_there(unreached)
            if not unreached:
                break
            self.wait(seconds)
            unreached = self._greet(unreached)

    def turn_away_surplus(self, arrived: Sequence[Connection]) -> None:
        """Tells and closes the last of those who came back to a session that is too full."""
        sessions = self.ledger.get_sessions(sorted({each.session_id for each in arrived}))
        there = [each for each in arrived if is_of_open_session(each, sessions)]
        if too_many := self._too_many(there, sessions):
            self.sessions.turn_away(too_many)

    def _too_many(
        self, arrived: Sequence[Connection], sessions: Mapping[str, Session]
    ) -> Collection[str]:
        """The last of the listeners that a session is too full for, by their connections.

        In a rush many pass the handshake before the count says that the session is full.
        """
        surplus = {key: self.sessions.surplus(each) for key, each in sessions.items()}
        found = []
        for each in sorted(arrived, key=lambda each: -each.connected_at):
            if each.is_listener and surplus[each.session_id] > 0:
                surplus[each.session_id] -= 1
                found.append(each.connection_id)
        return found

    def _greet(self, greetings: Sequence[Greeting]) -> Sequence[Greeting]:
        """Greets each group; returns the greetings of those who answered 410."""
        unreached = []
        for greeting in greetings:
            posted = self.broadcast.notify(list(greeting.connections), greeting.message)
            gone = {key: greeting.connections[key] for key in posted.gone}
            if gone:
                unreached.append(replace(greeting, connections=gone))
        return unreached

    def _still_there(self, greetings: Sequence[Greeting]) -> Sequence[Greeting]:
        """Without those who have left meanwhile: they have no row any more."""
        there = self.ledger.get_connections([key for each in greetings for key in each.connections])
        rest = [
            replace(
                each,
                connections={key: one for key, one in each.connections.items() if key in there},
            )
            for each in greetings
        ]
        return [each for each in rest if each.connections]

    def _tell_speakers(self, sessions: Sequence[Session]) -> None:
        """Tells all speakers at once: a socket that hangs holds up no other session's."""
        for session in sessions:
            self.metrics.emit({metrics.LISTENER_COUNT: session.listener_count})
        if sessions:
            with ContextThreads(min(len(sessions), _SPEAKERS_AT_ONCE)) as threads:
                list(threads.map(self._tell_speaker, sessions))

    def _tell_speaker(self, session: Session) -> None:
        if session.speaker_connection_id is not None:
            self.broadcast.notify([session.speaker_connection_id], messages.roster(session))


def _is_displaced(arrived: Connection, sessions: Mapping[str, Session]) -> bool:
    """Whether it came as the speaker and another has come since.

    The session names its speaker before the speaker's row is written, so it is never behind it.
    """
    speaker = sessions[arrived.session_id].speaker_connection_id
    return not arrived.is_listener and speaker != arrived.connection_id


def _greetings(joined: Iterable[Connection], sessions: Mapping[str, Session]) -> Sequence[Greeting]:
    """One greeting a session and language: everyone in such a group gets the same bytes."""
    groups: defaultdict[tuple[str, str | None], dict[str, Connection]] = defaultdict(dict)
    for each in joined:
        groups[each.session_id, each.target_language][each.connection_id] = each
    return [
        Greeting(
            messages.joined(sessions[session_id], next(iter(connections.values()))),
            connections,
        )
        for (session_id, _), connections in groups.items()
    ]
