"""What a listener who listens gets from a deployed stage, down to the sound itself."""

import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from tests.deploy.emulator import Emulator
from tests.deploy.stub_polly import FRAME, FRAME_MS, FRAMES
from tests.integration.client import Client, Talk


@dataclass(frozen=True, slots=True)
class Fetched:
    """What a page gets for a sound's URL."""

    headers: Mapping[str, str]
    sound: bytes


def fetched(url: str) -> Fetched:
    """A sound as a page of another origin fetches it."""
    request = urllib.request.Request(url, headers={"Origin": "https://talk.example.org"})  # noqa: S310
    with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310 - of the emulator
        return Fetched(dict(answer.headers), answer.read())


async def a_spoken_sentence(
    running: Talk, speaker: Client, listener: Client, text: str
) -> dict[str, Any]:
    """Says a text until it is heard; returns the `speech` that follows the caption."""
    speech = await running.say_aloud(speaker, listener, text)
    kinds = [each["type"] for each in listener.received if each.get("sequence") == running.sequence]
    assert kinds == ["caption", "speech"]
    assert speech["durationMs"] == FRAME_MS * FRAMES
    assert speech["contentType"] == "audio/mpeg"
    found = fetched(speech["url"])
    assert found.sound == FRAME * FRAMES
    assert found.headers["Content-Type"] == "audio/mpeg"
    assert found.headers["Access-Control-Allow-Origin"] in ("*", "https://talk.example.org")
    return speech


def require_private(emulator: Emulator, speech: Mapping[str, Any], bucket: str) -> None:
    """The sound is in the stage's bucket, and nobody gets it without the signature."""
    (key,) = keys_in(emulator, bucket)
    assert key.startswith("sounds/")
    assert urlsplit(speech["url"]).path.endswith(f"/{key}")
    bare = speech["url"].partition("?")[0]
    try:
        fetched(bare)
    except urllib.error.HTTPError as refused:
        assert refused.code == 403  # noqa: PT017 - an answer's code, not an exception's
    else:
        raise AssertionError(f"{bare} needs no signature")


def keys_in(emulator: Emulator, bucket: str) -> list[str]:
    """The sounds in a bucket."""
    listed = emulator.client("s3").list_objects_v2(Bucket=bucket)
    return [each["Key"] for each in listed.get("Contents", [])]
