"""Tells people what a change of the Connections table means to them.

Joiners hear `joined`, speakers `roster`; both are told after the counts are committed, so nobody
hears of what is not yet true. Records come at least once, and so do these messages.
"""

import logging
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from time import sleep

from chalice_app import messages, metrics
from chalice_app.bootstrap import Application
from chalice_app.broadcast import Broadcast
from chalice_app.models import Connection, Session
from chalice_app.ports import Ledger, MetricsSink
from chalice_app.resume import Resume
from chalice_app.sessions import Sessions

_log = logging.getLogger(__name__)

HANDSHAKE_WAITS = (0.02, 0.05, 0.1, 0.2, 0.4, 0.8)
"""Seconds between the tries to reach a joiner whose socket answers 410: its `$connect` may not have
returned yet, and API Gateway delivers nothing before it has."""

_SPEAKERS_AT_ONCE = 16


@dataclass(frozen=True, slots=True)
class Presence:
    """The messages that a batch of changes causes: one `roster` a session, however many changes."""

    ledger: Ledger
    broadcast: Broadcast
    sessions: Sessions
    resume: Resume
    metrics: MetricsSink
    wait: Callable[[float], None] = sleep

    @classmethod
    def of(cls, application: Application) -> "Presence":
        """Over an application's parts."""
        return cls(
            ledger=application.adapters.ledger,
            broadcast=application.broadcast,
            sessions=application.sessions,
            resume=application.resume,
            metrics=application.adapters.metrics,
        )

    def tell(self, joined: Sequence[Connection], changed_sessions: Collection[str]) -> None:
        """Greets who joined, then tells the speakers of the sessions whose counts changed."""
        names = {connection.session_id for connection in joined} | set(changed_sessions)
        sessions = self.ledger.get_sessions(sorted(names))
        self._greet_all(joined, sessions)
        self._tell_speakers([sessions[name] for name in changed_sessions if name in sessions])

    def _greet_all(self, joined: Iterable[Connection], sessions: Mapping[str, Session]) -> None:
        """Greets per session and language: everyone in such a group gets the same bytes."""
        groups: defaultdict[tuple[str, str | None], list[Connection]] = defaultdict(list)
        late: list[str] = []
        for connection in joined:
            session = sessions.get(connection.session_id)
            if _is_theirs(session, connection):
                groups[connection.session_id, connection.target_language].append(connection)
            else:
                late.append(connection.connection_id)
        for (session_id, _), connections in groups.items():
            self._greet(sessions[session_id], connections)
        if late:
            # They came in while the session ended, after everyone else had been told.
            self.sessions.dismiss(late)

    def _greet(self, session: Session, connections: Sequence[Connection]) -> None:
        greeting = messages.joined(session, connections[0])
        waiting = [connection.connection_id for connection in connections]
        gone: Sequence[str] = self.broadcast.notify(waiting, greeting).gone
        for seconds in HANDSHAKE_WAITS:
            # Whoever has left meanwhile has no row any more and is not waited for.
            gone = sorted(self.ledger.get_connections(gone)) if gone else ()
            if not gone:
                break
            self.wait(seconds)
            gone = self.broadcast.notify(gone, greeting).gone
        language = connections[0].target_language
        if language is not None:
            self.resume.replay(session, language, connections)

    def _tell_speakers(self, sessions: Sequence[Session]) -> None:
        """Tells all speakers at once: a socket that hangs holds up no other session's."""
        for session in sessions:
            self.metrics.emit({metrics.LISTENER_COUNT: session.listener_count})
        if sessions:
            with ThreadPoolExecutor(min(len(sessions), _SPEAKERS_AT_ONCE)) as threads:
                list(threads.map(self._tell_speaker, sessions))

    def _tell_speaker(self, session: Session) -> None:
        if session.speaker_connection_id is not None:
            self.broadcast.notify([session.speaker_connection_id], messages.roster(session))


def _is_theirs(session: Session | None, connection: Connection) -> bool:
    return (
        session is not None and session.is_active and session.created_at == connection.session_epoch
    )
