"""One seed, one delivery schedule: who comes, who speaks, and how far each gets meanwhile."""

from collections.abc import Callable, Iterator
from random import Random
from typing import NamedTuple, Protocol

from tests.simulation.deliveries import Arrive, Crash, Deliver, GiveUp, Rewind, ZombieGoesOn
from tests.simulation.delivery.hall import Hall
from tests.simulation.delivery.operations import (
    Correct,
    Die,
    End,
    Enter,
    GoOn,
    Leave,
    Move,
    Open,
    Pass,
    Purge,
    Say,
    SendSlice,
    TakeOver,
)
from tests.simulation.invocation import TO_THE_END
from tests.simulation.network import Fault
from tests.simulation.world import LANGUAGES

SESSIONS = ("calm-owl-101", "calm-owl-102")
LONGEST_HANDSHAKE_MS = 1_500
LONGEST_LAG_MS = 2_000
_SMALL_SLICE, _NO_SLICES = 2, 100
_PEOPLE = 6
_HANDSHAKES = (*(0,) * 10, 100, 100, 400, 700, LONGEST_HANDSHAKE_MS)
_PAUSES = (50, 50, 200, 200, 1_000, 1_500, 11_000, 61_000)
"""Milliseconds; the last two are beyond a caption's life, and beyond Lambda's second try."""

_BEHIND = (None, None, None, 0, 1, 2, 3)
_SKIPPED = 52
"""More than the limit of captions that are replayed."""


class Operation(Protocol):
    """One step of a schedule."""

    def apply(self, hall: Hall) -> None:
        """Does it, or nothing where it does not apply."""


class Schedule(NamedTuple):
    """The operations of a run; the rest is as `Hall` takes it."""

    shards: int
    slice_listeners: int
    lag_ms: int
    is_late: bool
    operations: tuple[Operation, ...]


