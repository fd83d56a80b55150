"""One seed, one schedule: who does what, what goes wrong, and in which order.

A schedule is plain data, drawn before anything runs, so that the same seed is the same run and a
failing run can be made shorter by leaving operations out. Worlds are small (few people, few
languages, names that come back soon): collisions are what is sought.
"""

from collections.abc import Callable, Iterator
from random import Random
from typing import NamedTuple, Protocol

from tests.simulation.deliveries import Arrive, Crash, Deliver, GiveUp, Rewind, ZombieGoesOn
from tests.simulation.invocation import TO_THE_END
from tests.simulation.network import Fault
from tests.simulation.people import (
    LONG_LIFE_SECONDS,
    ChangeLanguage,
    End,
    Enter,
    ExpireConnection,
    ExpireSession,
    ExpireTombstones,
    Join,
    Leave,
    Open,
    Say,
    Speak,
    Vanish,
    Wish,
)
from tests.simulation.repairs import CrashReconciler, PutAside, Reconcile, Tamper
from tests.simulation.world import LANGUAGES, World


class Operation(Protocol):
    """One step of a schedule."""

    def apply(self, world: World) -> None:
        """Does it, or nothing where it does not apply."""


class Schedule(NamedTuple):
    """The operations of a run; `lag` is how far behind eventually consistent reads end."""

    shards: int
    lag: int
    operations: tuple[Operation, ...]


_FAULTS = (*Fault, Fault.CONFLICT)
_CALLS_BEFORE_FAULT = (1, 2, 3, 4, 4, 4, 5, 8)
"""The fourth call is, where nothing went wrong, the transaction."""

_STRUCK = (1, 1, 1, 1, 2, TO_THE_END)
_MAX_EXPIRIES = 5
_MAX_LIFE_SECONDS = 80
"""Less than 10 minutes together: DynamoDB knows every token still, every zombie may be alive."""

_WAYS_TO_GO = (*(Leave,) * 8, *(ExpireConnection,) * 3, Vanish)
"""Not many vanish: to delete their rows starts threads, which takes longer than all the rest."""

_SHORT_LIFE_SECONDS = 20
_RECONCILED = 5
"""One schedule of so many has reconcilers, which cost several times what the others do."""

_CORRECTS, _PAGE, _SYNCHRONISES = "get_item", "query", "batch_get_item"
"""What a reconciler calls first to do so: it reads a session by itself, a page of its rows, and
rows of the ledger."""

_WISHES = 8
"""After one operation of so many somebody's wish for a voice changes."""

_VOICELESS = 3
"""In one schedule of so many nobody wants a voice: then all who come are alike."""

_WHOLE_STREAM = 1_000

_PEOPLE = 5
"""Connections that a schedule deals with at a time: the last that came."""


