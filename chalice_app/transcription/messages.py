"""What clients send and get for dictation."""

from typing import Any

from chalice_app.domain.errors import BadMessage
from chalice_app.transcription.grants import Grant

LEAST_HZ, MOST_HZ = 8_000, 48_000
"""What Transcribe takes. Source:
https://docs.aws.amazon.com/transcribe/latest/APIReference/API_streaming_StartStreamTranscription.html
"""


def parse_sample_rate(body: object) -> int:
    """The `sampleRate` (Hz) of a `POST /sessions/{id}/transcription`.

    Raises:
        BadMessage: the body is not a JSON object, or the rate is missing or not one that is taken.
    """
    rate = body.get("sampleRate") if isinstance(body, dict) else None
    if type(rate) is not int or not LEAST_HZ <= rate <= MOST_HZ:
        raise BadMessage(f"sampleRate must be a whole number from {LEAST_HZ} to {MOST_HZ}")
    return rate


def granted(grant: Grant) -> dict[str, Any]:
    """What `POST /sessions/{id}/transcription` answers; the address is a secret."""
    body: dict[str, Any] = {
        "url": grant.url,
        "languageCode": grant.language_code,
        "mediaEncoding": "pcm",
        "sampleRate": grant.sample_rate,
        "expiresAt": grant.expires_at,
    }
    left = grant.remaining_seconds
    return body if left is None else body | {"remainingSeconds": left}
