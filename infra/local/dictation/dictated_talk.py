"""A talk whose speaker is a recording: it plays in real time, and what is heard of it is sent."""

from __future__ import annotations

import asyncio
import json
from asyncio import FIRST_COMPLETED, Task
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from time import monotonic
from typing import Any, Final, Protocol

from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from infra.local.dictation.talk_lines import TalkLines
from infra.local.dictation.talk_record import ReadCaption, SaidSentence, ShownDraft, TalkRecord
from infra.local.stage_client import (
    ANSWER_SECONDS,
    HearOut,
    Listener,
    StageClientError,
    expect,
    nothing_to_hear,
    send,
)

CHUNK_SECONDS: Final = 0.1
DRAFT_SECONDS: Final = 0.3
"""Between two drafts that are sent: the stage skips more than four a second, the last ones too."""

CHUNK_BYTES: Final = round(16_000 * CHUNK_SECONDS) * 2


class Recogniser(Protocol):
    """What hears the recording: `page_recogniser.PageRecogniser`."""

    async def hear(self, pcm: bytes) -> None:
        """Sound that was captured just now."""

    async def finish(self) -> None:
        """No sound follows."""

    def events(self) -> AsyncIterator[Mapping[str, Any]]:
        """Drafts, sentences and states, until all that was heard has been said."""


