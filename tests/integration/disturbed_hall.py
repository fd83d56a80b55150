"""A talk that goes on whatever happens: people who come back, and what each of them got."""

import asyncio
import json
import random
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from http.client import HTTPException

import websockets

from tests.integration.client import Client, Message, Session, Stage, connect

LOST = (OSError, TimeoutError, websockets.WebSocketException)
PACE_SECONDS = 0.2
CHURN_SECONDS = 0.4
SETTLE_SECONDS = 90.0
"""A row whose $disconnect was lost goes with the first caption after its 35 s of grace."""

_TEXT = "The {} of us who meet here on day {} resolve that nothing said was said in vain."
_NUMBERS = "one two three four five six seven eight nine ten eleven twelve".split()


class Person:
    """Somebody with the page open: connects again whenever the socket ends, until leaving."""

    def __init__(self, session: Session, **query: object) -> None:
        self.received: list[Message] = []
        self.client: Client | None = None
        self.joined = False
        self.handshakes = 0
        self._session, self._query = session, query
        self._life = asyncio.create_task(self._live())

    def of(self, kind: str) -> list[Message]:
        """What was received of that type."""
        return [message for message in self.received if message.get("type") == kind]

    async def send(self, action: str, **fields: object) -> bool:
        """Sends, if there is a socket; whether there was."""
        with suppress(*LOST):
            if self.client is not None:
                await self.client.send(action, **fields)
                return True
        return False

    async def leave(self) -> None:
        """Closes the page."""
        self._life.cancel()
        with suppress(asyncio.CancelledError):
            await self._life
        if self.client is not None:
            await self.client.socket.close()

    def cut(self) -> None:
        """Loses the network for a moment."""
        if self.client is not None:
            self.client.cut()

    async def _live(self) -> None:
        while True:
            try:
                client = await connect(self._session.address(**self._query, **self._back()))
            except LOST:
                await asyncio.sleep(random.uniform(0.05, 0.3))
                continue
            self.client, self.joined = client, False
            self.handshakes += 1
            with suppress(*LOST):
                async for text in client.socket:
                    self._receive(json.loads(text))
            self.client = None
            self._hung_up()

    def _hung_up(self) -> None:
        """The socket has ended."""

    def _receive(self, message: Message) -> None:
        self.received.append(message)
        self.joined = self.joined or message.get("type") == "joined"

    def _back(self) -> dict[str, object]:
        return {}


class Listener(Person):
    """Somebody who reads one language."""

    def __init__(self, session: Session, language: str) -> None:
        self.language = language
        super().__init__(session, targetLanguage=language)

    def heard(self) -> Counter[int]:
        """How often each sentence came."""
        return Counter(caption["sequence"] for caption in self.of("caption"))

    def has_heard(self, sequence: int) -> bool:
        """Whether that sentence came."""
        return sequence in self.heard()

    def _back(self) -> dict[str, object]:
        last = max(self.heard(), default=0)
        return {"lastSequence": last} if last else {}


class Speaker(Person):
    """Somebody who says a sentence every `PACE_SECONDS`, each once, whatever comes of it."""

    def __init__(self, session: Session) -> None:
        self.said: list[int] = []
        self.doubtful: set[int] = set()
        """Without a report when the socket ended: a page says so, and sends them again."""
        # Nothing comes from the cache that another talk has filled.
        self._number = random.randrange(10**6)
        super().__init__(session, token=session.token)

    async def talk(self) -> None:
        """For ever."""
        while True:
            await self.say()
            await asyncio.sleep(PACE_SECONDS)

    async def say(self) -> int | None:
        """Says the next sentence; its number, or None when there is no line."""
        sequence = len(self.said) + 1
        text = _TEXT.format(_NUMBERS[sequence % len(_NUMBERS)], self._number + sequence)
        if not await self.send("speak", sequence=sequence, text=text):
            return None
        self.said.append(sequence)
        return sequence

    def _hung_up(self) -> None:
        self.doubtful |= set(self.said) - self.reports().keys()

    def reports(self) -> dict[int, Message]:
        """The report of each sentence that has one."""
        return {message["sequence"]: message for message in self.of("spoken")}

    def refusals(self) -> int:
        """How often it was told that something went wrong, by the application or the gateway."""
        return sum(message.get("type", "error") == "error" for message in self.received)


