"""A hall for `box.py`: phones that scan a QR code, load the page, join, and read or hear a talk.

The stage runs on the laptop's host, and this process with its speaker is there, too. Each phone is
an address of another host, and knows no more than the page that it has loaded.
"""

import asyncio
import random
import socket
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from urllib.parse import urlsplit

from tests.benchmarks.hall_phones import Connect, Line, Phone
from tests.benchmarks.page_visit import Browser, Visit, VisitError, visit
from tests.integration.client import Message, Session, Stage, Talk

VISIT_SECONDS = 30.0
"""Who has no page by then has none."""


@dataclass(frozen=True, slots=True)
class Box:
    """The stage as the laptop's user finds it, and as the phones do."""

    at_home: Stage
    in_the_hall: Stage
    opening: Connect
    addresses: Sequence[str]


@dataclass(slots=True)
class Guest:
    """One phone and the person who holds it."""

    phone: Phone
    browser: Browser
    scanned_at: float = 0.0
    visit: Visit | None = None
    error: str = ""

    async def scan(self, session: Session) -> None:
        """Opens the page; when that is there, it joins."""
        self.scanned_at = time.perf_counter()
        try:
            async with asyncio.timeout(VISIT_SECONDS):
                self.visit = await visit(self.browser, session.session_id)
        except (OSError, EOFError, TimeoutError, VisitError) as error:
            self.error = f"{type(error).__name__}: {error}"
            return
        assert self.visit.websocket_url == session.url, self.visit
        self.phone.scan()

    async def leave(self) -> None:
        """Closes the page."""
        self.browser.close()
        await self.phone.leave()


@dataclass
class Hall:
    """A session and its guests."""

    box: Box
    at: Talk
    lines: Sequence[Line]
    voices: int
    guests: list[Guest] = field(default_factory=list)
    note: Callable[[Message, str], None] = lambda _message, _source: None
    """Is told of each message, and whose it is."""
    speeches: Counter[int] = field(default_factory=Counter)
    """`speech` messages by the sentence's number."""
    sound_seconds: list[float] = field(default_factory=list)
    """From each caption to its sound."""
    sounds_failed: Counter[str] = field(default_factory=Counter)
    fetching: set[asyncio.Task[None]] = field(default_factory=set)
    _read_at: dict[tuple[int, str], float] = field(default_factory=dict)

    @property
    def session(self) -> Session:
        """As the phones know it."""
        return self.lines[0].session

    async def arrive(self, within_seconds: float) -> None:
        """All scan at random moments of that time; ends when all have the page, or have not."""

        async def one(guest: Guest) -> None:
            await asyncio.sleep(random.random() * within_seconds)
            await guest.scan(self.session)

        await asyncio.gather(*map(one, self.guests))

    def heard(self, sequence: int) -> list[float]:
        """When the phones got that caption."""
        return [at for line in self.lines for at in line.heard[sequence]]

    async def all_heard(self, sequence: int, seconds: float) -> list[float]:
        """The same, when all have it or the time is over."""
        end = time.perf_counter() + seconds
        while len(self.heard(sequence)) < len(self.guests) and time.perf_counter() < end:
            await asyncio.sleep(0.005)
        return self.heard(sequence)

    @property
    def all_in(self) -> bool:
        """Whether everybody is counted now."""
        return all(guest.phone.is_in for guest in self.guests)

    def unheard(self, said: int) -> int:
        """Sounds of the first so many sentences that did not come to a phone that wants them."""
        wanted = self.voices * said
        return wanted - sum(self.speeches[number] for number in range(1, said + 1))

    def heed(self, message: Message, source: str) -> None:
        """A phone that is sent a sound fetches it, as its page does."""
        self.note(message, source)
        if message["type"] == "caption":
            self._read_at[message["sequence"], source] = time.perf_counter()
        elif message["type"] == "speech":
            self.speeches[message["sequence"]] += 1
            task = asyncio.create_task(self._hear(message, source))
            self.fetching.add(task)
            task.add_done_callback(self.fetching.discard)

    async def _hear(self, speech: Message, source: str) -> None:
        address = urlsplit(speech["url"])
        browser = Browser(
            partial(_connect, self.box.opening, address.netloc, source), address.netloc
        )
        try:
            async with asyncio.timeout(VISIT_SECONDS):
                await browser.get(f"{address.path}?{address.query}")
            read_at = self._read_at[speech["sequence"], source]
            self.sound_seconds.append(time.perf_counter() - read_at)
        except (OSError, EOFError, TimeoutError, VisitError) as error:
            self.sounds_failed[f"{type(error).__name__}: {str(error)[-60:]}"] += 1
        finally:
            browser.close()


@asynccontextmanager
async def hall(box: Box, languages: Sequence[str], phones: int, voices: int) -> AsyncIterator[Hall]:
    """A new session on the laptop; so many phones are in the room, and none has scanned yet.

    The languages take turns, and the first `voices` phones want to hear theirs.
    """
    opened = await asyncio.to_thread(box.at_home.open_session)
    session = Session(opened.session_id, opened.token, box.in_the_hall.ws)
    async with AsyncExitStack() as sockets:
        at = Talk(box.at_home, opened, sockets)
        here = Hall(box, at, list(_lines(box, session, languages)), voices)
        for line in here.lines:
            line.heed = here.heed
        for number, source in zip(range(phones), box.addresses, strict=False):
            here.guests.append(guest(here, number, source, number < voices))
        try:
            yield here
        finally:
            tasks = [*here.fetching]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await asyncio.gather(*(each.leave() for each in here.guests))
            with suppress(OSError):  # a stage that is still busy with those who left
                await asyncio.to_thread(box.at_home.end, opened)


def guest(here: Hall, number: int, source: str, has_voice: bool) -> Guest:
    """Somebody who has not scanned yet."""
    wanted = [line for line in here.lines if line.voice == has_voice]
    netloc = urlsplit(here.box.in_the_hall.http).netloc
    opening = partial(_connect, here.box.opening, netloc, source)
    return Guest(Phone(wanted[number % len(wanted)], source), Browser(opening, netloc))


def _lines(box: Box, session: Session, languages: Sequence[str]) -> Iterator[Line]:
    for has_voice in (False, True):
        for language in languages:
            yield Line(box.in_the_hall, session, language, voice=has_voice, opening=box.opening)


async def _connect(opening: Connect, netloc: str, source: str) -> socket.socket:
    address = urlsplit(f"//{netloc}")
    return await opening(address.hostname or "", address.port or 80, source)
