"""S3's protocol on a real loopback port: what boto3 does, and what a page may."""

import http.client
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from infra.local.access.callers import LOOPBACK_HOSTS
from infra.local.sounds.api import sounds_application
from infra.local.sounds.signatures import Credentials
from infra.local.sounds.store import SoundStore
from tests.fakes.serving import serving

BUCKET = "sounds-local"
PAGE = "http://127.0.0.1:8000"
KEY = "sounds/abc.mp3"
SOUND = bytes(range(200))
_CONFIG = Config(signature_version="s3v4", retries={"total_max_attempts": 1})


@pytest.fixture
def endpoint(tmp_path: Path) -> Iterator[str]:
    credentials = Credentials("local", "local")
    app = sounds_application(SoundStore(tmp_path), BUCKET, credentials, {PAGE}, LOOPBACK_HOSTS)
    with serving(app) as url:
        yield url


@pytest.fixture
def s3(endpoint: str) -> Any:
    client: Any = client_of(endpoint, "local")
    client.put_object(
        Bucket=BUCKET,
        Key=KEY,
        Body=SOUND,
        ContentType="audio/mpeg",
        CacheControl="private, max-age=86400, immutable",
        Metadata={"duration-ms": "1500"},
    )
    return client


def client_of(endpoint: str, secret: str) -> Any:
    return boto3.client(
        "s3",
        endpoint_url=endpoint,
        region_name="us-east-1",
        aws_access_key_id="local",
        aws_secret_access_key=secret,
        config=_CONFIG,
    )


def presigned(s3: Any, method: str = "get_object", **more: Any) -> str:
    params = {"Bucket": BUCKET, "Key": KEY, **more}
    return str(s3.generate_presigned_url(method, Params=params, ExpiresIn=60))


def asked(
    url: str, method: str = "GET", **headers: str
) -> tuple[int, bytes, http.client.HTTPMessage]:
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.netloc, timeout=10)
    try:
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, f"{parts.path}?{parts.query}", headers=given)
        answer = connection.getresponse()
        return answer.status, answer.read(), answer.headers
    finally:
        connection.close()


def test_a_program_reads_what_it_has_written(s3: Any) -> None:
    head = s3.head_object(Bucket=BUCKET, Key=KEY)
    assert (head["ContentLength"], head["ContentType"]) == (len(SOUND), "audio/mpeg")
    assert head["Metadata"] == {"duration-ms": "1500"}
    assert head["CacheControl"] == "private, max-age=86400, immutable"
    got = s3.get_object(Bucket=BUCKET, Key=KEY)
    assert got["Body"].read() == SOUND
    s3.delete_object(Bucket=BUCKET, Key=KEY)
    with pytest.raises(ClientError) as missing:
        s3.head_object(Bucket=BUCKET, Key=KEY)
    assert missing.value.response["Error"]["Code"] == "404"


@pytest.mark.parametrize(
    ("call", "members", "code"),
    [
        ("get_object", {"Bucket": BUCKET, "Key": "no"}, "NoSuchKey"),
        ("get_object", {"Bucket": "other", "Key": KEY}, "NoSuchBucket"),
        ("list_objects_v2", {"Bucket": BUCKET}, "AccessDenied"),
        ("list_buckets", {}, "AccessDenied"),
        ("put_object", {"Bucket": BUCKET, "Key": KEY, "Body": bytes(33_000_000)}, "EntityTooLarge"),
        (
            "put_object",
            {"Bucket": BUCKET, "Key": KEY, "Metadata": {"a": "b" * 3_000}},
            "MetadataTooLarge",
        ),
    ],
)
def test_a_program_is_refused_as_s3_does(
    s3: Any, call: str, members: dict[str, Any], code: str
) -> None:
    with pytest.raises(ClientError) as refused:
        getattr(s3, call)(**members)
    assert refused.value.response["Error"]["Code"] == code


def test_another_secret_reads_and_writes_nothing(s3: Any, endpoint: str) -> None:
    stranger = client_of(endpoint, "guess")
    for call in ("get_object", "put_object", "delete_object"):
        with pytest.raises(ClientError) as refused:
            getattr(stranger, call)(Bucket=BUCKET, Key=KEY)
        assert refused.value.response["Error"]["Code"] == "SignatureDoesNotMatch"
    assert s3.get_object(Bucket=BUCKET, Key=KEY)["Body"].read() == SOUND