class _Draw:
    """Draws one schedule's operations."""

    def __init__(self, seed: int) -> None:
        self._random = Random(seed)
        self._below = self._random.randrange
        # Drawn by themselves: the rest of a seed's schedule is as it was before there were voices.
        self._wishes = Random(f"voices {seed}")
        self._has_voices = self._wishes.randrange(_VOICELESS) > 0
        self._sessions = [f"s{n}" for n in range(self._below(1, 3))]
        self._people = 0
        self._expiries = 0
        self._shards = self._below(1, 4)

    def schedule(self) -> Schedule:
        """Sessions and a first listener, then anything."""
        operations: list[Operation] = [Open(name, self._life()) for name in self._sessions]
        operations.append(self._join())
        table = _TABLE if self._below(_RECONCILED) else _TABLE + _REPAIRS
        kinds = self._random.choices(*zip(*table, strict=True), k=self._below(25, 65))
        drawn = [operation for kind in kinds for operation in self._with_wishes(kind)]
        return Schedule(self._shards, self._below(3), (*operations, *drawn))

    def _with_wishes(self, kind: "_Kind") -> Iterator[Operation]:
        """The operations of that kind; now and then somebody begins to want a voice, or ceases."""
        yield from kind(self)
        if kind is _Draw.correct and self._wishes.randrange(2):
            yield from self._swap()
        if not self._has_voices:
            return
        if self._wishes.randrange(_WISHES) == 0:
            yield Wish(self._wisher(), self._wish())
        if kind is _Draw.tamper and self._wishes.randrange(2):
            language, by = self._wishes.choice(LANGUAGES), self._wishes.choice((-1, 1, 2, None))
            session = self._wishes.choice(self._sessions)
            yield Tamper(session, language, by, voice=True)

    def _wish(self) -> bool:
        return self._has_voices and self._wishes.randrange(3) > 0

    def _wisher(self) -> str:
        return f"c{self._people - self._wishes.randrange(min(self._people, _PEOPLE))}"

    def deliver(self) -> Iterator[Operation]:
        yield self._deliver(self._below(self._shards))

    def zombie(self) -> Iterator[Operation]:
        calls, fault, struck = self._course()
        yield ZombieGoesOn(self._below(4), calls, fault, struck, lag=self._below(3))

    def crash(self) -> Iterator[Operation]:
        """A shard's invocation is begun, or goes on, and then crashes."""
        shard = self._below(self._shards)
        yield self._deliver(shard)._replace(calls=self._below(1, 6))
        yield Crash(shard)

    def give_up(self) -> Iterator[Operation]:
        """A shard's invocation is begun, or goes on, and then becomes a zombie."""
        shard = self._below(self._shards)
        yield self._deliver(shard)._replace(calls=self._below(1, 6))
        yield GiveUp(shard)

    def rewind(self) -> Iterator[Operation]:
        yield Rewind(self._below(self._shards), self._below(1, 6))

    def arrive(self) -> Iterator[Operation]:
        yield Arrive(self._below(4))

    def join(self) -> Iterator[Operation]:
        yield self._join()

    def hurry(self) -> Iterator[Operation]:
        """A listener comes, and something changes before an invocation that saw them has ended."""
        yield self._join()
        yield from self.give_up()
        connection = self._last_connection()
        language = self._random.choice(LANGUAGES)
        yield Leave(connection) if self._below(2) else ChangeLanguage(connection, language)

    def enter(self) -> Iterator[Operation]:
        yield Enter(self._connection())

    def change_language(self) -> Iterator[Operation]:
        voice = self._wishes.choice((None, self._wish()))
        yield ChangeLanguage(self._connection(), self._random.choice(LANGUAGES), voice)

    def go(self) -> Iterator[Operation]:
        yield self._random.choice(_WAYS_TO_GO)(self._connection())

    def end(self) -> Iterator[Operation]:
        yield End(self._session(), self._below(3))

    def expire_session(self) -> Iterator[Operation]:
        yield from self._expired(self._session())

    def open(self) -> Iterator[Operation]:
        yield Open(self._session(), self._life())

    def reopen(self) -> Iterator[Operation]:
        """A name is used again at once."""
        session = self._session()
        yield from self._expired(session)
        yield Open(session, self._life())

    def say(self) -> Iterator[Operation]:
        yield Say(self._session())

    def speak(self) -> Iterator[Operation]:
        self._people += 1
        yield Speak(self._last_connection(), self._session())

    def expire_tombstones(self) -> Iterator[Operation]:
        yield ExpireTombstones()

    def reconcile(self) -> Iterator[Operation]:
        session = self._session() if self._below(4) == 0 else None
        calls, fault, struck = self._course()
        if calls != TO_THE_END:
            calls += self._below(8)
        yield Reconcile(self._below(6), session, calls, fault, struck, lag=self._below(3))

    def correct(self) -> Iterator[Operation]:
        """Counts are corrected while somebody comes or goes, or one comes for another."""
        language = self._random.choice(LANGUAGES)
        yield Tamper(self._sessions[0], language, 1)
        calls = Reconcile(0, None, self._below(4), None, 1, lag=0, until=_CORRECTS)
        yield calls
        for _ in range(2):
            if self._has_voices and self._wishes.randrange(2):
                yield from self._swapped_wishes()
            if self._below(3):
                yield self._join()._replace(session=self._sessions[0], language=language)
            if self._below(3):
                yield Leave(self._connection())
            yield Deliver(self._below(self._shards), 6, 0, TO_THE_END, None, 1, lag=0)
            yield calls._replace(calls=self._below(1, 5))
        yield calls._replace(calls=TO_THE_END)

    def _swap(self) -> Iterator[Operation]:
        """One comes for another who is alike and leaves, between two pages of a correction.

        Or both are there, and one begins to want the voice when the other ceases to.
        """
        session, language = self._sessions[0], self._wishes.choice(LANGUAGES)
        swaps_wishes = self._has_voices and self._wishes.randrange(2) > 0
        like = Join("", session, language, voice=swaps_wishes or self._wish())
        first, *_, last = names = [self._newcomer() for _ in range(_PEOPLE)]
        yield from (like._replace(connection=each) for each in names[:-1])
        if swaps_wishes:
            yield like._replace(connection=last, voice=False)
        yield from self._all_delivered()
        yield Tamper(session, language, 1)
        correction = Reconcile(0, None, self._wishes.randrange(2), None, 1, lag=0, until=_PAGE)
        yield correction
        yield Wish(first, voice=False) if swaps_wishes else Leave(first)
        yield Wish(last, voice=True) if swaps_wishes else like._replace(connection=last)
        yield from self._all_delivered()
        yield correction._replace(calls=TO_THE_END)

    def _all_delivered(self) -> Iterator[Operation]:
        for shard in range(self._shards):
            yield Deliver(shard, _WHOLE_STREAM, 0, TO_THE_END, None, 1, lag=0)

    def _newcomer(self) -> str:
        self._people += 1
        return self._last_connection()

    def _swapped_wishes(self) -> Iterator[Operation]:
        """One begins to want a voice, another ceases to."""
        yield Wish(self._wisher(), voice=True)
        yield Wish(self._wisher(), voice=False)

    def synchronise(self) -> Iterator[Operation]:
        """Somebody comes unnoticed, and something changes while they are counted."""
        yield self._join()
        calls = Reconcile(0, None, self._below(3), None, 1, lag=0, until=_SYNCHRONISES)
        yield calls
        if self._below(2):
            yield Leave(self._last_connection())
        yield calls._replace(calls=TO_THE_END, lag=self._below(3))

    def crash_reconciler(self) -> Iterator[Operation]:
        yield CrashReconciler(self._below(3))

    def tamper(self) -> Iterator[Operation]:
        language = self._random.choice((*LANGUAGES, None))
        by = self._random.choice((-2, -1, 1, 2) if language is None else (-2, -1, 1, 2, None))
        yield Tamper(self._session(), language, by)

    def put_aside(self) -> Iterator[Operation]:
        yield PutAside(self._below(self._shards), self._below(1, 3))

    def _deliver(self, shard: int) -> Deliver:
        size, repeated = self._below(1, 7), max(0, self._below(6) - 2)
        calls, fault, struck = self._course()
        return Deliver(shard, size, repeated, calls, fault, struck, lag=self._below(3))

    def _join(self) -> Join:
        self._people += 1
        return Join(
            connection=self._last_connection(),
            session=self._session(),
            language=self._random.choice(LANGUAGES),
            later=self._below(8) == 0,
            last_sequence=self._below(3) if self._below(4) == 0 else None,
            life=_SHORT_LIFE_SECONDS if self._below(5) == 0 else LONG_LIFE_SECONDS,
            voice=self._wish(),
        )

    def _expired(self, session: str) -> Iterator[Operation]:
        self._expiries += 1
        if self._expiries <= _MAX_EXPIRIES:
            yield ExpireSession(session)

    def _course(self) -> tuple[int, Fault | None, int]:
        """How many calls are made, whether something goes wrong, and for how many calls."""
        if self._below(5):
            return TO_THE_END if self._below(5) < 2 else self._below(1, 6), None, 1
        fault, struck = self._random.choice(_FAULTS), self._random.choice(_STRUCK)
        if struck == TO_THE_END:
            return TO_THE_END, fault, struck
        return self._random.choice(_CALLS_BEFORE_FAULT), fault, struck

    def _life(self) -> int:
        return self._below(10, _MAX_LIFE_SECONDS)

    def _session(self) -> str:
        return self._random.choice(self._sessions)

    def _connection(self) -> str:
        return f"c{self._people - self._below(min(self._people, _PEOPLE))}"

    def _last_connection(self) -> str:
        return f"c{self._people}"


_Kind = Callable[[_Draw], Iterator[Operation]]
_TABLE: tuple[tuple[_Kind, int], ...] = (
    (_Draw.deliver, 44),
    (_Draw.zombie, 10),
    (_Draw.crash, 5),
    (_Draw.give_up, 7),
    (_Draw.rewind, 4),
    (_Draw.arrive, 3),
    (_Draw.join, 15),
    (_Draw.hurry, 4),
    (_Draw.enter, 3),
    (_Draw.change_language, 11),
    (_Draw.go, 10),
    (_Draw.end, 1),
    (_Draw.expire_session, 2),
    (_Draw.open, 3),
    (_Draw.reopen, 3),
    (_Draw.say, 3),
    (_Draw.speak, 1),
    (_Draw.expire_tombstones, 2),
)
_REPAIRS: tuple[tuple[_Kind, int], ...] = (
    (_Draw.reconcile, 14),
    (_Draw.correct, 6),
    (_Draw.synchronise, 3),
    (_Draw.crash_reconciler, 2),
    (_Draw.tamper, 3),
    (_Draw.put_aside, 4),
)


def drawn(seed: int) -> Schedule:
    """The schedule of a seed."""
    return _Draw(seed).schedule()
