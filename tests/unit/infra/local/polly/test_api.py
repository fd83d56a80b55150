"""What boto3 sends and understands, on a real loopback port; the voices are a fake."""

import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from infra.local.polly.api import PREPARE_PATH, application
from infra.local.polly.voice_process import VoiceBusy, VoiceFailed
from infra.local.polly.voice_warmup import asking
from infra.local.polly.voices import LanguageWithoutVoice
from infra.local.polly.worker_messages import Question
from tests.fakes.serving import serving

HELLO = {"VoiceId": "Lucia", "Text": "Hola.", "OutputFormat": "mp3"}


class FakeVoices:
    """English and Spanish; `busy` and `broken` are what they say."""

    def __init__(self) -> None:
        self.said: list[tuple[str, Question]] = []
        self.prepared: list[str] = []

    @property
    def languages(self) -> frozenset[str]:
        return frozenset({"en", "es"})

    async def prepare(self, language: str) -> None:
        if language == "en":
            raise VoiceFailed("no memory")
        self.prepared.append(language)

    async def speak(self, language: str, question: Question) -> bytes:
        if language not in self.languages:
            raise LanguageWithoutVoice(language)
        if question.text == "busy":
            raise VoiceBusy("8 texts are waiting")
        if question.text == "broken":
            raise VoiceFailed("the voice hangs")
        self.said.append((language, question))
        return b"\xffsound"


@pytest.fixture
def voices() -> FakeVoices:
    return FakeVoices()


@pytest.fixture
def endpoint(voices: FakeVoices) -> Iterator[str]:
    with serving(application(voices)) as url:
        yield url


@pytest.fixture
def polly(endpoint: str) -> Any:
    return boto3.client(
        "polly",
        endpoint_url=endpoint,
        region_name="us-east-1",
        aws_access_key_id="local",
        aws_secret_access_key="local",
        config=Config(retries={"total_max_attempts": 1}),
    )


def test_boto3_gets_a_sound_and_what_is_billed(polly: Any, voices: FakeVoices) -> None:
    answer = polly.synthesize_speech(**HELLO, Engine="neural", LanguageCode="es-ES")
    assert answer["AudioStream"].read() == b"\xffsound"
    assert answer["ContentType"] == "audio/mpeg"
    assert answer["RequestCharacters"] == 5
    assert voices.said == [("es", Question("Hola.", 24_000, "mp3"))]


def test_samples_have_their_own_content_type(polly: Any) -> None:
    answer = polly.synthesize_speech(**{**HELLO, "OutputFormat": "pcm"})
    assert answer["ContentType"] == "audio/pcm"


@pytest.mark.parametrize(
    ("members", "code", "status"),
    [
        ({"Text": "busy"}, "ThrottlingException", 400),
        ({"Text": "broken"}, "ServiceFailureException", 500),
        ({"VoiceId": "Takumi"}, "LanguageNotSupportedException", 400),
        ({"VoiceId": "Nobody"}, "ValidationException", 400),
        ({"Engine": "generative"}, "EngineNotSupportedException", 400),
        ({"Text": "a" * 3_001}, "TextLengthExceededException", 400),
        ({"Text": "a" * 2_000_000}, "TextLengthExceededException", 400),
        ({"Text": "a", "TextType": "ssml"}, "InvalidSsmlException", 400),
        ({"LexiconNames": ["mine"]}, "LexiconNotFoundException", 404),
    ],
)
def test_boto3_raises_pollys_errors(
    polly: Any, members: dict[str, str], code: str, status: int
) -> None:
    with pytest.raises(ClientError) as raised:
        polly.synthesize_speech(**{**HELLO, **members})
    assert raised.value.response["Error"]["Code"] == code
    assert raised.value.response["Error"]["Message"]
    assert raised.value.response["ResponseMetadata"]["HTTPStatusCode"] == status


def test_the_voices_of_this_machine_are_described(polly: Any) -> None:
    described = {each["Id"]: each for each in polly.describe_voices()["Voices"]}
    assert {"Joanna", "Lucia", "Lupe"} <= set(described)
    assert "Camila" not in described
    assert described["Lucia"]["LanguageCode"] == "es-ES"
    assert described["Lucia"]["SupportedEngines"] == ["neural", "standard"]
    mexican = polly.describe_voices(LanguageCode="es-MX", Engine="neural")["Voices"]
    assert {each["Id"] for each in mexican} == {"Mia", "Andres"}
    assert polly.describe_voices(LanguageCode="ja-JP")["Voices"] == []
    with pytest.raises(ClientError):
        polly.describe_voices(Engine="quick")


def test_voices_are_prepared_and_one_that_cannot_be_is_no_error(
    endpoint: str, voices: FakeVoices
) -> None:
    asking(endpoint)(["en", "es", "xx"])
    assert voices.prepared == ["es"]


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"Languages": 7}', b'{"Languages": [{}]}'])
def test_a_preparation_that_names_no_languages_is_refused(endpoint: str, body: bytes) -> None:
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(f"{endpoint}{PREPARE_PATH}", body)  # noqa: S310 - loopback
    with refused.value as answer:
        assert answer.code == 400


@pytest.mark.parametrize("path", ["/v1/speech", "/v1/voices", PREPARE_PATH])
def test_web_pages_are_refused(endpoint: str, path: str) -> None:
    body = None if path == "/v1/voices" else json.dumps(HELLO).encode()
    for header in ({"Origin": "http://127.0.0.1:8000"}, {"Host": "evil.example"}):
        asked = urllib.request.Request(f"{endpoint}{path}", body, header)  # noqa: S310 - loopback
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(asked)  # noqa: S310 - loopback
        with refused.value as answer:
            assert answer.code == 403
