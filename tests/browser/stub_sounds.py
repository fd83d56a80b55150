"""Where the pages fetch sounds: of any length, refused, broken, or never answered."""

import asyncio
import io
import math
import struct
import wave
from collections.abc import Iterator
from contextlib import contextmanager

from aiohttp import web

from tests.fakes.domain import PATIENCE
from tests.fakes.serving import serving

RATE = 8_000
TONE_HZ = 330


def tone(milliseconds: float) -> bytes:
    """A WAV file of a quiet tone."""
    count = int(RATE * milliseconds / 1000)
    samples = (int(6_000 * math.sin(2 * math.pi * TONE_HZ * n / RATE)) for n in range(count))
    file = io.BytesIO()
    with wave.open(file, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(RATE)
        sound.writeframes(struct.pack(f"<{count}h", *samples))
    return file.getvalue()


class StubSounds:
    """One server on a free port of loopback: another origin than the page's, as S3 is."""

    def __init__(self) -> None:
        self.origin = ""
        self.asked: list[str] = []

    @contextmanager
    def running(self) -> Iterator["StubSounds"]:
        """Serves until the end of the block."""
        app = web.Application()
        app.router.add_get("/sounds/{kind}/{sequence}/{milliseconds}", self._sound)
        with serving(app) as self.origin:
            yield self

    def url(self, sequence: int | str, milliseconds: float, kind: str = "tone") -> str:
        """A sound's address. `kind`: "tone", "gone" (403), "noise" (no sound), "never"."""
        return f"{self.origin}/sounds/{kind}/{sequence}/{milliseconds}"

    async def _sound(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(request.path)
        headers = {"Access-Control-Allow-Origin": "*"}
        match request.match_info["kind"]:
            case "gone":
                return web.Response(status=403, headers=headers)
            case "noise":
                return web.Response(body=b"\0" * 400, content_type="audio/wav", headers=headers)
            case "never":
                await asyncio.sleep(PATIENCE)
        sound = tone(float(request.match_info["milliseconds"]))
        return web.Response(body=sound, content_type="audio/wav", headers=headers)
