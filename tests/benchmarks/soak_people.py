"""The people of a soak: listeners who come back when they are cut, a speaker who goes on."""

import asyncio
import json
import math
import random
import time
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from tests.benchmarks.soak_book import Book
from tests.integration.client import Session

HANDSHAKES_AT_ONCE = 24
CORRECTED_AFTER_SECONDS = 5.0
"""Whoever still hears another language asks again: the message may have met a dead function."""
RESEND_SECONDS = 1.0
COMING_SECONDS = 5.0
"""What was missed follows `joined`; so long after it, it must be there."""
JUDGED_AFTER_SECONDS = 20.0
"""A caption is sent within 10 s or never, and a stage that lost a process is back in 5."""

_SENTENCES = "The {} of us who meet here on day {} resolve that nothing said was said in vain."
_NUMBERS = "one two three four five six seven eight nine ten eleven twelve".split()
_REFUSED = (OSError, InvalidHandshake, TimeoutError, ConnectionClosed)


def sentences() -> Iterator[str]:
    """What is said: four of five have been said before, soon enough to be cached."""
    number = 0
    while True:
        number += 1
        word = _NUMBERS[number % len(_NUMBERS)]
        yield _SENTENCES.format(word, number if number % 5 == 0 else number % 3 + 1)


@dataclass
class Heard:
    """What listeners got: captions, and milliseconds from `spokenAt`."""

    captions: int = 0
    latencies: Counter[int] = field(default_factory=Counter)

    def percentile(self, share: float) -> int:
        """Milliseconds that this share of the captions did not exceed."""
        rest = share * self.latencies.total()
        for latency in sorted(self.latencies):
            rest -= self.latencies[latency]
            if rest <= 0:
                return latency
        return 0


class Person:
    """A WebSocket that is opened again whenever it ends, until the person leaves."""

    turns = asyncio.Semaphore(HANDSHAKES_AT_ONCE)

    def __init__(self, session: Session) -> None:
        self.session = session
        self.socket: ClientConnection | None = None
        self.leaving = False

    def address(self) -> str:
        """Where it connects to."""
        raise NotImplementedError

    async def got(self, message: dict[str, Any]) -> None:
        """A message came."""
        raise NotImplementedError

    async def live(self) -> None:
        """Comes back for as long as it has not left."""
        while not self.leaving:
            try:
                async with self.turns:
                    socket = await connect(
                        self.address(),
                        proxy=None,
                        compression=None,
                        ping_interval=None,
                        open_timeout=30,
                        close_timeout=1,
                        max_queue=None,
                    )
            except _REFUSED:
                # As phones do: all at once would be too many.
                await asyncio.sleep(random.uniform(0.2, 2.0))
                continue
            await self._stay(socket)

    async def _stay(self, socket: ClientConnection) -> None:
        self.socket = socket
        with suppress(ConnectionClosed):
            if self.leaving:
                await socket.close()
            async for text in socket:
                await self.got(json.loads(text))
        self.socket = None

    async def send(self, **message: object) -> bool:
        """Sends if it is connected; whether it was."""
        if self.socket is None:
            return False
        with suppress(ConnectionClosed):
            await self.socket.send(json.dumps(message))
            return True
        return False

    async def leave(self) -> None:
        """Closes as a browser does."""
        self.leaving = True
        if self.socket is not None:
            await self.socket.close()

    def cut(self) -> None:
        """Ends as a lost network does; it comes back."""
        if self.socket is not None:
            self.socket.transport.abort()


class Listener(Person):
    """Hears one language, and changes it."""

    def __init__(self, session: Session, language: str, heard: Heard, book: Book) -> None:
        super().__init__(session)
        self.language = language
        self._heard = heard
        self._book = book
        self._asked_at = -math.inf
        self._last = self._replayed = 0
        self._first_joined_at = math.inf
        self._joined_at = math.inf

    def address(self) -> str:
        """Whoever comes back says what it has heard; it is there when it has been told so."""
        self._joined_at = math.inf
        back = {"lastSequence": self._last} if self._last else {}
        return self.session.address(targetLanguage=self.language, **back)

    async def got(self, message: dict[str, Any]) -> None:
        """Counts captions; those that were missed and come late have no latency."""
        if message.get("type") == "joined":
            self._replayed = message["lastSequence"]
            self._joined_at = time.monotonic()
            self._first_joined_at = min(self._first_joined_at, self._joined_at)
        elif message.get("type") == "caption":
            sequence = message["sequence"]
            self._last = max(self._last, sequence)
            self._heard.captions += 1
            self._book.heard(sequence, self)
            if sequence > self._replayed:
                self._heard.latencies[max(0, int(time.time() * 1000) - message["spokenAt"])] += 1
            if message["language"] != self.language:
                await self._ask_again()

    def was_there(self, at: float) -> bool:
        """Whether it has been there ever since, without a break, in one language."""
        settled = at - CORRECTED_AFTER_SECONDS
        return self.socket is not None and self._joined_at < at and self._asked_at < settled

    def since(self, at: float) -> str:
        """How long before that moment it had joined, and asked for its language."""
        return f"joined {at - self._joined_at:.1f} s, asked {at - self._asked_at:.1f} s before"

    def came_back(self, at: float) -> bool:
        """Whether it was there once before that moment, and is there now after a break."""
        back = self.socket is not None and self._joined_at < time.monotonic() - COMING_SECONDS
        return back and self._first_joined_at < at and not self.was_there(at)

    async def change(self, language: str) -> None:
        """Asks for another language."""
        self.language, self._asked_at = language, time.monotonic()
        await self.send(action="changeLanguage", targetLanguage=language)

    async def _ask_again(self) -> None:
        if time.monotonic() - self._asked_at > CORRECTED_AFTER_SECONDS:
            await self.change(self.language)


