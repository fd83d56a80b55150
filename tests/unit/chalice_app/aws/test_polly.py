"""Amazon Polly: what it is asked, and what its answers and refusals become.

The refusals are those of its documentation:
https://docs.aws.amazon.com/polly/latest/dg/API_SynthesizeSpeech.html
"""

import io
import time
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ConnectTimeoutError, IncompleteReadError, ReadTimeoutError
from botocore.response import StreamingBody
from botocore.stub import Stubber

from chalice_app.aws.clients import Clients
from chalice_app.aws.polly import GRACE_SECONDS, MOST_BYTES, AmazonPolly
from chalice_app.synthesis.ports import EngineBusy, EngineNotOffered, SpeechFailed
from chalice_app.synthesis.voices import NEURAL, Voice
from tests.fakes.synthesis import FRAME

LUPE = Voice("Lupe", "es-US", NEURAL)
REQUEST = {
    "Text": "año",
    "TextType": "text",
    "VoiceId": "Lupe",
    "LanguageCode": "es-US",
    "Engine": "neural",
    "OutputFormat": "mp3",
}


@pytest.fixture
def polly(clients: Clients) -> Iterator[Stubber]:
    with Stubber(clients.polly) as stubber:
        yield stubber
        stubber.assert_no_pending_responses()


def answer(polly: Stubber, sound: bytes, content_type: str = "audio/mpeg") -> None:
    body = StreamingBody(io.BytesIO(sound), len(sound))
    polly.add_response(
        "synthesize_speech", {"AudioStream": body, "ContentType": content_type}, REQUEST
    )


def synthesise(clients: Clients, seconds: float = 5.0) -> bytes:
    return AmazonPolly(clients).synthesise("año", LUPE, time.monotonic() + seconds)


def test_a_text_is_asked_for_as_mp3_in_the_voice_and_engine(
    clients: Clients, polly: Stubber
) -> None:
    answer(polly, FRAME * 500)
    assert synthesise(clients) == FRAME * 500


@pytest.mark.parametrize(
    ("code", "status", "failure"),
    [
        ("ThrottlingException", 400, EngineBusy),
        ("TooManyRequestsException", 429, EngineBusy),
        ("Unknown", 429, EngineBusy),
        ("EngineNotSupportedException", 400, EngineNotOffered),
        ("LanguageNotSupportedException", 400, EngineNotOffered),
        ("TextLengthExceededException", 400, SpeechFailed),
        ("InvalidSsmlException", 400, SpeechFailed),
        ("ServiceFailureException", 500, SpeechFailed),
        ("AccessDeniedException", 403, SpeechFailed),
        ("ExpiredTokenException", 403, SpeechFailed),
    ],
)
def test_a_refusal_says_what_may_be_tried_next(
    clients: Clients, polly: Stubber, code: str, status: int, failure: type[SpeechFailed]
) -> None:
    polly.add_client_error("synthesize_speech", code, http_status_code=status)
    with pytest.raises(SpeechFailed) as raised:
        synthesise(clients)
    assert type(raised.value) is failure


@pytest.mark.parametrize(
    ("message", "failure"),
    [
        ("This voice does not support the selected engine: neural", EngineNotOffered),
        ("1 validation error detected", SpeechFailed),
    ],
)
def test_some_regions_name_the_engine_in_a_validation_error(
    clients: Clients, polly: Stubber, message: str, failure: type[SpeechFailed]
) -> None:
    polly.add_client_error("synthesize_speech", "ValidationException", message)
    with pytest.raises(SpeechFailed) as raised:
        synthesise(clients)
    assert type(raised.value) is failure


def test_another_content_type_is_not_a_sound(clients: Clients, polly: Stubber) -> None:
    answer(polly, b"{}", "application/json")
    with pytest.raises(SpeechFailed, match="not an mp3"):
        synthesise(clients)


def test_a_sound_that_does_not_end_is_given_up(clients: Clients, polly: Stubber) -> None:
    answer(polly, bytes(MOST_BYTES + 1))
    with pytest.raises(SpeechFailed, match="does not end"):
        synthesise(clients)


def test_a_sound_that_comes_too_slowly_is_given_up(clients: Clients, polly: Stubber) -> None:
    answer(polly, FRAME * 500)
    with pytest.raises(SpeechFailed, match="too slowly"):
        synthesise(clients, seconds=-1.0)


def test_a_sound_that_has_begun_in_time_may_come_to_its_end(
    clients: Clients, polly: Stubber
) -> None:
    answer(polly, FRAME * 500)
    assert synthesise(clients, seconds=-GRACE_SECONDS / 10) == FRAME * 500


class Broken:
    """A stream that breaks off."""

    def __init__(self, failure: Exception) -> None:
        self.failure = failure
        self.is_closed = False

    def read(self, _size: int) -> bytes:
        raise self.failure

    def close(self) -> None:
        self.is_closed = True


@pytest.mark.parametrize(
    "failure",
    [
        ReadTimeoutError(endpoint_url="https://polly"),
        IncompleteReadError(actual_bytes=1, expected_bytes=2),
        ConnectionResetError(),
    ],
)
def test_a_sound_that_breaks_off_is_none(
    clients: Clients, monkeypatch: pytest.MonkeyPatch, failure: Exception
) -> None:
    stream = Broken(failure)
    answered: dict[str, Any] = {"ContentType": "audio/mpeg", "AudioStream": stream}
    monkeypatch.setattr(clients.polly, "synthesize_speech", lambda **_: answered)
    with pytest.raises(SpeechFailed, match="did not answer"):
        synthesise(clients)
    assert stream.is_closed


def test_no_answer_is_no_sound(clients: Clients, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_answer(**_: object) -> None:
        raise ConnectTimeoutError(endpoint_url="https://polly")

    monkeypatch.setattr(clients.polly, "synthesize_speech", no_answer)
    with pytest.raises(SpeechFailed, match="ConnectTimeoutError"):
        synthesise(clients)
