"""Who is there: exact counts after any coming and going, and the end of a session for everyone."""

import asyncio
import re
from collections import Counter

import pytest
import websockets

from tests.integration.client import Client, Stage, Talk, eventually, talk

CROWD = 200


def test_a_status_is_what_http_says(stage: Stage) -> None:
    async def scenario() -> None:
        async with talk(stage) as at:
            listener = await at.join("pt")
            await listener.send("status")
            status = await listener.expect("sessionStatus")
            assert status == {"type": "sessionStatus", **stage.state(at.session)}
            assert status["isActive"] is True
            assert status["createdAt"] < status["expiresAt"]

    asyncio.run(scenario())


def test_the_last_to_join_with_the_token_is_the_speaker_and_the_first_is_told_and_closed(
    stage: Stage,
) -> None:
    async def scenario() -> None:
        async with talk(stage) as at:
            before = await at.join_speaker()
            now = await at.join_speaker()
            assert (await before.expect("error"))["code"] == "NOT_SPEAKER"
            assert await before.closed() == 1000
            await at.say(now, "It is me now.")
            assert stage.counts(at.session) == (0, {})

    asyncio.run(scenario())


async def enter_all(to: Talk, languages: list[str]) -> list[Client]:
    return list(await asyncio.gather(*(to.enter(targetLanguage=code) for code in languages)))


def test_rosters_and_counts_follow_every_coming_and_going(stage: Stage) -> None:
    async def scenario() -> None:
        async with talk(stage) as at:
            speaker = await at.join_speaker()
            assert stage.counts(at.session) == (0, {})
            one = await at.join("pt")
            await speaker.expect("roster", listenerCount=1, languages={"pt": 1})
            assert stage.counts(at.session) == (1, {"pt": 1})
            two = await at.join("en")
            await speaker.expect("roster", listenerCount=2, languages={"pt": 1, "en": 1})
            assert stage.counts(at.session) == (2, {"pt": 1, "en": 1})
            await one.socket.close()
            await speaker.expect("roster", listenerCount=1, languages={"en": 1})
            assert stage.counts(at.session) == (1, {"en": 1})
            two.cut()
            await speaker.expect("roster", listenerCount=0, languages={})
            assert stage.counts(at.session) == (0, {})

    asyncio.run(scenario())


def test_a_listener_that_is_counted_knows_it(stage: Stage) -> None:
    async def scenario() -> None:
        async with talk(stage) as at:
            listener = await at.join("pt")
            assert stage.counts(at.session) == (1, {"pt": 1})
            (joined,) = listener.received
            assert re.fullmatch("[A-Za-z0-9_-]{1,100}", joined["resumeToken"])
            assert joined == {
                "type": "joined",
                "sessionId": at.session.session_id,
                "role": "listener",
                "targetLanguage": "pt",
                "sourceLanguage": "en",
                "lastSequence": 0,
                "resumeToken": joined["resumeToken"],
            }
            speaker = await at.join_speaker()
            assert speaker.received == [
                {
                    "type": "joined",
                    "sessionId": at.session.session_id,
                    "role": "speaker",
                    "sourceLanguage": "en",
                    "lastSequence": 0,
                }
            ]

    asyncio.run(scenario())


def test_a_crowd_that_comes_at_once_is_counted_heard_and_forgotten(
    stage: Stage, languages: list[str]
) -> None:
    async def scenario() -> None:
        async with talk(stage) as at:
            speaker = await at.join_speaker()
            wanted = [languages[n % len(languages)] for n in range(CROWD)]
            crowd = await enter_all(at, wanted)
            await eventually(lambda: stage.counts(at.session), (CROWD, dict(Counter(wanted))))
            await asyncio.gather(*(listener.expect("joined") for listener in crowd))
            report = await at.say(speaker, "There are many of you here tonight.")
            delivered = {code: each["delivered"] for code, each in report["languages"].items()}
            assert delivered == dict(Counter(wanted))
            await asyncio.gather(*(listener.expect("caption") for listener in crowd))
            for listener in crowd:
                listener.cut()
            await eventually(lambda: stage.counts(at.session), (0, {}))
            await speaker.expect("roster", listenerCount=0, languages={})
            assert (await at.say(speaker, "Is anybody still there?"))["languages"] == {}

    asyncio.run(scenario())