@dataclass
class Hall:
    """One session: a speaker, listeners who stay, and listeners of whom some come and go."""

    stage: Stage
    session: Session
    languages: Sequence[str]
    chance: random.Random
    speaker: Speaker
    staying: list[Listener] = field(default_factory=list)
    passing: list[Listener] = field(default_factory=list)
    begun: int = 0
    """What had been said when everybody who stays was there."""

    @property
    def listeners(self) -> list[Listener]:
        """Everybody who is there."""
        return [*self.staying, *self.passing]

    def come(self, number: int) -> list[Listener]:
        """So many more listeners."""
        languages = self.languages
        return [Listener(self.session, languages[n % len(languages)]) for n in range(number)]

    async def churn(self) -> None:
        """For ever: somebody leaves and another comes, or loses the network for a moment."""
        while True:
            await asyncio.sleep(self.chance.expovariate(1 / CHURN_SECONDS))
            if self.chance.random() < 0.5:
                self.chance.choice(self.passing).cut()
                continue
            # Whoever has been there longest.
            await self.passing.pop(0).leave()
            self.passing += [Listener(self.session, self.chance.choice(self.languages))]

    @asynccontextmanager
    async def going_on(self) -> AsyncIterator[None]:
        """The speaker talks, and people come and go."""
        tasks = [asyncio.create_task(work) for work in (self.speaker.talk(), self.churn())]
        self.begun = len(self.speaker.said)
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            ended = await asyncio.gather(*tasks, return_exceptions=True)
            assert all(isinstance(end, asyncio.CancelledError) for end in ended), ended

    def unlike(self) -> str:
        """What is not as it should be while nothing is wrong and nobody comes or goes; or ""."""
        people = [self.speaker, *self.listeners]
        waiting = [each for each in people if each.client is None or not each.joined]
        if waiting:
            return f"{len(waiting)} were not told that they have joined"
        there = Counter(each.language for each in self.listeners)
        try:
            counted = self.stage.counts(self.session)
        except (OSError, HTTPException, AssertionError) as error:
            return f"no counts: {error!r}"
        if counted != (there.total(), dict(there)):
            return f"counted are {counted}, there are {dict(there)}"
        return ""

    async def handled(self) -> None:
        """Until all that was said has been handled: messages of one connection are, in order."""
        before = len(self.speaker.of("heartbeatAck"))
        await self.speaker.send("heartbeat")
        await until(lambda: len(self.speaker.of("heartbeatAck")) > before, "no heartbeatAck")

    async def settled(self) -> None:
        """Until everybody is there and counted, while the speaker goes on; then all hear one."""
        deadline = asyncio.get_running_loop().time() + SETTLE_SECONDS
        while wrong := await asyncio.to_thread(self.unlike):
            assert asyncio.get_running_loop().time() < deadline, wrong
            await self.speaker.say()
            await asyncio.sleep(PACE_SECONDS)
        while not await self._is_heard_by_all():
            assert asyncio.get_running_loop().time() < deadline, "nothing is heard by all"

    async def _is_heard_by_all(self) -> bool:
        """Whether a sentence that waits for no other is; a busy machine may be too slow for one."""
        await self.handled()
        last = await self.speaker.say()
        await self.handled()
        report = self.speaker.reports().get(last or 0, {"languages": {}})["languages"]
        there = Counter(each.language for each in self.listeners)
        if {code: each["delivered"] for code, each in report.items()} != there:
            return False
        for listener in self.listeners:
            await until(partial(listener.has_heard, last or 0), f"{last} was not heard")
        return True

    def lost(self) -> list[int]:
        """Sentences of which nobody heard and nobody was told, beyond the refusals there were.

        A refusal names no sentence, so it may be for any.
        """
        heard = {sequence for each in self.listeners for sequence in each.heard()}
        known = heard | self.speaker.reports().keys() | self.speaker.doubtful
        silent = [each for each in self.speaker.said if each not in known]
        return silent[self.speaker.refusals() :]

    def unreported(self) -> list[str]:
        """Sentences that more of those who stay have missed than the speaker was told of."""
        found = []
        for sequence, report in self.speaker.reports().items():
            if sequence <= self.begun:
                continue
            for language in self.languages:
                staying = [each for each in self.staying if each.language == language]
                missing = sum(sequence not in each.heard() for each in staying)
                told = report["languages"].get(language, {"listeners": 0, "delivered": 0})
                if missing > told["listeners"] - told["delivered"]:
                    found.append(f"{sequence}: {missing} missed it, but {language}: {told}")
        return found

    def repeated(self) -> list[str]:
        """Sentences that came twice to somebody who was there before and never had to come back.

        Who is just coming reads the last captions, and may get one of them a second time where the
        next sentence has overtaken it: better twice than never, as `speech` says. A busy machine
        lets that happen while the hall fills.
        """
        return [
            f"{sequence} came {times} times to a listener of {each.language}"
            for each in self.staying
            for sequence, times in each.heard().items()
            if times > 1 and each.handshakes == 1 and sequence > self.begun
        ]


async def until(condition: Callable[[], bool], missing: str) -> None:
    """Looks again and again until it holds."""
    deadline = asyncio.get_running_loop().time() + SETTLE_SECONDS
    while not condition():
        assert asyncio.get_running_loop().time() < deadline, missing
        await asyncio.sleep(0.02)


@asynccontextmanager
async def hall(
    stage: Stage, languages: Sequence[str], staying: int, passing: int, seed: int
) -> AsyncIterator[Hall]:
    """A session with its people in it; all leave at the end."""
    session = stage.open_session()
    at = Hall(stage, session, languages, random.Random(seed), Speaker(session))
    at.staying = at.come(staying)
    at.passing = at.come(passing)
    try:
        yield at
    finally:
        await asyncio.gather(*(each.leave() for each in (at.speaker, *at.listeners)))
