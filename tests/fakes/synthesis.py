"""The ports of `chalice_app.synthesis`."""

import threading
from collections.abc import Callable

from chalice_app.domain.errors import Unavailable
from chalice_app.synthesis.ports import EngineBusy, EngineNotOffered, SpeechFailed
from chalice_app.synthesis.voices import NEURAL, STANDARD, Voice
from tests.fakes.domain import PATIENCE

FRAME = b"\xff\xf3\x64\xc4" + bytes(140)
"""A frame of silence, as Polly's neural voices have them: MPEG 2, layer III, 24 kHz, 48 kbit/s."""

FRAME_MS = 24

FRAMES_A_CHARACTER = 3
"""About as fast as people speak: 72 ms a letter."""

MOST_CHARACTERS = 3_000
"""Billed ones a call, then TextLengthExceededException. Source:
https://docs.aws.amazon.com/polly/latest/dg/limits.html
"""

EVERYWHERE, SOME_REGIONS = frozenset({STANDARD}), frozenset({STANDARD, NEURAL})


class StubPolly:
    """`SpeechEngine`: three frames a character, unless told otherwise.

    It refuses what Polly's documentation says that it refuses. The engines in `busy` are throttled,
    those that are not in `offered` are not in the region, and those in `failing` fail. `answers`
    are given as they are. Calls wait for `held`.
    """

    def __init__(self) -> None:
        self.offered = SOME_REGIONS
        self.busy: set[str] = set()
        self.failing: set[str] = set()
        self.answers: dict[str, bytes] = {}
        self.held: threading.Event | None = None
        self.during: Callable[[], None] = lambda: None
        self.calls: list[tuple[str, Voice]] = []
        self.deadlines: list[float] = []
        self._news = threading.Condition()

    def synthesise(self, text: str, voice: Voice, deadline: float) -> bytes:
        with self._news:
            self.calls.append((text, voice))
            self.deadlines.append(deadline)
            self._news.notify_all()
        if self.held is not None:
            assert self.held.wait(PATIENCE), "nobody released the sound"
        self.during()
        if voice.engine not in self.offered:
            raise EngineNotOffered("the region does not have it")
        if voice.engine in self.busy:
            raise EngineBusy("told to be busy")
        if voice.engine in self.failing or not 0 < len(text) <= MOST_CHARACTERS:
            raise SpeechFailed("told to fail, or the text's length")
        return self.answers.get(voice.engine, FRAME * FRAMES_A_CHARACTER * len(text))

    @property
    def texts(self) -> list[str]:
        """What was to be said, in order."""
        return [text for text, _ in self.calls]

    def wait_for_calls(self, count: int) -> None:
        """Returns when so many calls have begun."""
        with self._news:
            assert self._news.wait_for(lambda: len(self.calls) >= count, PATIENCE), self.calls


class MemorySounds:
    """`SoundStore`; refuses what the test names in `refusing`: find, put."""

    def __init__(self) -> None:
        self.refusing: set[str] = set()
        self.kept: dict[str, tuple[bytes, int]] = {}
        self.finds: list[str] = []

    def find(self, key: str) -> int | None:
        self.finds.append(key)
        if "find" in self.refusing:
            raise Unavailable("the test refuses it")
        return self.kept[key][1] if key in self.kept else None

    def put(self, key: str, sound: bytes, duration_ms: int) -> None:
        if "put" in self.refusing:
            raise Unavailable("the test refuses it")
        self.kept[key] = (sound, duration_ms)

    def address(self, key: str, seconds: int) -> str:
        return f"https://sounds.example/{key}?X-Amz-Expires={seconds}"
