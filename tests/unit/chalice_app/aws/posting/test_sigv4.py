"""The signer agrees with botocore's to the last byte."""

import datetime as dt
from functools import cache
from typing import Any
from unittest import mock
from urllib.parse import unquote

import boto3
import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSPreparedRequest, AWSRequest
from botocore.credentials import Credentials, ReadOnlyCredentials
from hypothesis import given
from hypothesis import strategies as st

from chalice_app.aws.posting.connection_requests import (
    SIGNER_SECONDS,
    ConnectionRequests,
    Endpoint,
    PersonalRequests,
)
from chalice_app.aws.posting.sigv4 import RequestSigner, path_segment

KEYS = st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnop0123456789+/", min_size=1, max_size=40)
TOKENS = st.none() | st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdef0123456789+/=", min_size=1)
IDS = st.text(min_size=1, max_size=40) | st.from_regex(r"[A-Za-z0-9_-]{11,15}=", fullmatch=True)
TIMES = st.datetimes(
    dt.datetime(2020, 1, 1),  # noqa: DTZ001 - hypothesis wants bounds without a zone
    dt.datetime(2099, 12, 31),  # noqa: DTZ001
    timezones=st.just(dt.UTC),
)
HOSTS = st.sampled_from(
    ["https://abc.execute-api.eu-west-1.amazonaws.com", "http://127.0.0.1:8001", "http://[::1]:80"]
)
PREFIXES = st.sampled_from(["", "/", "/api", "/api/", "/a~b/c.d", "//x//y", "/$default", "/a%20b"])


def botocore_headers(
    method: str,
    url: str,
    region: str,
    keys: tuple[str, str, str | None],
    body: bytes,
    at: dt.datetime,
) -> dict[str, str]:
    request = AWSRequest(method, url, data=body)
    with mock.patch("botocore.auth.get_current_datetime", return_value=at):
        SigV4Auth(Credentials(*keys), "execute-api", region).add_auth(request)
    return dict(request.headers.items())


@given(
    method=st.sampled_from(["POST", "DELETE", "GET"]),
    host=HOSTS,
    prefix=PREFIXES,
    region=st.sampled_from(["eu-west-1", "us-gov-east-1"]),
    keys=st.tuples(KEYS, KEYS, TOKENS),
    connection_id=IDS,
    body=st.binary(max_size=300),
    at=TIMES,
)
def test_signs_as_botocore_does(
    method: str,
    host: str,
    prefix: str,
    region: str,
    keys: tuple[str, str, str | None],
    connection_id: str,
    body: bytes,
    at: dt.datetime,
) -> None:
    endpoint = Endpoint.parse(host + prefix)
    credentials = ReadOnlyCredentials(*keys)
    path = f"{endpoint.path}/@connections/"
    signer = RequestSigner(
        method, endpoint.host_header, path, region, credentials, body, at.timestamp()
    )
    segment = path_segment(connection_id)

    headers = {**signer.headers, "Authorization": signer.authorization(segment)}

    expected = botocore_headers(method, host + path + segment, region, keys, body, at)
    assert {**expected, "Host": endpoint.host_header} == headers


@given(connection_id=IDS.filter(lambda text: text not in {".", ".."}))
def test_a_path_is_encoded_as_boto3_does(connection_id: str) -> None:
    assert sent_by_boto3(connection_id).endswith("/api/@connections/" + path_segment(connection_id))


def sent_by_boto3(connection_id: str) -> str:
    urls: list[str] = []

    def note(request: AWSPreparedRequest, **_: object) -> mock.Mock:
        urls.append(request.url)
        return mock.Mock(status_code=200, headers={}, content=b"", raw=None)

    client = boto3_client()
    client.meta.events.register_first("before-send", note)
    try:
        client.post_to_connection(ConnectionId=connection_id, Data=b"")
    finally:
        client.meta.events.unregister("before-send", note)
    return urls[0]


@cache
def boto3_client() -> Any:
    return boto3.Session(aws_access_key_id="a", aws_secret_access_key="b").client(
        "apigatewaymanagementapi", region_name="eu-west-1", endpoint_url="http://127.0.0.1:1/api"
    )


@pytest.mark.parametrize("halves", [("", "s"), ("a", ""), (None, None)])
def test_empty_credentials_sign_nothing(halves: tuple[str, str]) -> None:
    with pytest.raises(ValueError, match="credentials to sign with"):
        RequestSigner("POST", "h", "/", "r", ReadOnlyCredentials(*halves, None), b"", 0.0)


@pytest.mark.parametrize("dots", [".", ".."])
def test_dots_name_no_other_resource(dots: str) -> None:
    assert unquote(path_segment(dots)) == dots
    assert "." not in path_segment(dots)


def test_an_id_that_is_no_unicode_is_still_a_path() -> None:
    assert path_segment("\ud800") == "%3F"


