"""Amazon Polly, or voices that speak its protocol."""

import logging
import time
from dataclasses import dataclass
from typing import Any, Final

from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError

from chalice_app.aws.clients import Clients
from chalice_app.synthesis.ports import EngineBusy, EngineNotOffered, SpeechFailed
from chalice_app.synthesis.voices import Voice

_log = logging.getLogger(__name__)

MOST_BYTES: Final = 2_000_000
"""More than a part's sound ever has: 20 s at Polly's 48 kbit/s are 120 KB."""

GRACE_SECONDS: Final = 0.5
"""What a sound that has begun to arrive in time gets to arrive as a whole."""

_CHUNK: Final = 16_384
_BUSY: Final = frozenset({"ThrottlingException", "Throttling", "TooManyRequestsException"})
"""Polly answers 400 ThrottlingException to what is over a quota. Source:
https://docs.aws.amazon.com/polly/latest/dg/limits.html"""
_NOT_OFFERED: Final = frozenset({"EngineNotSupportedException", "LanguageNotSupportedException"})


@dataclass(frozen=True)
class AmazonPolly:
    """`ports.SpeechEngine` on SynthesizeSpeech."""

    clients: Clients

    def synthesise(self, text: str, voice: Voice, deadline: float) -> bytes:
        """One call; the deadline holds between the pieces in which the sound arrives."""
        try:
            answer = self.clients.polly.synthesize_speech(
                Text=text,
                TextType="text",
                VoiceId=voice.voice_id,
                LanguageCode=voice.language_code,
                Engine=voice.engine,
                OutputFormat="mp3",
            )
            if not str(answer.get("ContentType", "")).startswith("audio/mpeg"):
                raise SpeechFailed("the engine's answer is not an mp3")
            return _read(answer["AudioStream"], deadline)
        except ClientError as error:
            raise _failure(error) from error
        # A stream that breaks off while it is read is none of botocore's own errors.
        except (BotoCoreError, HTTPClientError, OSError, ValueError) as error:
            raise SpeechFailed(f"the engine did not answer: {type(error).__name__}") from error


def _read(stream: Any, deadline: float) -> bytes:
    sound = bytearray()
    try:
        while chunk := stream.read(_CHUNK):
            sound += chunk
            if len(sound) > MOST_BYTES:
                raise SpeechFailed("the sound does not end")
            if time.monotonic() > deadline + GRACE_SECONDS:
                raise SpeechFailed("the sound comes too slowly")
    finally:
        stream.close()
    return bytes(sound)


def _failure(error: ClientError) -> SpeechFailed:
    code = error.response["Error"]["Code"]
    if code in _BUSY or error.response["ResponseMetadata"].get("HTTPStatusCode") == 429:
        return EngineBusy("the engine is throttled")
    if code in _NOT_OFFERED or _names_engine(error):
        return EngineNotOffered("the engine does not have the voice")
    _log.warning("Polly refused: %s", code)
    return SpeechFailed("the engine refused")


def _names_engine(error: ClientError) -> bool:
    """Some regions say so by a ValidationException alone."""
    told = error.response["Error"]
    return told["Code"] == "ValidationException" and "engine" in told.get("Message", "").lower()
