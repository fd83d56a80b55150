"""People join, move and return while somebody speaks and every index is behind: nothing is lost.

`LAG_EVENTS` says how many such events there are: 100, or 500 by `make lag`.
"""

import asyncio
import os
import random
from collections.abc import Sequence
from contextlib import AsyncExitStack, suppress
from pathlib import Path

from tests.integration.client import Message, Session, loopback_client, talk
from tests.integration.disturbed_hall import Listener, Speaker, until
from tests.integration.faulty_stage import faulty_stage

LAG_SECONDS = 0.8
EVENTS = int(os.environ.get("LAG_EVENTS", "100"))
EVENTS_A_SECOND = 10.0
PACE_SECONDS = 0.5
SEED = 1


class Guest(Listener):
    """A listener who may choose another language."""

    def __repr__(self) -> str:
        heard, joins = sorted(self.heard()), [each["lastSequence"] for each in self.of("joined")]
        return f"{self.language}: joined after {joins}, heard {heard}"

    async def move(self, language: str) -> None:
        """Chooses another language."""
        if await self.send("changeLanguage", targetLanguage=language):
            self.language = language
            self._query["targetLanguage"] = language

    @property
    def due_from(self) -> int:
        """The first sentence that it must be sent: what it was told at first, and one."""
        first: int = self.of("joined")[0]["lastSequence"]
        return first + 1

    def _back(self) -> dict[str, object]:
        """What it has heard without a gap: a caption may be on its way when the line is cut."""
        if not self.of("joined"):
            return {}
        last, heard = self.due_from - 1, self.heard()
        while last + 1 in heard:
            last += 1
        return {"lastSequence": last}


async def talk_on(speaker: Speaker) -> None:
    """For ever: a sentence, twice a second."""
    while True:
        await speaker.say()
        await asyncio.sleep(PACE_SECONDS)


async def events(session: Session, languages: Sequence[str], chance: random.Random) -> list[Guest]:
    """As many joins, moves and returns; returns everybody who came."""
    guests: list[Guest] = []
    for _ in range(EVENTS):
        await asyncio.sleep(chance.expovariate(EVENTS_A_SECOND))
        there = [each for each in guests if each.joined]
        match chance.choice(("join", "join", "move", "return")) if there else "join":
            case "join":
                guests.append(Guest(session, chance.choice(languages)))
            case "move":
                await chance.choice(there).move(chance.choice(languages))
            case "return":
                chance.choice(there).cut()
    return guests


def missing(guest: Guest, last: int) -> list[int]:
    """The sentences that were due and did not come."""
    return [each for each in range(guest.due_from, last + 1) if not guest.has_heard(each)]


def repeated(guest: Guest) -> list[int]:
    """The sentences that came twice."""
    return [sequence for sequence, times in guest.heard().items() if times > 1]


async def handled(guests: Sequence[Guest], last: int) -> None:
    """Until everybody has what is due, or it is too late."""
    with suppress(AssertionError):
        await until(lambda: not any(missing(each, last) for each in guests), "reported below")


def adds_up(report: Message) -> bool:
    """Whether the report counts every listener once."""
    return all(
        each["listeners"] == each["delivered"] + each["gone"] + each["dropped"]
        for each in report["languages"].values()
    )


def test_an_index_shows_a_row_later_than_its_table(tmp_path: Path) -> None:
    with (
        faulty_stage(tmp_path / "stderr.log") as (stage, faults),
        loopback_client("dynamodb", stage.setting("AWS_ENDPOINT_URL_DYNAMODB")) as client,
    ):

        def indexed(session: Session) -> int:
            """The session's connections, as the index shows them."""
            answer = client.query(
                TableName=stage.setting("CONNECTIONS_TABLE_NAME"),
                IndexName="sessionId-targetLanguage-index",
                KeyConditionExpression="sessionId = :session",
                ExpressionAttributeValues={":session": {"S": session.session_id}},
            )
            return len(answer["Items"])

        async def scenario() -> None:
            async with talk(stage) as there:
                faults.delay_indexes(60.0)
                await there.join("pt")
                assert await asyncio.to_thread(indexed, there.session) == 0
                assert stage.counts(there.session) == (1, {"pt": 1})
                faults.delay_indexes(0.0)
                assert await asyncio.to_thread(indexed, there.session) == 1

        asyncio.run(scenario())


def test_nobody_misses_a_sentence_by_an_index_that_is_behind(tmp_path: Path) -> None:
    with faulty_stage(tmp_path / "stderr.log", seed=SEED) as (stage, faults):
        languages = [code for code in stage.languages() if code != "en"][:3]
        session = stage.open_session()
        faults.delay_indexes(LAG_SECONDS)

        async def scenario() -> tuple[list[Guest], Speaker]:
            async with AsyncExitStack() as leaving:
                speaker = Speaker(session)
                leaving.push_async_callback(speaker.leave)
                await until(lambda: speaker.joined, "the speaker has not joined")
                talking = asyncio.create_task(talk_on(speaker))
                guests = await events(session, languages, random.Random(SEED))
                for each in guests:
                    leaving.push_async_callback(each.leave)
                await until(lambda: all(each.joined for each in guests), "not all have joined")
                talking.cancel()
                last = await speaker.say() or 0
                await until(lambda: last in speaker.reports(), "the last sentence has no report")
                await handled(guests, last)
            return guests, speaker

        guests, speaker = asyncio.run(scenario())
    reports = speaker.reports()
    assert [each for each in speaker.said if each not in reports] == []
    assert [each for each in reports.values() if not adds_up(each)] == []
    last = max(speaker.said)
    assert {guest: each for guest in guests if (each := missing(guest, last))} == {}
    assert [each for guest in guests for each in repeated(guest)] == []
    heard = sum(guest.heard().total() for guest in guests)
    print(f"{EVENTS} events, {len(guests)} listeners, {len(reports)} sentences, {heard} captions")