def test_the_signing_time_is_renewed_and_other_credentials_sign_otherwise() -> None:
    endpoint = Endpoint.parse("https://abc.example/api")
    with mock.patch("time.time", side_effect=[1_700_000_000.0, 1_700_000_061.0, 1_700_000_061.0]):
        first = ConnectionRequests(
            "POST", endpoint, "eu-west-1", ReadOnlyCredentials("AK1", "s1", None), b"x"
        )
        renewal = first._renew_at
        early = first.to("a=", renewal - SIGNER_SECONDS)
        late = first.to("a=", renewal)
        rotated = ConnectionRequests(
            "POST", endpoint, "eu-west-1", ReadOnlyCredentials("AK2", "s2", "t"), b"x"
        ).to("a=", 0.0)
    assert b"X-Amz-Date: 20231114T221320Z\r\n" in early
    assert b"X-Amz-Date: 20231114T221421Z\r\n" in late
    assert b"Credential=AK2/" in rotated
    assert b"X-Amz-Security-Token: t\r\n" in rotated


@pytest.mark.parametrize(
    "url",
    ["", "abc.example", "ftp://abc.example", "https://", "https://a b.example/x",
     "https://abc.example/x?y=1", "https://abc.example/x#y", "https://u:p@abc.example",
     "https://abc.example/x\r\nEvil: 1"],
)  # fmt: skip
def test_what_is_no_endpoint_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="endpoint"):
        Endpoint.parse(url)


@pytest.mark.parametrize(
    ("url", "endpoint"),
    [
        ("https://a.example", Endpoint(True, "a.example", 443, "a.example", "")),
        ("https://a.example:443/x/", Endpoint(True, "a.example", 443, "a.example", "/x")),
        ("https://a.example:80", Endpoint(True, "a.example", 80, "a.example:80", "")),
        ("http://a.example//x//y", Endpoint(False, "a.example", 80, "a.example", "/x/y")),
        ("http://[::1]:8001/x", Endpoint(False, "::1", 8001, "[::1]:8001", "/x")),
    ],
)
def test_an_endpoint_is_read_to_the_letter(url: str, endpoint: Endpoint) -> None:
    assert Endpoint.parse(url) == endpoint


def test_a_request_is_the_bytes_that_api_gateway_expects() -> None:
    # Every byte of it, with the signature that botocore's signer makes.
    endpoint = Endpoint.parse("https://abc.example/api~1")
    with mock.patch("time.time", return_value=1_700_000_000.0):
        requests = ConnectionRequests(
            "POST", endpoint, "eu-west-1", ReadOnlyCredentials("AK1", "s1", None), b"hello"
        )
    at = dt.datetime.fromtimestamp(1_700_000_000, dt.UTC)
    url = "https://abc.example/api~1/@connections/a%3D"
    signed = botocore_headers("POST", url, "eu-west-1", ("AK1", "s1", None), b"hello", at)
    assert requests.to("a=", 0.0).decode() == (
        "POST /api~1/@connections/a%3D HTTP/1.1\r\n"
        "Host: abc.example\r\n"
        "X-Amz-Date: 20231114T221320Z\r\n"
        "Content-Length: 5\r\n"
        f"Authorization: {signed['Authorization']}\r\n\r\n"
        "hello"
    )


@pytest.mark.parametrize("body", [b"", b"hello", "a greeting ñ".encode() * 100])
def test_a_request_of_its_own_is_the_same_as_a_shared_one(body: bytes) -> None:
    endpoint = Endpoint.parse("https://abc.example/api")
    keys = ReadOnlyCredentials("AK1", "s1", "t")
    with mock.patch("time.time", return_value=1_700_000_000.0):
        shared = ConnectionRequests("POST", endpoint, "eu-west-1", keys, body)
        own = PersonalRequests("POST", endpoint, "eu-west-1", keys, {"a=": body, "b": b"other"})
    assert own.to("a=", 0.0) == shared.to("a=", 0.0)
    assert own.to("b", 0.0) != shared.to("b", 0.0)


def test_a_signing_time_is_used_for_a_minute() -> None:
    with mock.patch("time.monotonic", return_value=100.0):
        requests = ConnectionRequests(
            "POST",
            Endpoint.parse("https://abc.example"),
            "eu-west-1",
            ReadOnlyCredentials("AK1", "s1", None),
            b"",
        )
    with mock.patch("time.time", return_value=0.0):
        assert b"X-Amz-Date: 19700101T000000Z" not in requests.to("a", 159.9)
        assert b"X-Amz-Date: 19700101T000000Z" in requests.to("a", 160.0)
    with mock.patch("time.monotonic", return_value=100.0):
        own = PersonalRequests(
            "POST",
            Endpoint.parse("https://abc.example"),
            "eu-west-1",
            ReadOnlyCredentials("AK1", "s1", None),
            {"a": b""},
        )
    with mock.patch("time.time", return_value=0.0):
        assert b"X-Amz-Date: 19700101T000000Z" not in own.to("a", 159.9)
        assert b"X-Amz-Date: 19700101T000000Z" in own.to("a", 160.0)
