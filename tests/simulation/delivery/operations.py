"""Operations of a delivery schedule: what people do, and how far invocations come meanwhile.

Like those of the counting schedules, each is a value and does nothing where it does not apply.
Those that begin an invocation make its first `calls` calls; `GoOn` makes more.
"""

from typing import NamedTuple

from chalice_app.domain.errors import ConditionFailed
from chalice_app.domain.session import Session
from chalice_app.sessions.tokens import hash_token
from chalice_app.wire.incoming import JoinAsListener, JoinAsSpeaker
from tests.simulation.delivery.hall import TOKEN, Hall
from tests.simulation.invocation import TO_THE_END
from tests.simulation.network import Fault

_TOKEN_HASH = hash_token(TOKEN)
SESSION_SECONDS = 3600


class Open(NamedTuple):
    """A session is opened, after TTL has deleted the one before of its name."""

    session: str

    def apply(self, hall: Hall) -> None:
        """Puts the session's row."""
        hall.database.expire(hall.database.sessions, self.session)
        session = Session(
            session_id=self.session,
            source_language="en",
            token_hash=_TOKEN_HASH,
            created_at=hall.clock.milliseconds,
            expires_at_seconds=hall.clock.seconds + SESSION_SECONDS,
        )
        try:
            hall.tables.sessions.put_session(session)
        except ConditionFailed:
            return


class Enter(NamedTuple):
    """A listener comes or, having heard all but the last `behind` sentences, comes back.

    With `voice` it wants to hear its language.
    """

    connection: str
    session: str
    language: str
    behind: int | None = None
    handshake_ms: int = 0
    calls: int = TO_THE_END
    voice: bool = False

    def apply(self, hall: Hall) -> None:
        """Begins the handshake. Connection ids are never used again."""
        if self.connection in hall.sockets:
            return
        last = None
        if self.behind is not None:
            last = max(0, hall.last_sequence(self.session) - self.behind)
        join = JoinAsListener(self.session, self.language, last, wants_voice=self.voice)
        hall.go_on(hall.connect(self.connection, self.handshake_ms, join), self.calls)


class TakeOver(NamedTuple):
    """A speaker comes, and displaces the one before."""

    connection: str
    session: str
    handshake_ms: int = 0
    calls: int = TO_THE_END

    def apply(self, hall: Hall) -> None:
        """Begins the handshake."""
        if self.connection in hall.sockets:
            return
        hall.speakers[self.session].append(self.connection)
        join = JoinAsSpeaker(self.session, TOKEN)
        hall.go_on(hall.connect(self.connection, self.handshake_ms, join), self.calls)


class Say(NamedTuple):
    """A speaker says a sentence: the next, or the last once more, or one many numbers later.

    `former` counts the speakers back from the last that came.
    """

    session: str
    former: int = 0
    again: bool = False
    skipped: int = 0
    calls: int = TO_THE_END
    fault: Fault | None = None
    struck: int = 1

    def apply(self, hall: Hall) -> None:
        """Begins the sentence."""
        speakers = hall.speakers[self.session]
        if self.former >= len(speakers):
            return
        spoken = [each.sequence for each in hall.spoken if each.session[0] == self.session]
        last = max([hall.last_sequence(self.session), *spoken[-1:]])
        sequence = max(1, last + (0 if self.again else 1 + self.skipped))
        begun = hall.speak(self.session, speakers[-1 - self.former], sequence)
        if begun is not None:
            hall.go_on(begun, self.calls, self.fault, self.struck)


class Correct(NamedTuple):
    """A speaker corrects a sentence, so many back from the last; without a text it retracts it."""

    session: str
    back: int = 0
    text: str = "again"
    calls: int = TO_THE_END
    fault: Fault | None = None
    struck: int = 1

    def apply(self, hall: Hall) -> None:
        """Begins the correction."""
        speakers = hall.speakers[self.session]
        sequence = hall.last_sequence(self.session) - self.back
        if not speakers or sequence < 1:
            return
        begun = hall.correct(self.session, speakers[-1], sequence, self.text)
        if begun is not None:
            hall.go_on(begun, self.calls, self.fault, self.struck)


class Move(NamedTuple):
    """A listener changes its language, or its wish to hear it (None: as before)."""

    connection: str
    language: str
    calls: int = TO_THE_END
    voice: bool | None = None

    def apply(self, hall: Hall) -> None:
        """Begins the change, on a socket that is open."""
        if self.connection in hall.listeners and hall.is_connected(self.connection):
            participants = hall.stage.participants
            begun = hall.begin(
                lambda: participants.change_language(self.connection, self.language, self.voice)
            )
            hall.go_on(begun, self.calls)


class Leave(NamedTuple):
    """A client closes its socket; where it `vanishes`, `$disconnect` is never called."""

    connection: str
    vanishes: bool = False
    calls: int = TO_THE_END

    def apply(self, hall: Hall) -> None:
        """Closes the socket, and begins to remove the row."""
        if self.connection not in hall.sockets or hall.sockets[self.connection].is_closed:
            return
        if self.vanishes:
            hall.vanish(self.connection)
        else:
            hall.go_on(hall.disconnect(self.connection), self.calls)


class End(NamedTuple):
    """The speaker ends the session."""

    session: str
    calls: int = TO_THE_END

    def apply(self, hall: Hall) -> None:
        """Begins the end."""
        if not hall.speakers[self.session]:
            return
        connection = hall.speakers[self.session][-1]
        if hall.is_connected(connection):
            hall.go_on(hall.end(self.session, connection), self.calls)


class Purge(NamedTuple):
    """The speaker has everything deleted that is kept of the session, open or not."""

    session: str
    calls: int = TO_THE_END
    fault: Fault | None = None
    struck: int = 1

    def apply(self, hall: Hall) -> None:
        """Begins the purge."""
        begun = hall.purge(self.session)
        if begun is not None:
            hall.go_on(begun, self.calls, self.fault, self.struck)


class GoOn(NamedTuple):
    """One of the invocations under way makes more calls; the last begun is number 0."""

    number: int
    calls: int = TO_THE_END
    fault: Fault | None = None
    struck: int = 1

    def apply(self, hall: Hall) -> None:
        """Goes on until they are made or it has ended."""
        if hall.under_way:
            one = hall.under_way[-1 - self.number % len(hall.under_way)]
            hall.go_on(one, self.calls, self.fault, self.struck)


class Die(NamedTuple):
    """One of the invocations under way dies between two calls."""

    number: int

    def apply(self, hall: Hall) -> None:
        """It never goes on."""
        if hall.under_way:
            hall.crash(hall.under_way[-1 - self.number % len(hall.under_way)])


class SendSlice(NamedTuple):
    """Lambda invokes the broadcast function with a slice; `again`: and will do so once more."""

    number: int
    again: bool = False
    calls: int = TO_THE_END
    fault: Fault | None = None
    struck: int = 1

    def apply(self, hall: Hall) -> None:
        """Begins it, if a slice is due."""
        begun = hall.send_slice(self.number, again=self.again)
        if begun is not None:
            hall.go_on(begun, self.calls, self.fault, self.struck)


class Pass(NamedTuple):
    """Nothing happens for a while."""

    ms: int

    def apply(self, hall: Hall) -> None:
        """Time passes."""
        hall.clock.milliseconds += self.ms
