"""An attacker with 100 addresses, who guesses join codes and names, over HTTP and by handshakes.

A guess was evaluated where the answer says that it was wrong (401, 404); 429 says nothing about it.
"""

import asyncio
import itertools
import random
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass

from chalice_app.domain.session_names import ADJECTIVES, NOUNS, new_session_name
from tests.benchmarks.hall_phones import ask, handshake_status
from tests.integration.client import Session, Stage

ADDRESSES = tuple(f"127.0.1.{number}" for number in range(1, 101))
PAUSE_SECONDS = 2.0
"""Of one address between two guesses: 30 a minute, 3,000 of all."""

NAMES = len(ADJECTIVES) * len(NOUNS) * 900
OPEN_SESSIONS, MINUTES = 50, 10
OK, EVALUATED = 200, {401, 404}


@dataclass(frozen=True, slots=True)
class Guess:
    """One guess; `asked_at` and `answered_at` are in epoch seconds."""

    asked_at: float
    answered_at: float
    source: str
    kind: str
    status: int


class Attack:
    """Guesses the code of one session, and names of others, for so long."""

    def __init__(self, stage: Stage, session: Session, right_code: str) -> None:
        self._stage, self._session, self._right_code = stage, session, right_code
        self.guesses: list[Guess] = []

    async def go_on(self, seconds: float) -> None:
        """Guesses from all addresses at the same time."""
        async with asyncio.TaskGroup() as tasks:
            for source in ADDRESSES:
                tasks.create_task(self._from(source, time.monotonic() + seconds))

    async def _from(self, source: str, end: float) -> None:
        kinds: dict[str, Callable[[str], Awaitable[int]]] = {
            "code over HTTP": self._code_by_http,
            "right code over HTTP": self._right_code_by_http,
            "code by handshake": self._code_by_handshake,
            "name over HTTP": self._name_by_http,
            "name by handshake": self._name_by_handshake,
        }
        order = random.sample(sorted(kinds), len(kinds))
        await asyncio.sleep(random.random() * PAUSE_SECONDS)
        for kind in itertools.cycle(order):
            if time.monotonic() >= end:
                return
            begun = time.time()
            status = await kinds[kind](source)
            self.guesses.append(Guess(begun, time.time(), source, kind, status))
            await asyncio.sleep(max(0.0, begun + PAUSE_SECONDS - time.time()))

    async def _code_by_http(self, source: str) -> int:
        path = f"/sessions/{self._session.session_id}"
        status, _ = await ask(self._stage, path, source, {"X-Join-Code": _code()})
        return status

    async def _right_code_by_http(self, source: str) -> int:
        """A refused guess says nothing only if a right one is refused as well."""
        path = f"/sessions/{self._session.session_id}"
        status, _ = await ask(self._stage, path, source, {"X-Join-Code": self._right_code})
        return status

    async def _code_by_handshake(self, source: str) -> int:
        address = self._session.address(targetLanguage="en", joinCode=_code())
        return await handshake_status(address, source)

    async def _name_by_http(self, source: str) -> int:
        status, _ = await ask(self._stage, f"/sessions/{new_session_name()}", source)
        return status

    async def _name_by_handshake(self, source: str) -> int:
        address = self._session.address(targetLanguage="en", sessionId=new_session_name())
        return await handshake_status(address, source)

    def right_codes_passed(self) -> int:
        """Right codes that were let pass, in the worst minute of the clock."""
        return _most_a_minute(guess for guess in self.guesses if guess.status == OK)

    def wrong_codes_evaluated(self) -> int:
        """Wrong codes of the session that were evaluated, in the worst minute of the clock."""
        return _most_a_minute(
            guess
            for guess in self.guesses
            if guess.kind.startswith("code") and guess.status in EVALUATED
        )

    def evaluated_of_an_address(self) -> int:
        """Guesses of any kind that were evaluated, in the worst minute of the worst address."""
        evaluated = [guess for guess in self.guesses if guess.status in EVALUATED]
        sources = {guess.source for guess in evaluated}
        return max(
            (_most_a_minute(each for each in evaluated if each.source == name) for name in sources),
            default=0,
        )

    def answers(self) -> str:
        """What was answered, by kind."""
        counted = Counter((guess.kind, guess.status) for guess in self.guesses)
        return ", ".join(f"{kind} {status}: {n}" for (kind, status), n in sorted(counted.items()))


def _code() -> str:
    """What a list of codes would begin with: four digits."""
    return f"{random.randrange(10_000):04}"


def _most_a_minute(guesses: Iterable[Guess]) -> int:
    """How many the worst minute of the clock must have had.

    A guess that was asked in one minute and answered in the next was evaluated in either.
    """
    sure, either = Counter[int](), Counter[int]()
    for guess in guesses:
        first, last = int(guess.asked_at // 60), int(guess.answered_at // 60)
        (sure if first == last else either)[first] += 1
    minutes = sorted({*sure, *either, *(minute + 1 for minute in either)})
    most = 0
    while not _fit(minutes, sure, either, most):
        most += 1
    return most


def _fit(minutes: list[int], sure: Counter[int], either: Counter[int], most: int) -> bool:
    """Whether no minute needs to have had more."""
    late = 0
    for minute in minutes:
        room = most - sure[minute] - late
        if room < 0:
            return False
        late = max(0, either[minute] - room)
    return late == 0


def calculated_chance(guesses_a_minute: int) -> float:
    """Of finding one of the open sessions by names, each tried once."""
    guesses = len(ADDRESSES) * guesses_a_minute * MINUTES
    return 1 - (1 - OPEN_SESSIONS / NAMES) ** guesses


def simulated_chance(guesses_a_minute: int, runs: int) -> float:
    """The share of such attacks that find one: 50 names and all guesses from the real generator."""
    guesses = len(ADDRESSES) * guesses_a_minute * MINUTES
    found = 0
    for _ in range(runs):
        there = {new_session_name() for _ in range(OPEN_SESSIONS)}
        found += any(new_session_name() in there for _ in range(guesses))
    return found / runs