@pytest.mark.parametrize("headers", [{}, {"Origin": PAGE}])
def test_a_page_reads_a_presigned_sound(s3: Any, headers: dict[str, str]) -> None:
    status, body, answered = asked(presigned(s3), **headers)
    assert (status, body) == (200, SOUND)
    assert answered["Content-Type"] == "audio/mpeg"
    assert answered["Access-Control-Allow-Origin"] == headers.get("Origin")


@pytest.mark.parametrize(
    ("asked_for", "status", "first", "last"),
    [
        ("bytes=0-1", 206, 0, 1),
        ("bytes=100-", 206, 100, 199),
        ("bytes=-50", 206, 150, 199),
        ("bytes=150-9999", 206, 150, 199),
        ("bytes=0-", 206, 0, 199),
        ("bytes=0-1,5-6", 200, 0, 199),
        ("seconds=1", 200, 0, 199),
        ("bytes=-", 200, 0, 199),
    ],
)
def test_a_media_element_reads_a_part(
    s3: Any, asked_for: str, status: int, first: int, last: int
) -> None:
    code, body, headers = asked(presigned(s3), Range=asked_for)
    assert (code, body) == (status, SOUND[first : last + 1])
    part = f"bytes {first}-{last}/{len(SOUND)}"
    assert headers["Content-Range"] == (part if status == 206 else None)


@pytest.mark.parametrize("asked_for", ["bytes=200-", "bytes=5-4", "bytes=-0"])
def test_a_part_that_is_not_there_is_refused(s3: Any, asked_for: str) -> None:
    code, body, headers = asked(presigned(s3), Range=asked_for)
    assert code == 416
    assert b"InvalidRange" in body
    assert headers["Content-Range"] == f"bytes */{len(SOUND)}"


def test_other_sites_read_nothing_even_with_the_url(s3: Any) -> None:
    url = presigned(s3)
    rebound = f"evil.example:{urlsplit(url).port}"
    for headers in ({"Origin": "http://evil.example"}, {"Origin": "null"}, {"Host": rebound}):
        status, body, answered = asked(url, **headers)
        assert status == 403
        assert b"AccessDenied" in body
        assert SOUND not in body
        assert answered["Access-Control-Allow-Origin"] is None


def test_a_page_can_do_nothing_but_read(s3: Any, endpoint: str) -> None:
    put = presigned(s3, "put_object")
    delete = presigned(s3, "delete_object")
    listing = str(s3.generate_presigned_url("list_objects_v2", Params={"Bucket": BUCKET}))
    tries = [
        (put, "PUT"), (delete, "DELETE"), (listing, "GET"), (f"{endpoint}/{BUCKET}/{KEY}", "GET"),
        (f"{endpoint}/", "GET"), (presigned(s3), "PUT"),
    ]  # fmt: skip
    for url, method in tries:
        assert asked(url, method, Origin=PAGE)[0] == 403, (method, url)
        assert asked(url, method)[0] == 403, (method, url)
    assert asked(presigned(s3), "POST", Origin=PAGE)[0] == 405
    assert s3.get_object(Bucket=BUCKET, Key=KEY)["Body"].read() == SOUND


def test_a_page_may_ask_for_a_part_in_advance_and_for_nothing_else(s3: Any) -> None:
    url = presigned(s3)
    status, _, headers = asked(
        url, "OPTIONS", Origin=PAGE, Access_Control_Request_Method="GET",
        Access_Control_Request_Headers="range",
    )  # fmt: skip
    assert status == 200
    assert headers["Access-Control-Allow-Origin"] == PAGE
    assert headers["Access-Control-Allow-Methods"] == "GET, HEAD"
    assert headers["Access-Control-Allow-Headers"] == "range, x-join-code, x-resume-token"
    for origin, method in ((PAGE, "PUT"), ("http://evil.example", "GET")):
        status, _, headers = asked(
            url, "OPTIONS", Origin=origin, Access_Control_Request_Method=method
        )
        assert status == 403
        assert headers["Access-Control-Allow-Origin"] is None


def test_a_full_disk_is_an_error_that_boto3_knows(s3: Any, tmp_path: Path) -> None:
    for file in tmp_path.iterdir():
        file.unlink()
        file.mkdir()
        (file / "in the way").touch()
    with pytest.raises(ClientError) as refused:
        s3.put_object(Bucket=BUCKET, Key=KEY, Body=SOUND)
    assert refused.value.response["Error"]["Code"] == "InternalError"