def test_a_crowd_that_comes_and_goes_at_the_same_time_is_counted_exactly(stage: Stage) -> None:
    async def scenario() -> None:
        async with talk(stage) as at:
            flighty = await enter_all(at, ["pt"] * 40)

            async def cut_all() -> None:
                for listener in flighty:
                    listener.cut()

            coming, _ = await asyncio.gather(enter_all(at, ["pt", "en"] * 20), cut_all())
            movers = [listener for n, listener in enumerate(coming) if n % 4 == 0]
            await asyncio.gather(
                *(each.send("changeLanguage", targetLanguage="en") for each in movers)
            )
            await eventually(lambda: stage.counts(at.session), (40, {"pt": 10, "en": 30}))

    asyncio.run(scenario())


@pytest.mark.parametrize("by", ["speaker", "http"])
def test_the_end_is_told_to_everyone_and_closes_every_socket(stage: Stage, by: str) -> None:
    async def scenario() -> None:
        async with talk(stage) as at:
            speaker = await at.join_speaker()
            everyone = [speaker, *await asyncio.gather(*(at.join("pt") for _ in range(5)))]
            if by == "speaker":
                await speaker.send("end")
            else:
                answer = await asyncio.to_thread(stage.end, at.session)
                assert (answer.status, answer.body) == (204, b"")
            assert await asyncio.gather(*(each.closed() for each in everyone)) == [1000] * 6
            for each in everyone:
                assert each.received[-1] == {
                    "type": "sessionEnded",
                    "reason": "ended by the speaker",
                }
                assert len(each.of("sessionEnded")) == 1
            assert stage.state(at.session)["isActive"] is False
            await eventually(lambda: stage.counts(at.session), (0, {}))
            for query in ({"targetLanguage": "pt"}, {"token": at.session.token}):
                with pytest.raises(websockets.InvalidStatus) as refusal:
                    await at.enter(**query)
                assert refusal.value.response.status_code == 404
            assert stage.end(at.session).status == 404

    asyncio.run(scenario())


def test_one_sessions_talk_and_end_do_not_reach_another(stage: Stage) -> None:
    async def scenario() -> None:
        async with talk(stage) as ours, talk(stage) as theirs:
            speaker, stranger = await ours.join_speaker(), await theirs.join_speaker()
            listener, neighbour = await ours.join("pt"), await theirs.join("pt")
            await theirs.say(stranger, "This is for the other hall.")
            await ours.say(speaker, "This is for our hall.")
            await stranger.send("end")
            assert await neighbour.closed() == 1000
            await ours.say(speaker, "We go on.")
            await listener.settle()
            assert [message["type"] for message in listener.received] == [
                "joined",
                "caption",
                "caption",
                "heartbeatAck",
            ]
            assert {each["sessionId"] for each in listener.of("caption")} == {
                ours.session.session_id
            }
            assert neighbour.sequences() == [1]
            assert stage.counts(ours.session) == (1, {"pt": 1})

    asyncio.run(scenario())


def test_a_speaker_that_leaves_ends_nothing_and_may_come_back(stage: Stage) -> None:
    async def scenario() -> None:
        async with talk(stage) as at:
            speaker = await at.join_speaker()
            listener = await at.join("pt")
            await at.say(speaker, "I will be right back.")
            await listener.expect("caption", sequence=1)
            speaker.cut()
            again = await at.join_speaker()
            assert again.of("joined")[0]["lastSequence"] == 1
            await at.say(again, "Here I am.")
            await listener.expect("caption", sequence=2)
            assert listener.sequences() == [1, 2]

    asyncio.run(scenario())