@dataclass(slots=True)
class DictatedTalk:
    """A session's speaker and its listeners, from the first sound to the last caption."""

    speaker: ClientConnection
    listeners: Sequence[Listener]
    record: TalkRecord = field(default_factory=TalkRecord)
    lines: TalkLines | None = None
    hear_out: HearOut = nothing_to_hear
    _unreported: dict[int, str] = field(default_factory=dict)
    _all_reported: asyncio.Event = field(default_factory=asyncio.Event)
    _resending: set[Task[None]] = field(default_factory=set)
    _latest_draft: ShownDraft | None = None
    _sending_drafts: Task[None] | None = None

    async def run(self, recogniser: Recogniser, pcm: bytes) -> None:
        """Plays everything; returns when the session has ended for every listener.

        Raises:
            StageClientError: the stage refused a sentence or went away, or nothing hears.
        """
        everyone = [self.speaker, *(socket for _, socket in self.listeners)]
        await asyncio.gather(*(expect(socket, "joined") for socket in everyone))
        reading = [asyncio.create_task(self._read(*listener)) for listener in self.listeners]
        company = [
            asyncio.create_task(self._play(recogniser, pcm)),
            asyncio.create_task(self._hear_the_stage()),
        ]
        following = asyncio.create_task(self._follow(recogniser))
        try:
            await _finished(following, company)
            await self.hear_out(len(self.record.said))
            # What was posted before `sessionEnded` comes before it.
            await send(self.speaker, action="end")
            await asyncio.wait(reading, timeout=ANSWER_SECONDS)
        finally:
            tasks = [following, *company, *reading, *self._resending]
            tasks += [self._sending_drafts] if self._sending_drafts else []
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _play(self, recogniser: Recogniser, pcm: bytes) -> None:
        """Each piece is handed over when a microphone would have captured its last sample."""
        self.record.begun = monotonic()
        for number, start in enumerate(range(0, len(pcm), CHUNK_BYTES), start=1):
            captured = self.record.begun + number * CHUNK_SECONDS
            await asyncio.sleep(captured - monotonic())
            await recogniser.hear(pcm[start : start + CHUNK_BYTES])
        await recogniser.finish()

    async def _follow(self, recogniser: Recogniser) -> None:
        """Sends what the modules say, until every sentence has its report."""
        async for event in recogniser.events():
            await self._handle(event)
        if self._unreported:
            self._all_reported.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout(ANSWER_SECONDS):
                    await self._all_reported.wait()

    async def _handle(self, event: Mapping[str, Any]) -> None:
        if "sentence" in event:
            await self._speak(event["sentence"])
        elif "draft" in event:
            self._draft(event["draft"]["text"])
        else:
            self._state(event["state"])

    def _state(self, state: Mapping[str, Any]) -> None:
        """What the modules' stream does; "over": it has given up."""
        described = f"{state['state']} ({state['problem']})" if state["problem"] else state["state"]
        if state["state"] == "over":
            raise StageClientError(f"nobody hears the recording any more: {described}")
        if self.lines is not None:
            self.lines.state(f"recogniser {described}")

    async def _speak(self, heard: Mapping[str, Any]) -> None:
        sequence = len(self.record.said) + 1
        text: str = heard["text"]
        said = SaidSentence(sequence, text, heard["startMs"], heard["endMs"], monotonic())
        self.record.seen.append(said)
        self._unreported[sequence] = text
        if self.lines is not None:
            self.lines.said(said)
        await send(self.speaker, action="speak", sequence=sequence, text=text)

    def _draft(self, text: str) -> None:
        self._latest_draft = draft = ShownDraft(len(self.record.said) + 1, text, monotonic())
        self.record.seen.append(draft)
        if self.lines is not None:
            self.lines.draft(draft)
        if self._sending_drafts is None or self._sending_drafts.done():
            self._sending_drafts = asyncio.create_task(self._send_drafts())

    async def _send_drafts(self) -> None:
        """Sends the latest draft again and again, unless its sentence has been sent meanwhile."""
        with suppress(StageClientError):  # `_hear_the_stage` says that the connection is lost
            while (draft := self._latest_draft) is not None:
                self._latest_draft = None
                if draft.text and draft.sequence > len(self.record.said):
                    await send(
                        self.speaker, action="draft", sequence=draft.sequence, text=draft.text
                    )
                await asyncio.sleep(DRAFT_SECONDS)

    async def _hear_the_stage(self) -> None:
        """Takes the reports, and sends again what was too fast."""
        with suppress(ConnectionClosed):
            async for data in self.speaker:
                message = json.loads(data)
                if message["type"] == "spoken":
                    self._unreported.pop(message["sequence"], None)
                    if not self._unreported:
                        self._all_reported.set()
                elif message["type"] == "error":
                    self._refused(message)
        raise StageClientError("the stage closed the connection; is it still running?")

    def _refused(self, error: Mapping[str, Any]) -> None:
        if error["code"] != "RATE_LIMITED":
            raise StageClientError(f"the stage answered {error['code']}: {error['message']}")
        sequence = error.get("details", {}).get("sequence")
        if sequence in self._unreported:  # a draft that was too fast is not sent again
            task = asyncio.create_task(self._again(sequence, error["retryAfterMs"] / 1_000))
            self._resending.add(task)
            task.add_done_callback(self._resending.discard)

    async def _again(self, sequence: int, seconds: float) -> None:
        await asyncio.sleep(seconds)
        with suppress(StageClientError, KeyError):  # it was reported, or the connection is lost
            text = self._unreported[sequence]
            await send(self.speaker, action="speak", sequence=sequence, text=text)

    async def _read(self, language: str, socket: ClientConnection) -> None:
        """Notes what a listener gets, until its connection is closed."""
        with suppress(ConnectionClosed):
            async for data in socket:
                self._note(language, json.loads(data))

    def _note(self, language: str, message: Mapping[str, Any]) -> None:
        if message["type"] == "draft":
            draft = ShownDraft(message["sequence"], message["text"], monotonic())
            self.record.read_drafts.append(draft)
        elif message["type"] == "caption":
            caption = ReadCaption(
                sequence=message["sequence"],
                language=language,
                text=message["text"],
                at=monotonic(),
                untranslated=message.get("untranslated", False),
            )
            self.record.captions.append(caption)
            if self.lines is not None:
                self.lines.caption(caption)


async def _finished(main: Task[None], company: Sequence[Task[None]]) -> None:
    """Waits for the main task; what ends one of the others by an error ends it, too."""
    waiting = {main, *company}
    while main in waiting:
        done, waiting = await asyncio.wait(waiting, return_when=FIRST_COMPLETED)
        for task in done:
            task.result()
