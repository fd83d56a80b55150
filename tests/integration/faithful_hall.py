"""A talk of clients that do as docs/protocol.md says: nothing is lost to them, whatever dies.

They do what the clients of docs/clients/ do, a whole hall of them in one process.
"""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from http.client import HTTPException
from itertools import count

from tests.integration.client import Message, Session, Stage, eventually
from tests.integration.disturbed_hall import SETTLE_SECONDS, Person, until

LISTENERS = 20
PAUSE_SECONDS = 0.1
"""Between a report and the next sentence."""
_TEXT = "The {} of us who meet here on day {} resolve that nothing said was said in vain."
_NUMBERS = "one two three four five six seven eight nine ten eleven twelve".split()


class Listener(Person):
    """Shows each sentence once, and asks for what it has missed when it comes back."""

    def __init__(self, session: Session, language: str, **query: object) -> None:
        self.language = language
        self.shown: list[int] = []
        """Sentences by their numbers, in the order in which they were shown."""
        self._resume: dict[str, object] = {}
        super().__init__(session, targetLanguage=language, **query)

    def _receive(self, message: Message) -> None:
        super()._receive(message)
        if message.get("type") == "joined":
            self._resume.setdefault("lastSequence", message["lastSequence"])
            if token := message.get("resumeToken"):
                self._resume["resumeToken"] = token
        elif message.get("type") == "caption" and message["sequence"] not in self.shown:
            self.shown.append(message["sequence"])

    def _back(self) -> dict[str, object]:
        if not self.shown:
            return self._resume
        # A caption may overtake another: what comes before the first one that is missing is there.
        missing = next(n for n in count(self.shown[0]) if n not in self.shown)
        return {**self._resume, "lastSequence": missing - 1}


class Speaker(Person):
    """Says one sentence after the other, each again and again until it is reported."""

    def __init__(self, session: Session) -> None:
        self.said = 0
        self._number = random.randrange(10**6)  # no translation is one of another talk
        self._message: dict[str, object] = {}
        self._reported = asyncio.Event()
        super().__init__(session, token=session.token)

    async def say(self) -> None:
        """Says the next sentence, until it is reported."""
        sequence = self.said + 1
        text = _TEXT.format(_NUMBERS[sequence % len(_NUMBERS)], self._number + sequence)
        self._message = {"sequence": sequence, "text": text}
        self._reported.clear()
        await self._send_it()
        await self._reported.wait()
        self.said = sequence

    def _receive(self, message: Message) -> None:
        super()._receive(message)
        sequence = self._message.get("sequence")
        match message:
            case {"type": "joined"} | {"retryAfterMs": _} | {"connectionId": _}:
                asyncio.get_running_loop().create_task(
                    self._send_it(message.get("retryAfterMs", 0))
                )
            case {"type": "spoken", "sequence": reported} if reported == sequence:
                self._reported.set()
            case {"type": "error", "details": {"sequence": heard, "lastSequence": _}}:
                if heard == sequence:
                    self._reported.set()

    async def _send_it(self, after_ms: int = 0) -> None:
        message = self._message
        await asyncio.sleep(after_ms / 1000)
        if message is self._message and message and not self._reported.is_set():
            await self.send("speak", **message)


@dataclass
class Hall:
    """One session with its people."""

    stage: Stage
    session: Session
    speaker: Speaker
    listeners: list[Listener] = field(default_factory=list)

    @asynccontextmanager
    async def going_on(self) -> AsyncIterator[None]:
        """The speaker talks, some sentences before and some after what happens here."""
        talk = asyncio.create_task(self._talk())
        try:
            await self.said_more(3)
            yield
            await self.said_more(5)
        finally:
            talk.cancel()
            await asyncio.gather(talk, return_exceptions=True)

    async def said_more(self, sentences: int) -> None:
        """Until so many more were said, each from its beginning on."""
        wanted = self.speaker.said + 1 + sentences
        await until(lambda: self.speaker.said >= wanted, "the talk does not go on")

    async def all_heard_all(self) -> None:
        """Until everybody was shown every sentence, once and in order, and is counted."""
        every = list(range(1, self.speaker.said + 1))
        await until(lambda: all(len(each.shown) >= len(every) for each in self.listeners), "missed")
        assert {tuple(each.shown) for each in self.listeners} == {tuple(every)}
        there = Counter(each.language for each in self.listeners)
        await eventually(self._counts, (there.total(), dict(there)), SETTLE_SECONDS)

    def _counts(self) -> object:
        try:
            return self.stage.counts(self.session)
        except (OSError, HTTPException, AssertionError) as error:
            return error

    async def _talk(self) -> None:
        while True:
            await self.speaker.say()
            await asyncio.sleep(PAUSE_SECONDS)


@asynccontextmanager
async def hall(stage: Stage, languages: Sequence[str], **query: object) -> AsyncIterator[Hall]:
    """A session with a speaker and listeners, once they are counted; all leave at the end."""
    session = stage.open_session()
    people = [Listener(session, languages[n % len(languages)], **query) for n in range(LISTENERS)]
    at = Hall(stage, session, Speaker(session), people)
    everybody: list[Person] = [at.speaker, *people]
    try:
        await until(lambda: all(each.joined for each in everybody), "not everybody has joined")
        yield at
    finally:
        await asyncio.gather(*(each.leave() for each in everybody))
