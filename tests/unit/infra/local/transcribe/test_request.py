"""What a handshake may ask for."""

from datetime import UTC, datetime, timedelta

import pytest

from infra.local.transcribe.request import (
    BadRequest,
    Forbidden,
    require_own_page,
    require_signature,
    stream_request,
)

NOW = datetime(2026, 11, 28, 20, 0, tzinfo=UTC)
SIGNED = {
    "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
    "X-Amz-Credential": "local/20261128/us-east-1/transcribe/aws4_request",
    "X-Amz-Date": "20261128T195800Z",
    "X-Amz-Expires": "300",
    "X-Amz-SignedHeaders": "host",
    "X-Amz-Signature": "0" * 64,
}
ASKED = {
    "language-code": "en-US",
    "media-encoding": "pcm",
    "sample-rate": "16000",
    "enable-partial-results-stabilization": "true",
    "partial-results-stability": "high",
}


def test_a_signed_url_is_admitted_until_its_time_is_over() -> None:
    require_signature(SIGNED, NOW)
    with pytest.raises(Forbidden, match="expired"):
        require_signature(SIGNED, NOW + timedelta(minutes=3))


@pytest.mark.parametrize("name", SIGNED)
def test_every_part_of_the_signature_is_needed(name: str) -> None:
    with pytest.raises(Forbidden):
        require_signature({**SIGNED, name: ""}, NOW)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("X-Amz-Date", "yesterday"),
        ("X-Amz-Date", "20261128T230000Z"),
        ("X-Amz-Expires", "0"),
        ("X-Amz-Expires", "301"),
        ("X-Amz-Expires", "-1"),
        ("X-Amz-Expires", "1.5"),
    ],
)
def test_wrong_times_are_refused(name: str, value: str) -> None:
    with pytest.raises(Forbidden):
        require_signature({**SIGNED, name: value}, NOW)


def test_the_parameters_are_read() -> None:
    request = stream_request({**ASKED, "session-id": "one"}, {"en"})
    assert (request.language, request.stabilises, request.session_id) == ("en-US", True, "one")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("language-code", ""),
        ("language-code", "en"),
        ("language-code", "pt-BR"),
        ("media-encoding", "flac"),
        ("sample-rate", "8000"),
        ("partial-results-stability", "total"),
        ("enable-partial-results-stabilization", "maybe"),
    ],
)
def test_a_wrong_parameter_is_a_bad_request(name: str, value: str) -> None:
    with pytest.raises(BadRequest):
        stream_request({**ASKED, name: value}, {"en"})


@pytest.mark.parametrize("origin", [None, "http://127.0.0.1:8000", "http://localhost:8000"])
def test_the_stage_s_own_page_may_connect(origin: str | None) -> None:
    require_own_page("127.0.0.1:9000", origin)


@pytest.mark.parametrize(
    ("host", "origin"),
    [("127.0.0.1:9000", "https://example.com"), ("example.com", None), ("127.0.0.1", "null")],
)
def test_other_pages_may_not(host: str, origin: str | None) -> None:
    with pytest.raises(Forbidden):
        require_own_page(host, origin)
