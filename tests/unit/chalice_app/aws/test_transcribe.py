"""Presigned addresses of Transcribe's streams, against a signature computed by AWS's own recipe."""

import hashlib
import hmac
from urllib.parse import parse_qsl, quote, urlsplit

import pytest

from chalice_app.aws.clients import Clients
from chalice_app.aws.transcribe import TranscribeStreams

AWS = "wss://transcribestreaming.eu-west-1.amazonaws.com:8443"
EMPTY = hashlib.sha256(b"").hexdigest()


@pytest.fixture(params=[None, "FwoGZXIvYXdzE+/=a session's"], ids=["of a user", "of a role"])
def token(
    request: pytest.FixtureRequest, aws_environment: None, monkeypatch: pytest.MonkeyPatch
) -> str | None:
    token: str | None = request.param
    if token is not None:
        monkeypatch.setenv("AWS_SESSION_TOKEN", token)
    return token


def presigned(endpoint: str = AWS, language: str = "en-US", rate: int = 16_000) -> str:
    return TranscribeStreams(Clients("eu-west-1")).presign(endpoint, language, rate, 300)


def signature(url: str, host: str) -> str:
    """The recipe of "Create a signed AWS API request" (IAM user guide), from the address alone."""
    parts = urlsplit(url)
    pairs = [pair for pair in parts.query.split("&") if not pair.startswith("X-Amz-Signature=")]
    decoded = dict(parse_qsl(parts.query))
    canonical = "\n".join(
        ["GET", parts.path, "&".join(sorted(pairs)), f"host:{host}", "", "host", EMPTY]
    )
    day, region, service, end = decoded["X-Amz-Credential"].split("/")[1:]
    key = b"AWS4testing"
    for part in (day, region, service, end):
        key = hmac.digest(key, part.encode(), "sha256")
    hashed = hashlib.sha256(canonical.encode()).hexdigest()
    scope = f"{day}/{region}/{service}/{end}"
    text = f"AWS4-HMAC-SHA256\n{decoded['X-Amz-Date']}\n{scope}\n{hashed}"
    return hmac.new(key, text.encode(), "sha256").hexdigest()


def test_an_address_is_what_transcribe_documents(token: str | None) -> None:
    parts = urlsplit(presigned())
    assert f"{parts.scheme}://{parts.netloc}" == AWS
    assert parts.path == "/stream-transcription-websocket"
    query = dict(parse_qsl(parts.query))
    day = query["X-Amz-Date"][:8]
    del query["X-Amz-Date"], query["X-Amz-Signature"]
    assert query == {
        "language-code": "en-US",
        "media-encoding": "pcm",
        "sample-rate": "16000",
        "enable-partial-results-stabilization": "true",
        "partial-results-stability": "high",
        "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
        "X-Amz-Credential": f"testing/{day}/eu-west-1/transcribe/aws4_request",
        "X-Amz-Expires": "300",
        "X-Amz-SignedHeaders": "host",
        **({"X-Amz-Security-Token": token} if token else {}),
    }


@pytest.mark.parametrize(
    ("endpoint", "host"),
    [
        (AWS, "transcribestreaming.eu-west-1.amazonaws.com:8443"),
        ("ws://127.0.0.1:8003", "127.0.0.1:8003"),
        ("wss://recogniser.example", "recogniser.example"),
        ("wss://recogniser.example:443", "recogniser.example"),
        ("ws://recogniser.example:80", "recogniser.example"),
        ("wss://[::1]:8443", "[::1]:8443"),
    ],
)
def test_the_signature_covers_the_host_that_a_browser_sends(
    token: str | None, endpoint: str, host: str
) -> None:
    url = presigned(endpoint)
    assert dict(parse_qsl(urlsplit(url).query))["X-Amz-Signature"] == signature(url, host)
    assert url.startswith(f"{endpoint}/stream-transcription-websocket?")


def test_the_signature_covers_the_language_and_the_rate(token: str | None) -> None:
    url = presigned(language="pt-BR", rate=48_000)
    host = "transcribestreaming.eu-west-1.amazonaws.com:8443"
    right = signature(url, host)
    assert right in url
    for ours, other in (("pt-BR", "fr-FR"), ("48000", "16000"), ("=300", "=301")):
        assert signature(url.replace(ours, other), host) != right


def test_every_part_of_an_address_is_encoded_as_it_was_signed(token: str | None) -> None:
    query = urlsplit(presigned()).query
    decoded = parse_qsl(query, strict_parsing=True)
    assert query == "&".join(
        f"{quote(name)}={quote(value, safe='-_.~')}" for name, value in decoded
    )
