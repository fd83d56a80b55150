"""A talk on which connections grow old: everyone renews in time, and nothing of it is lost."""

import asyncio
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from websockets import ConnectionClosed

from tests.integration.client import (
    TRIES,
    Client,
    Stage,
    Talk,
    eventually,
    reconcile,
    running_stage,
    talk,
)

AGE_SECONDS = "8"
"""Of a connection on this stage: long enough for a few renewals, short enough for a test."""


@dataclass
class Person:
    """Somebody who renews when asked to, and comes back when closed."""

    at: Talk
    renewals: int = 0
    heard: set[int] = field(default_factory=set)

    async def listen(self) -> None:
        """For ever; each connection goes on where the one before it ended."""
        while True:
            back = {"lastSequence": self.complete} if self.heard else {}
            client = await self.at.enter(targetLanguage="en", **back)
            if await self._stay(client):
                self.renewals += 1
            await client.socket.close()

    @property
    def complete(self) -> int:
        """The last sequence before which nothing is missing; some come late where talk goes on."""
        last = min(self.heard)
        while last + 1 in self.heard:
            last += 1
        return last

    async def _stay(self, client: Client) -> bool:
        """Until it is asked to renew (True), or closed."""
        try:
            while (message := await client.receive())["type"] != "renew":
                if message["type"] == "caption":
                    self.heard.add(message["sequence"])
        except ConnectionClosed:
            return False
        return True


async def speak(at: Talk, renewed: asyncio.Event, done: asyncio.Event) -> None:
    """Says one sentence after the other, renewing when asked to."""
    speaker = await at.join_speaker()
    while not done.is_set():
        try:
            await at.say(speaker, f"This is sentence {at.sequence + 1}.")
        except (AssertionError, ConnectionClosed):
            # Closed before it was asked: on a very busy machine.
            speaker = await at.join_speaker()
            at.sequence = speaker.of("joined")[0]["lastSequence"]
            continue
        if speaker.of("renew"):
            speaker, former = await at.join_speaker(), speaker
            closed = await former.closed()
            told = [each["code"] for each in former.of("error")]
            # A very busy machine may close it for its age before the next speaker is in.
            assert (closed, told) == (1000, ["NOT_SPEAKER"]) or closed == 1001
            renewed.set()


async def stay_until_closed(at: Talk) -> None:
    """Listens until the gateway closes the connection for its age: it was asked to renew before.

    On a very busy machine the age may come first; the next one may be asked in time.
    """
    for _ in range(TRIES):
        stubborn = await at.join("en")
        assert await stubborn.closed() == 1001
        if stubborn.of("renew"):
            return
    raise AssertionError("nobody was asked to renew before the connection was closed")


def test_a_renewal_loses_no_caption_and_counts_nobody_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GATEWAY_MAX_AGE_SECONDS", AGE_SECONDS)
    monkeypatch.setenv("RENEW_AFTER_SECONDS", "1")
    monkeypatch.setenv("RENEW_WITHIN_SECONDS", "1")

    async def scenario(stage: Stage) -> None:
        async with talk(stage) as at:
            listeners = [Person(at) for _ in range(3)]
            renewed, done = asyncio.Event(), asyncio.Event()
            speaking = asyncio.create_task(speak(at, renewed, done))
            listening = [asyncio.create_task(each.listen()) for each in listeners]
            staying = asyncio.create_task(stay_until_closed(at))

            def have_renewed() -> bool:
                return renewed.is_set() and all(each.renewals for each in listeners)

            while not (speaking.done() or (staying.done() and have_renewed())):
                await reconcile(stage)
            await staying
            done.set()
            await speaking
            assert have_renewed()
            await eventually(lambda: stage.counts(at.session), (3, {"en": 3}))
            last = [at.sequence] * len(listeners)
            await eventually(lambda: [each.complete for each in listeners], last)
            for task in listening:
                task.cancel()

    with running_stage(tmp_path / "log") as stage:
        asyncio.run(scenario(stage))
