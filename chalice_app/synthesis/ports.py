"""What voices need from the outside: `aws/` provides it, tests provide fakes."""

from collections.abc import Mapping
from typing import Any, Protocol

from chalice_app.domain.errors import BroadcasterError
from chalice_app.domain.sentence import SentenceRef
from chalice_app.synthesis.voices import Voice


class SpeechFailed(BroadcasterError):
    """One sound could not be made: the captions are there, and stay."""


class EngineBusy(SpeechFailed):
    """The voice's engine is throttled; another engine has a quota of its own."""


class EngineNotOffered(SpeechFailed):
    """The engine does not have the voice here, now or later."""


class SpeechEngine(Protocol):
    """What makes sounds."""

    def synthesise(self, text: str, voice: Voice, deadline: float) -> bytes:
        """The text as mp3, until the deadline (`Clock.monotonic` seconds) and a little more.

        SpeechFailed when there is none, EngineBusy and EngineNotOffered where that is the reason.
        """


class SoundStore(Protocol):
    """Where sounds are kept, by a key of what they say.

    Every method but `address` raises `errors.Unavailable` when the store is down, throttled or
    refuses.
    """

    def find(self, key: str) -> int | None:
        """How long the sound is (ms); None where there is none."""

    def put(self, key: str, sound: bytes, duration_ms: int) -> None:
        """Keeps a sound; an equal one may be there already."""

    def address(self, key: str, seconds: int) -> str:
        """A URL that anybody can fetch the sound from, for so many seconds from now."""


class VoiceInvoker(Protocol):
    """How a caption gets to the voice function."""

    def invoke(self, payload: Mapping[str, Any]) -> None:
        """Hands the payload to an invocation of that function and returns at once.

        Lambda may invoke it more than once. Unavailable when it is perhaps not invoked at all.
        """


class SentenceClaims(Protocol):
    """What is to be done once for a sentence, in all functions together."""

    def claim_part(self, ref: SentenceRef, part: str) -> bool:
        """Claims something: True the first time, False ever after. Unavailable as ever."""
