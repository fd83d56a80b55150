"""What an operator sees of the real stage while somebody speaks."""

import asyncio
import time

from tests.integration.client import Message, Stage, Talk, eventually, talk

MINUTE_MS = 60_000


def shown(at: Talk) -> Message | None:
    """The talk's session as the operator sees it."""
    sessions = at.stage.operations()["sessions"]
    found = [each for each in sessions if each["sessionId"] == at.session.session_id]
    return found[0] if found else None


def latest(stage: Stage, name: str) -> float | None:
    """What was measured last."""
    points = stage.operations()["measurements"][name]
    return next((each for each in reversed(points) if each is not None), None)


def spoken(stage: Stage, since: float) -> float:
    """Sentences of the last quarter of an hour, in the minutes from a time on (epoch ms)."""
    measured = stage.operations()["measurements"]
    points: list[float | None] = measured["sentences"]
    minutes = (measured["begin"] + number * MINUTE_MS for number in range(len(points)))
    return sum(
        each
        for begin, each in zip(minutes, points, strict=True)
        if each is not None and begin >= since
    )


def test_a_talk_is_seen_with_its_roster_and_its_latency(stage: Stage, languages: list[str]) -> None:
    async def scenario() -> None:
        async with talk(stage) as at:
            # What was said before leaves the quarter of an hour meanwhile; this minute does not.
            minute = time.time() * 1000 // MINUTE_MS * MINUTE_MS
            before = spoken(stage, minute)
            speaker = await at.join_speaker()
            await at.join_all(languages)
            await at.say(speaker, "Good morning, all of you.")
            session = shown(at)
            assert session is not None
            assert session["languages"] == dict.fromkeys(sorted(languages), 1)
            assert session["listenerCount"] == len(languages)
            assert session["hasSpeaker"]
            assert session["lastSequence"] == 1

            def is_measured() -> bool:
                return spoken(stage, minute) > before

            await eventually(is_measured, True)
        assert shown(at) is None, "an ended session is no longer listed"

    asyncio.run(scenario())

    def are_measured() -> bool:
        names = ("latencyMedian", "latencyP99", "cacheHitRate")
        return all(latest(stage, name) is not None for name in names)

    asyncio.run(eventually(are_measured, True))

    def has_a_lag() -> bool:
        lags = stage.operations()["measurements"]["lags"]
        assert set(lags) == {"rosters", "cache"}
        return any(each is not None for each in lags["rosters"])

    asyncio.run(eventually(has_a_lag, True))


def test_the_four_alarms_of_the_template_stand_there(stage: Stage) -> None:
    alarms = {each["name"]: each for each in stage.operations()["measurements"]["alarms"]}
    limits = {name: (each["comparison"], each["threshold"]) for name, each in alarms.items()}
    assert limits == {
        "BroadcastSuccessRate": ("LessThanThreshold", 95),
        "BufferOverflowRate": ("GreaterThanThreshold", 5),
        "FailedLanguagesCount": ("GreaterThanThreshold", 10),
        "FailedVoicesCount": ("GreaterThanThreshold", 10),
        "CacheHitRate": ("LessThanThreshold", 30),
    }


def test_an_alarm_fires(stage: Stage) -> None:
    def overflow() -> Message:
        alarms = stage.operations()["measurements"]["alarms"]
        (found,) = (each for each in alarms if each["name"] == "BufferOverflowRate")
        return dict(found)

    assert overflow()["state"] == "OK"
    # So much that the talks of other tests, which dropped nothing, do not outweigh it.
    stage.put_metric("BufferOverflowRate", 1_000_000, 7, 6, 0)
    fired = overflow()
    assert fired["state"] == "ALARM"
    assert fired["value"] > fired["threshold"]
