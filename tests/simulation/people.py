"""Operations of a schedule: what people, and DynamoDB's TTL, do to sessions and connections.

Each is a value, and does nothing where it does not apply: whatever operations are dropped from a
schedule, what remains is a schedule.
"""

from dataclasses import replace
from typing import NamedTuple

from chalice_app.domain.errors import ConditionFailed
from chalice_app.domain.session import Connection, Role, Session
from chalice_app.rosters.ledger import key_of
from tests.fakes.domain import MANY
from tests.simulation.world import World

LONG_LIFE_SECONDS = 3600
"""Longer than a run lasts until it is at rest."""


class Open(NamedTuple):
    """A session is opened, for so many seconds; its name may have been used before."""

    session: str
    seconds: int

    def apply(self, world: World) -> None:
        """Puts the session, unless one that has not expired has the name."""
        session = Session(
            session_id=self.session,
            source_language="en",
            token_hash="",
            created_at=world.clock.milliseconds,
            expires_at_seconds=world.clock.seconds + self.seconds,
        )
        try:
            world.tables.sessions.put_session(session)
        except ConditionFailed:
            return


class Join(NamedTuple):
    """A listener comes, or comes back, having heard the talk up to `last_sequence`.

    Where `later`, the row is put only by the `Enter` of that connection. With `voice` it wants to
    hear the language. After `life` seconds the
    row is past its life; `ExpireConnection` does not wait for that.
    """

    connection: str
    session: str
    language: str
    later: bool = False
    last_sequence: int | None = None
    life: int = LONG_LIFE_SECONDS
    voice: bool = False

    def apply(self, world: World) -> None:
        """Reads the session and puts the connection. Connection ids are never used again."""
        session = world.tables.sessions.get_session(self.session)
        if self.connection in world.joined or session is None:
            return
        if not session.is_open(world.clock.milliseconds):
            return
        connection = replace(
            _connection(world, self.connection, session, Role.LISTENER, self.language),
            last_sequence=self.last_sequence,
            ttl=world.clock.seconds + self.life,
            wants_voice=self.voice,
        )
        world.joined[self.connection] = key_of(connection)
        if self.later:
            world.entering[self.connection] = connection
        else:
            world.tables.connections.put_connection(connection)


class Enter(NamedTuple):
    """A listener's row is put, long after its session was read."""

    connection: str

    def apply(self, world: World) -> None:
        """Puts the row; its session may be another by now."""
        connection = world.entering.pop(self.connection, None)
        if connection is not None:
            world.tables.connections.put_connection(connection)


class Say(NamedTuple):
    """A sentence is spoken."""

    session: str

    def apply(self, world: World) -> None:
        """Raises the session's last sequence: returning listeners have missed one more."""
        session = world.tables.sessions.get_session(self.session)
        if session is not None and session.is_open(world.clock.milliseconds):
            world.tables.sessions.raise_last_sequence(session, session.last_sequence + 1)


class Speak(NamedTuple):
    """The speaker comes."""

    connection: str
    session: str

    def apply(self, world: World) -> None:
        """Puts a connection that no roster may count."""
        session = world.tables.sessions.get_session(self.session)
        if session is None or self.connection in world.joined:
            return
        connection = _connection(world, self.connection, session, Role.SPEAKER, None)
        world.joined[self.connection] = key_of(connection)
        world.tables.connections.put_connection(connection)


class ChangeLanguage(NamedTuple):
    """A listener wants another language, or to hear it, or no more (None: as before)."""

    connection: str
    language: str
    voice: bool | None = None

    def apply(self, world: World) -> None:
        """Updates the row, if it is a listener's."""
        connection = world.tables.connections.get_connection(self.connection)
        if connection is not None and connection.is_listener:
            world.tables.connections.change_language(
                self.connection, self.language, MANY, self.voice
            )


class Wish(NamedTuple):
    """A listener wants to hear its language, or no more."""

    connection: str
    voice: bool

    def apply(self, world: World) -> None:
        """Updates the row, if it is a listener's."""
        connection = world.tables.connections.get_connection(self.connection)
        if connection is not None and connection.target_language is not None:
            world.tables.connections.change_language(
                self.connection, connection.target_language, MANY, self.voice
            )


class Leave(NamedTuple):
    """`$disconnect`."""

    connection: str

    def apply(self, world: World) -> None:
        """Deletes the row."""
        world.tables.connections.delete_connection(self.connection)


class Vanish(NamedTuple):
    """A broadcast found the socket gone."""

    connection: str

    def apply(self, world: World) -> None:
        """Deletes the row, as it was there before the broadcast."""
        world.tables.connections.delete_gone([self.connection], world.clock.milliseconds)


class ExpireConnection(NamedTuple):
    """TTL deletes a connection, whether or not its socket lives."""

    connection: str

    def apply(self, world: World) -> None:
        """Deletes the row as DynamoDB itself does."""
        world.database.expire(world.database.connections, self.connection)


class End(NamedTuple):
    """The speaker ends the session: everyone whom the index shows is disconnected."""

    session: str
    lag: int

    def apply(self, world: World) -> None:
        """Marks the session as ended and deletes the rows that the index showed."""
        session = world.tables.sessions.get_session(self.session)
        if session is None:
            return
        world.tables.sessions.end_session(session, session.created_at)
        world.database.lag = self.lag
        for listener in list(world.tables.connections.query_listeners(self.session)):
            if listener.session_epoch == session.created_at:
                world.tables.connections.delete_connection(listener.connection_id)


class ExpireSession(NamedTuple):
    """Time passes until the session's end of life and TTL deletes it; its listeners may live on."""

    session: str

    def apply(self, world: World) -> None:
        """Deletes the row as DynamoDB itself does."""
        session = world.tables.sessions.get_session(self.session)
        if session is not None:
            world.clock.pass_until(session.expires_at_seconds)
            world.database.expire(world.database.sessions, self.session)


class ExpireTombstones(NamedTuple):
    """TTL deletes what has outlived its time in Rosters."""

    def apply(self, world: World) -> None:
        """Deletes the rows whose time is over, as DynamoDB itself does."""
        for key, row in list(world.database.rosters.rows.items()):
            if "ttl" in row and int(row["ttl"]["N"]) <= world.clock.seconds:
                world.database.expire(world.database.rosters, key)


def _connection(
    world: World, connection_id: str, session: Session, role: Role, language: str | None
) -> Connection:
    """A new connection of this session."""
    return Connection(
        connection_id=connection_id,
        session_id=session.session_id,
        session_epoch=session.created_at,
        role=role,
        connected_at=world.clock.milliseconds,
        ttl=world.clock.seconds + LONG_LIFE_SECONDS,
        target_language=language,
    )
