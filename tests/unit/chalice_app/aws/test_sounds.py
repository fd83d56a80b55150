"""Sounds in S3: kept with their length, fetched by addresses that a page may ask for."""

import re
from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import pytest
from botocore.exceptions import ReadTimeoutError
from botocore.stub import Stubber
from moto import mock_aws

from chalice_app.aws.clients import Clients
from chalice_app.aws.sounds import S3Sounds
from chalice_app.aws.transcript_files import S3TranscriptFiles
from chalice_app.domain.errors import Unavailable
from chalice_app.settings import Settings

BUCKET = "sounds-here"
KEY = "sounds/" + "0" * 64 + ".mp3"
TABLES = dict.fromkeys(
    (
        "SESSIONS_TABLE_NAME",
        "CONNECTIONS_TABLE_NAME",
        "CACHED_TRANSLATIONS_TABLE_NAME",
        "ROSTERS_TABLE_NAME",
        "SENTENCES_TABLE_NAME",
    ),
    "table",
)


@pytest.fixture
def s3(clients: Clients) -> Iterator[Stubber]:
    with Stubber(clients.s3) as stubber:
        yield stubber
        stubber.assert_no_pending_responses()


def test_a_sound_is_found_again_with_its_length(aws_environment: None) -> None:
    with mock_aws():
        clients = Clients("us-east-1")
        clients.s3.create_bucket(Bucket=BUCKET)
        sounds = S3Sounds(clients, BUCKET)
        assert sounds.find(KEY) is None
        sounds.put(KEY, b"sound", 1234)
        assert sounds.find(KEY) == 1234
        kept = clients.s3.get_object(Bucket=BUCKET, Key=KEY)
        assert kept["ContentType"] == "audio/mpeg"
        assert kept["Body"].read() == b"sound"


@pytest.mark.parametrize("metadata", [{}, {"duration-ms": "long"}, {"duration-ms": ""}])
def test_a_sound_without_a_length_counts_as_missing(
    clients: Clients, s3: Stubber, metadata: dict[str, str]
) -> None:
    s3.add_response("head_object", {"Metadata": metadata}, {"Bucket": BUCKET, "Key": KEY})
    assert S3Sounds(clients, BUCKET).find(KEY) is None


@pytest.mark.parametrize("code", ["404", "NoSuchKey"])
def test_what_is_not_there_is_none(clients: Clients, s3: Stubber, code: str) -> None:
    s3.add_client_error("head_object", code)
    assert S3Sounds(clients, BUCKET).find(KEY) is None


@pytest.mark.parametrize("code", ["403", "SlowDown", "503", "NoSuchBucket"])
def test_a_refusal_is_unavailable(clients: Clients, s3: Stubber, code: str) -> None:
    s3.add_client_error("head_object", code)
    s3.add_client_error("put_object", code)
    with pytest.raises(Unavailable):
        S3Sounds(clients, BUCKET).find(KEY)
    with pytest.raises(Unavailable):
        S3Sounds(clients, BUCKET).put(KEY, b"", 1)


def test_no_answer_is_unavailable(clients: Clients, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_answer(**_: object) -> None:
        raise ReadTimeoutError(endpoint_url="https://s3")

    monkeypatch.setattr(clients.s3, "head_object", no_answer)
    monkeypatch.setattr(clients.s3, "put_object", no_answer)
    with pytest.raises(Unavailable):
        S3Sounds(clients, BUCKET).find(KEY)
    with pytest.raises(Unavailable):
        S3Sounds(clients, BUCKET).put(KEY, b"", 1)


@pytest.mark.parametrize(
    "endpoint", ["http://192.168.1.7:8000", "http://[fd00::7]:8000", "https://hall.example"]
)
def test_browsers_find_the_sounds_where_they_are_for_them(
    aws_environment: None, monkeypatch: pytest.MonkeyPatch, endpoint: str
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:4566")
    named = {"SOUNDS_BUCKET_NAME": BUCKET, "SOUNDS_ENDPOINT_URL": endpoint}
    settings = Settings.from_env({**TABLES, **named})
    clients = Clients("us-east-1", settings.sounds_endpoint_url)
    for store in (S3Sounds(clients, BUCKET), S3TranscriptFiles(clients, BUCKET)):
        assert store.address(KEY, 60).startswith(f"{settings.sounds_url}/{BUCKET}/{KEY}?X-Amz-")
    assert settings.sounds_url == endpoint
    assert clients.s3.meta.endpoint_url == "http://127.0.0.1:4566"


def test_a_function_that_signs_nothing_pays_for_no_second_client(clients: Clients) -> None:
    assert Clients("us-east-1").__dict__.keys().isdisjoint({"s3", "presigning"})
    assert clients.presigning is clients.s3


@pytest.mark.parametrize("region", ["us-east-1", "eu-west-1", "ap-southeast-2"])
@pytest.mark.parametrize(
    ("endpoint", "path"),
    [
        (None, f"/{KEY}"),
        ("http://127.0.0.1:4566", f"/{BUCKET}/{KEY}"),
        ("http://[::1]:4566", f"/{BUCKET}/{KEY}"),
        ("https://store.example", f"/{KEY}"),
    ],
)
@pytest.mark.parametrize("token", [None, "FwoGZXIvYXdzE+/=a session's"], ids=["user", "role"])
def test_an_address_has_the_origin_that_the_page_may_fetch_from(
    aws_environment: None,
    monkeypatch: pytest.MonkeyPatch,
    region: str,
    endpoint: str | None,
    path: str,
    token: str | None,
) -> None:
    if endpoint is not None:
        monkeypatch.setenv("AWS_ENDPOINT_URL_S3", endpoint)
    if token is not None:
        monkeypatch.setenv("AWS_SESSION_TOKEN", token)
    named = {"AWS_ENDPOINT_URL_S3": endpoint} if endpoint else {}
    settings = Settings.from_env(
        {**TABLES, **named, "AWS_REGION": region, "SOUNDS_BUCKET_NAME": BUCKET}
    )
    url = S3Sounds(Clients(region), BUCKET).address(KEY, 3600)
    parts = urlsplit(url)
    assert f"{parts.scheme}://{parts.netloc}" == settings.sounds_url
    assert parts.path == path
    query = parse_qs(parts.query)
    assert query.keys() - {"X-Amz-Security-Token"} == {
        "X-Amz-Algorithm",
        "X-Amz-Credential",
        "X-Amz-Date",
        "X-Amz-Expires",
        "X-Amz-SignedHeaders",
        "X-Amz-Signature",
    }
    assert query["X-Amz-Expires"] == ["3600"]
    assert query["X-Amz-SignedHeaders"] == ["host"]
    assert query.get("X-Amz-Security-Token") == ([token] if token else None)
    assert re.fullmatch(rf"[^/]+/\d{{8}}/{region}/s3/aws4_request", query["X-Amz-Credential"][0])