class _Draw:
    """Draws one schedule's operations."""

    def __init__(self, seed: int) -> None:
        self._random = Random(f"delivery {seed}")
        self._below = self._random.randrange
        self._choice = self._random.choice
        # Drawn by themselves: the rest of a seed's schedule is as it was before there were voices.
        self._wish = Random(f"voices {seed}").choice
        self._purge = Random(f"purges {seed}")
        self._sessions = SESSIONS[: 1 + (self._below(4) == 0)]
        self._people = 0
        self._shards = self._below(1, 3)

    def schedule(self) -> Schedule:
        """Sessions with a speaker and some listeners, then anything."""
        operations: list[Operation] = []
        for session in self._sessions:
            operations += [Open(session), TakeOver(self._newcomer(), session)]
        for _ in range(self._below(1, 5)):
            operations.append(Enter(self._newcomer(), self._session(), self._language()))
        operations += [self._delivered(shard) for shard in range(self._shards)]
        kinds = self._random.choices(_KINDS, _WEIGHTS, k=self._below(8, 25))
        operations += [operation for kind in kinds for operation in kind(self)]
        operations = [self._with_wish(each) for each in operations]
        if self._purge.randrange(5) == 0:
            self._add_purge(operations)
        elif self._purge.randrange(8) == 0:
            self._add_late(operations)
        return Schedule(
            self._shards,
            self._choice((_SMALL_SLICE, _NO_SLICES)),
            self._choice((0, 100, 800, LONGEST_LAG_MS)),
            self._below(2) == 0,
            tuple(operations),
        )

    def _add_purge(self, operations: list[Operation]) -> None:
        """Somewhere in the later half everything is deleted, while something may be said."""
        below = self._purge.randrange
        session = self._purge.choice(self._sessions)
        meanwhile: list[Operation] = [
            Say(session, calls=below(1, 12)),
            Purge(session, TO_THE_END if below(2) else below(1, 8)),
            Say(session, calls=below(1, 12)),
        ]
        place = below(len(operations) // 2, len(operations) + 1)
        operations[place:place] = meanwhile[below(2) : 2 + below(2)]

    def _add_late(self, operations: list[Operation]) -> None:
        """A number is given back by a request that arrives after another has taken it over."""
        below = self._purge.randrange
        session = self._purge.choice(self._sessions)
        place = below(len(operations) // 2, len(operations) + 1)
        operations[place:place] = [
            Say(session, calls=below(7, 10), fault=Fault.LATE, struck=below(3, 6)),
            GoOn(0),
            Pass(11_000),
            Say(session, again=True),
            Arrive(below(4)),
        ]

    def _with_wish(self, operation: Operation) -> Operation:
        """The operation, with a wish for a voice where it may have one."""
        if isinstance(operation, Enter):
            return operation._replace(voice=self._wish((True, False)))
        if isinstance(operation, Move):
            return operation._replace(voice=self._wish((None, None, True, False)))
        return operation

    def say(self) -> Iterator[Operation]:
        calls, fault, struck = self._course()
        former = int(self._below(12) == 0)
        yield Say(self._session(), former, calls=calls, fault=fault, struck=struck)

    def say_again(self) -> Iterator[Operation]:
        yield Say(self._session(), again=True, calls=self._calls())

    def skip(self) -> Iterator[Operation]:
        """Somebody has missed more than is replayed."""
        session = self._session()
        yield Say(session)
        yield Say(session, skipped=_SKIPPED)
        yield Enter(self._newcomer(), session, self._language(), _SKIPPED + 2)

    def say_much(self) -> Iterator[Operation]:
        """Sentences of which one overtakes the other."""
        session = self._session()
        for _ in range(self._below(2, 4)):
            yield Say(session, calls=self._below(1, 8))

    def go_on(self) -> Iterator[Operation]:
        yield GoOn(self._below(3), *self._course())

    def die(self) -> Iterator[Operation]:
        yield Die(self._below(3))

    def slice(self) -> Iterator[Operation]:
        again = self._below(4) == 0
        yield SendSlice(self._below(3), again, *self._course())

    def enter(self) -> Iterator[Operation]:
        yield self._enter()
        if self._below(2):
            yield self._deliver(self._below(self._shards))

    def return_meanwhile(self) -> Iterator[Operation]:
        """One who returns is brought back while somebody speaks."""
        session, shard = self._session(), self._below(self._shards)
        yield Enter(self._newcomer(), session, self._language(), self._below(4))
        for _ in range(self._below(1, 4)):
            yield self._deliver(shard)._replace(calls=self._below(1, 8))
            yield Say(session, calls=self._below(2, 12))
            if self._below(2):
                yield GoOn(self._below(2), self._calls())

    def join_meanwhile(self) -> Iterator[Operation]:
        """One is counted, or moves, while a sentence is on its way."""
        session = self._session()
        if self._below(2):
            yield Enter(self._newcomer(), session, self._language())
        else:
            yield Move(self._connection(), self._language())
        yield Say(session, calls=self._below(1, 6))
        yield from map(self._delivered, range(self._shards))
        yield GoOn(0)

    def correct(self) -> Iterator[Operation]:
        yield self._correct()

    def correct_meanwhile(self) -> Iterator[Operation]:
        """A sentence is corrected while one who had it, or missed it, is brought back."""
        session, shard = self._session(), self._below(self._shards)
        yield Say(session)
        yield Enter(self._newcomer(), session, self._language(), self._below(4))
        for _ in range(self._below(1, 4)):
            yield self._deliver(shard)._replace(calls=self._below(1, 10))
            yield self._correct()._replace(session=session, calls=self._below(2, 14))
            if self._below(2):
                yield GoOn(self._below(2), self._calls())

    def _correct(self) -> Correct:
        calls, fault, struck = self._course()
        text = "" if self._below(5) == 0 else "again"
        return Correct(self._session(), self._below(3), text, calls, fault, struck)

    def move(self) -> Iterator[Operation]:
        yield Move(self._connection(), self._language(), self._calls())

    def leave(self) -> Iterator[Operation]:
        yield Leave(self._connection(), self._below(3) == 0, self._calls())

    def take_over(self) -> Iterator[Operation]:
        yield TakeOver(self._newcomer(), self._session(), self._handshake(), self._calls())

    def end(self) -> Iterator[Operation]:
        yield End(self._session(), self._calls())

    def reopen(self) -> Iterator[Operation]:
        session = self._session()
        yield Open(session)
        yield TakeOver(self._newcomer(), session)

    def pause(self) -> Iterator[Operation]:
        yield Pass(self._choice(_PAUSES))

    def deliver(self) -> Iterator[Operation]:
        yield self._deliver(self._below(self._shards))

    def zombie(self) -> Iterator[Operation]:
        calls, fault, struck = self._course()
        yield ZombieGoesOn(self._below(4), calls, fault, struck, lag=0)

    def crash(self) -> Iterator[Operation]:
        shard = self._below(self._shards)
        yield self._deliver(shard)._replace(calls=self._below(1, 10))
        yield Crash(shard)

    def give_up(self) -> Iterator[Operation]:
        shard = self._below(self._shards)
        yield self._deliver(shard)._replace(calls=self._below(1, 10))
        yield GiveUp(shard)

    def rewind(self) -> Iterator[Operation]:
        yield Rewind(self._below(self._shards), self._below(1, 6))

    def arrive(self) -> Iterator[Operation]:
        yield Arrive(self._below(4))

    def _enter(self) -> Enter:
        return Enter(
            self._newcomer(),
            self._session(),
            self._language(),
            self._choice(_BEHIND),
            self._handshake(),
            self._calls(),
        )

    def _deliver(self, shard: int) -> Deliver:
        repeated = max(0, self._below(6) - 3)
        return Deliver(shard, self._below(1, 7), repeated, *self._course(), lag=0)

    def _delivered(self, shard: int) -> Deliver:
        return Deliver(shard, 10, 0, TO_THE_END, None, 1, lag=0)

    def _course(self) -> tuple[int, Fault | None, int]:
        """How many calls are made, whether something goes wrong, and for how many calls."""
        if self._below(8):
            return self._calls(), None, 1
        struck = self._choice((1, 1, 1, 2, TO_THE_END))
        calls = TO_THE_END if struck == TO_THE_END else self._below(1, 14)
        return calls, self._choice(tuple(Fault)), struck

    def _calls(self) -> int:
        return TO_THE_END if self._below(5) < 2 else self._below(1, 12)

    def _handshake(self) -> int:
        return self._choice(_HANDSHAKES)

    def _session(self) -> str:
        return self._choice(self._sessions)

    def _language(self) -> str:
        return self._choice(LANGUAGES)

    def _newcomer(self) -> str:
        self._people += 1
        return f"c{self._people}"

    def _connection(self) -> str:
        return f"c{self._people - self._below(min(self._people, _PEOPLE))}"


_Kind = Callable[[_Draw], Iterator[Operation]]
_TABLE: tuple[tuple[_Kind, int], ...] = (
    (_Draw.say, 16),
    (_Draw.say_again, 2),
    (_Draw.skip, 1),
    (_Draw.say_much, 4),
    (_Draw.go_on, 26),
    (_Draw.die, 2),
    (_Draw.slice, 8),
    (_Draw.enter, 9),
    (_Draw.return_meanwhile, 5),
    (_Draw.join_meanwhile, 4),
    (_Draw.move, 7),
    (_Draw.leave, 4),
    (_Draw.take_over, 2),
    (_Draw.end, 1),
    (_Draw.reopen, 1),
    (_Draw.pause, 4),
    (_Draw.deliver, 18),
    (_Draw.zombie, 3),
    (_Draw.crash, 2),
    (_Draw.give_up, 3),
    (_Draw.rewind, 1),
    (_Draw.arrive, 1),
    (_Draw.correct, 3),
    (_Draw.correct_meanwhile, 3),
)
_KINDS, _WEIGHTS = zip(*_TABLE, strict=True)


def drawn(seed: int) -> Schedule:
    """The delivery schedule of a seed."""
    return _Draw(seed).schedule()
