"""A talk that is heard: on the real stage, from a sentence to a sound that a listener can fetch."""

import asyncio
import http.client
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import pytest

from chalice_app.synthesis.mp3 import duration_ms
from tests.integration.client import (
    PATIENCE,
    TRIES,
    Message,
    Stage,
    eventually,
    heard,
    loopback_client,
    talk,
)

LISTENERS = 30
LONG = " ".join(f"It is {number} miles to the end of this long way." for number in range(1, 80))


def fetch(url: str) -> tuple[int, bytes, str]:
    """What a page gets from an address, without any credentials."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.netloc, timeout=PATIENCE)
    try:
        connection.request("GET", f"{parts.path}?{parts.query}")
        answer = connection.getresponse()
        return answer.status, answer.read(), answer.headers.get("Content-Type", "")
    finally:
        connection.close()


def emitted(stage: Stage, name: str) -> float:
    """The sum of a metric of the last hour."""
    now = datetime.now(UTC)
    query = {
        "Id": "sum",
        "MetricStat": {
            "Metric": {
                "Namespace": "TranslationPipeline",
                "MetricName": name,
                "Dimensions": [{"Name": "Stage", "Value": "local"}],
            },
            "Period": 60,
            "Stat": "Sum",
        },
    }
    address = stage.setting("AWS_ENDPOINT_URL_CLOUDWATCH")
    with loopback_client("cloudwatch", address) as client:
        found = client.get_metric_data(
            MetricDataQueries=[query], StartTime=now - timedelta(hours=1), EndTime=now
        )
    values: Sequence[float] = found["MetricDataResults"][0]["Values"]
    return sum(values)


@pytest.fixture(scope="module")
def voiced(stage: Stage, languages: list[str]) -> str:
    """A language that is translated and spoken, whose voice has been loaded."""
    listed = stage.request("GET", "/languages").json["languages"]
    spoken = [each["code"] for each in listed if "voice" in each and each["code"] != "en"]
    language = next((each for each in ("es", "pt") if each in spoken), None)
    if language is None:
        pytest.skip("nothing speaks here")

    loaded(stage, language)
    return language


def loaded(stage: Stage, language: str) -> None:
    """Has its voice loaded, which may take longer than a caption lives."""

    async def load() -> None:
        async with talk(stage) as at:
            speaker = await at.join_speaker()
            listener = await at.join(language, voice="true")
            await at.say_aloud(speaker, listener, "Good morning, this is the first of all.")

    asyncio.run(load())


def test_thirty_listeners_hear_one_sound_after_their_caption(stage: Stage, voiced: str) -> None:
    text = f"There are {time.time_ns()} reasons to be here today."

    async def scenario() -> list[Message]:
        async with talk(stage) as at:
            speaker = await at.join_speaker()
            hearing = await asyncio.gather(
                *(at.join(voiced, voice="true") for _ in range(LISTENERS))
            )
            reading = await asyncio.gather(at.join(voiced), at.join("en"))
            before = await asyncio.to_thread(emitted, stage, "CharactersSpoken")
            said = [await at.say_aloud(speaker, hearing[0], text) for _ in range(2)]
            numbers = [each["sequence"] for each in said]
            for each in hearing[1:]:
                assert [await each.expect("speech", sequence=number) for number in numbers] == said
            await asyncio.gather(*(each.settle() for each in (*hearing, *reading, speaker)))
            for each in hearing:
                for number in numbers:
                    kinds = [
                        message["type"]
                        for message in each.received
                        if message.get("sequence") == number
                    ]
                    assert kinds == ["caption", "speech"]
            assert not [each.of("speech") for each in reading if each.of("speech")]
            # One synthesis, and none when it is said again.
            caption = hearing[0].of("caption")[-1]["text"]
            await eventually(lambda: emitted(stage, "CharactersSpoken") - before, len(caption))
            return said

    first, again = asyncio.run(scenario())
    assert urlsplit(again["url"]).path == urlsplit(first["url"]).path
    assert first["language"] == voiced
    status, sound, content_type = fetch(first["url"])
    assert (status, content_type) == (200, "audio/mpeg") == (200, first["contentType"])
    assert duration_ms(sound) == first["durationMs"] > 1_000
    policy = stage.request("GET", "/s/golden-eagle-427").headers["Content-Security-Policy"]
    origin = first["url"].partition("/sounds")[0]
    assert f"media-src 'self' blob: {origin}" in policy


def test_a_changed_address_opens_nothing(stage: Stage, voiced: str) -> None:
    async def scenario() -> str:
        async with talk(stage) as at:
            speaker = await at.join_speaker()
            listener = await at.join(voiced, voice="true")
            speech = await at.say_aloud(speaker, listener, "Nobody else may fetch this.")
            return str(speech["url"])

    url = asyncio.run(scenario())
    assert fetch(url)[0] == 200
    assert fetch(url.partition("?")[0])[0] == 403
    assert fetch(url.replace(".mp3", "0.mp3"))[0] == 403
    assert fetch(url.replace("Expires=3600", "Expires=9999"))[0] == 403


def test_the_wish_may_come_later_and_go(stage: Stage, voiced: str) -> None:
    async def scenario() -> None:
        async with talk(stage) as at:
            speaker = await at.join_speaker()
            listener = await at.join(voiced)
            await at.say(speaker, "This is read alone.")
            await listener.send("changeLanguage", targetLanguage=voiced, voice=True)
            await speaker.expect("roster", voices={voiced: 1})
            speech = await at.say_aloud(speaker, listener, "This one is heard.")
            await listener.send("changeLanguage", targetLanguage=voiced, voice=False)
            await speaker.expect("roster", voices={})
            await at.say(speaker, "This is read alone again.")
            await at.say(speaker, "And this.")
            await listener.expect("caption", sequence=at.sequence)
            await listener.settle()
            assert listener.of("speech") == [speech]

    asyncio.run(scenario())


def test_a_long_text_is_heard_in_parts_in_order(stage: Stage, voiced: str) -> None:
    text = LONG[:3_000]

    async def scenario() -> list[Message]:
        # As it was said: the offline engine takes longer than a caption waits for a translation.
        async with talk(stage, source=voiced) as at:
            speaker = await at.join_speaker()
            listener = await at.join(voiced, voice="true")
            # A busy machine may be too slow for it; said again, it finds the parts that were made.
            for _ in range(TRIES):
                await at.say(speaker, text)
                if parts := await heard(at.sequence, speaker, listener):
                    return parts
            raise AssertionError("not heard to its end")

    parts = asyncio.run(scenario())
    assert len(parts) > 8
    assert [each["part"] for each in parts] == list(range(1, len(parts) + 1))
    assert len({each["url"] for each in parts}) == len(parts)


@pytest.mark.parametrize("text", ["👍🎉", "...", "\u0007 one \u0000 two", "3", "a" * 4_000])
def test_strange_texts_cost_no_caption_and_no_later_voice(
    stage: Stage, voiced: str, text: str
) -> None:
    async def scenario() -> None:
        async with talk(stage) as at:
            speaker = await at.join_speaker()
            listener = await at.join(voiced, voice="true")
            await at.say(speaker, text)
            await listener.expect("caption", sequence=1)
            await at.say_aloud(speaker, listener, "And now we go on.")

    asyncio.run(scenario())
