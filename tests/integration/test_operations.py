"""What an operator sees of the real stage while somebody speaks."""

import asyncio

from tests.integration.client import Message, Stage, Talk, eventually, talk


def shown(at: Talk) -> Message | None:
    """The talk's session as the operator sees it."""
    sessions = at.stage.operations()["sessions"]
    found = [each for each in sessions if each["sessionId"] == at.session.session_id]
    return found[0] if found else None


def latest(stage: Stage, name: str) -> float | None:
    """What was measured last."""
    points = stage.operations()["measurements"][name]
    return next((each for each in reversed(points) if each is not None), None)


def spoken(stage: Stage) -> float:
    """Sentences in the last quarter of an hour."""
    points: list[float | None] = stage.operations()["measurements"]["sentences"]
    return sum(each for each in points if each is not None)


def test_a_talk_is_seen_with_its_roster_and_its_latency(stage: Stage, languages: list[str]) -> None:
    async def scenario() -> None:
        async with talk(stage) as at:
            before = spoken(stage)
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
                return spoken(stage) > before

            await eventually(is_measured, True)
        assert shown(at) is None, "an ended session is no longer listed"

    asyncio.run(scenario())
    for name in ("latencyMedian", "latencyP99", "cacheHitRate"):
        assert latest(stage, name) is not None
    lags = stage.operations()["measurements"]["lags"]
    assert set(lags) == {"rosters", "cache"}
    assert any(each is not None for each in lags["rosters"])


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