class Speaker(Person):
    """Says a sentence a second, and says again what it has had no answer to, as the page does."""

    def __init__(self, session: Session, book: Book) -> None:
        super().__init__(session)
        self._book = book
        self._next = 1
        self._joined = False
        self._tasks: deque[asyncio.Future[None]] = deque(maxlen=50)

    def address(self) -> str:
        """By its token."""
        return self.session.address(token=self.session.token)

    async def got(self, message: dict[str, Any]) -> None:
        """Notes what became of its sentences."""
        match message.get("type"):
            case "joined":
                self._next = max(self._next, message["lastSequence"] + 1)
                self._joined = True
                await self._again()
            case "spoken":
                self._book.reported(message)
            case "error":
                await self._refused(message)
            case None:
                # The gateway's own words: the function died on one of them.
                self._later(RESEND_SECONDS)

    async def _refused(self, error: dict[str, Any]) -> None:
        """As the page reads it: an error names no sentence, so it is the oldest it can be."""
        details = error.get("details") or {}
        retry = error.get("retryAfterMs") or details.get("retryAfterMs")
        if error["code"] == "RATE_LIMITED":
            self._later((retry or 1000) / 1000)
        else:
            self._book.refused(error["code"], known="lastSequence" in details)

    def _later(self, seconds: float) -> None:
        asyncio.get_running_loop().call_later(
            seconds, lambda: self._tasks.append(asyncio.ensure_future(self._again()))
        )

    async def _again(self) -> None:
        for sentence in self._book.unanswered():
            sentence.sendings += 1
            await self.send(action="speak", sequence=sentence.sequence, text=sentence.text)

    async def talk(self) -> None:
        """For ever."""
        for text in sentences():
            if self.socket is not None and self._joined:
                sentence = self._book.spoken(self._next, text)
                self._next += 1
                await self.send(action="speak", sequence=sentence.sequence, text=text)
            await asyncio.sleep(1.0)  # the pace of speech


class Hall:
    """One session with its speaker and a constant number of listeners."""

    def __init__(self, session: Session, languages: Sequence[str], chance: random.Random) -> None:
        self.book = Book()
        self.speaker = Speaker(session, self.book)
        self.heard = Heard()
        self.listeners: list[Listener] = []
        self._session, self._languages, self._chance = session, languages, chance
        self._tasks: set[asyncio.Task[None]] = set()

    def come(self, count: int) -> None:
        """So many more listeners."""
        for _ in range(count):
            language = self._chance.choice(self._languages)
            self.listeners.append(Listener(self._session, language, self.heard, self.book))
            self.start(self.listeners[-1].live())

    def sockets(self) -> Counter[str]:
        """The live ones by language."""
        return Counter(each.language for each in self.listeners if each.socket is not None)

    async def _judge(self) -> None:
        """Once a second: what became of the sentences that are old enough."""
        while True:
            await asyncio.sleep(1.0)
            self.book.judge(self.listeners, time.monotonic() - JUDGED_AFTER_SECONDS)

    async def change_somebody(self) -> None:
        """One leaves and another comes, one is cut, or one changes its language."""
        one = self._chance.randrange(len(self.listeners))
        what = self._chance.random()
        if what < 0.4:
            self.start(self.listeners.pop(one).leave())
            self.come(1)
        elif what < 0.6:
            self.listeners[one].cut()
        else:
            await self.listeners[one].change(self._chance.choice(self._languages))

    def start(self, work: Any) -> None:
        """In the background."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled():
            task.result()

    @asynccontextmanager
    async def open(self, listeners: int) -> Any:
        """With its people in it; they leave at the end."""
        self.start(self.speaker.live())
        self.start(self.speaker.talk())
        self.start(self._judge())
        self.come(listeners)
        try:
            yield self
        finally:
            everyone = list(self._tasks)
            for task in everyone:
                task.cancel()
            await asyncio.gather(*everyone, return_exceptions=True)
            await asyncio.gather(*(each.leave() for each in (self.speaker, *self.listeners)))
