"""Signatures as botocore makes them; every change of one is noticed."""

import time
from collections.abc import Mapping
from urllib.parse import urlsplit

import pytest
from botocore.auth import S3SigV4Auth, S3SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials as Pair

from infra.local.sounds.signatures import (
    SKEW_SECONDS,
    Credentials,
    SignatureError,
    Signed,
    verify_header,
    verify_url,
)

OURS = Credentials("local", "secret")
URL = "http://127.0.0.1:8123/sounds-local/sounds/a%20b%2B%C3%BC.mp3"
MALFORMED = "AuthorizationQueryParametersError"
SIGV2 = "?AWSAccessKeyId=local&Signature=x&Expires=9"
HOST = {"host": "127.0.0.1:8123"}


def presigned(
    url: str = URL, pair: Credentials = OURS, expires: int = 60, method: str = "GET"
) -> str:
    request = AWSRequest(method, url)
    pair_ = Pair(pair.access_key, pair.secret_key)
    S3SigV4QueryAuth(pair_, "s3", "us-east-1", expires=expires).add_auth(request)
    return str(request.url)


def read(url: str, method: str = "GET", headers: Mapping[str, str] = HOST) -> Signed:
    parts = urlsplit(url)
    return Signed(method, parts.path, parts.query, headers)


def refusal(request: Signed, later: float = 0.0) -> str:
    with pytest.raises(SignatureError) as refused:
        verify_url(request, OURS, time.time() + later)
    return refused.value.code


@pytest.mark.parametrize(
    "url", [URL, "http://127.0.0.1:8123/b/k", f"{URL}?response-content-type=audio%2Fmpeg&x=a%2Bb"]
)
def test_an_url_that_botocore_has_presigned_is_good_until_it_expires(url: str) -> None:
    request = read(presigned(url))
    verify_url(request, OURS, time.time())
    verify_url(request, OURS, time.time() + 55)
    assert refusal(request, later=65) == "AccessDenied"
    assert refusal(request, later=-SKEW_SECONDS - 5) == "AccessDenied"


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        (lambda url: url.replace("sounds/a", "sounds/b"), "SignatureDoesNotMatch"),
        (lambda url: url[:-1] + ("0" if url[-1] != "0" else "1"), "SignatureDoesNotMatch"),
        (lambda url: url.replace("Expires=60", "Expires=61"), "SignatureDoesNotMatch"),
        (lambda url: url + "&more=1", "SignatureDoesNotMatch"),
        (lambda url: url + "&X-Amz-Expires=600", MALFORMED),
        (lambda url: url.replace("Expires=60", "Expires=700000"), MALFORMED),
        (lambda url: url.replace("Expires=60", "Expires=-6"), MALFORMED),
        (lambda url: url.replace("local%2F", "other%2F"), "InvalidAccessKeyId"),
        (lambda url: url.replace("%2Fs3%2F", "%2Fpolly%2F"), MALFORMED),
        (lambda url: url.replace("Date=2", "Date=x"), MALFORMED),
        (lambda url: url.replace("SignedHeaders=host", "SignedHeaders=x"), MALFORMED),
        (lambda url: url.partition("&X-Amz-Signature")[0], MALFORMED),
        (lambda url: url.partition("?")[0], "AccessDenied"),
        (lambda url: url.partition("?")[0] + SIGV2, "InvalidRequest"),
    ],
)  # fmt: skip
def test_a_changed_url_is_refused(changed: "object", code: str) -> None:
    assert callable(changed)
    assert refusal(read(changed(presigned()))) == code


def test_an_url_is_good_for_its_method_and_its_host_alone() -> None:
    url = presigned()
    assert refusal(read(url, "HEAD")) == "SignatureDoesNotMatch"
    assert refusal(read(url, headers={"host": "127.0.0.1:9"})) == "SignatureDoesNotMatch"
    assert refusal(read(url, headers={})) == "SignatureDoesNotMatch"


def test_an_url_of_another_secret_is_refused() -> None:
    assert refusal(read(presigned(pair=Credentials("local", "guess")))) == "SignatureDoesNotMatch"


def signed(pair: Credentials = OURS, body: bytes = b"abc") -> Signed:
    request = AWSRequest("PUT", URL, data=body, headers={"x-amz-meta-duration-ms": "15"})
    S3SigV4Auth(Pair(pair.access_key, pair.secret_key), "s3", "us-east-1").add_auth(request)
    headers = {name.lower(): value for name, value in request.headers.items()}
    return read(URL, "PUT", {**HOST, **headers})


def test_a_signed_header_is_good_for_a_quarter_of_an_hour() -> None:
    request = signed()
    assert len(verify_header(request, OURS, time.time())) == 64
    with pytest.raises(SignatureError, match="time"):
        verify_header(request, OURS, time.time() + SKEW_SECONDS + 5)


@pytest.mark.parametrize(
    ("header", "value", "code"),
    [
        ("x-amz-meta-duration-ms", "16", "SignatureDoesNotMatch"),
        ("x-amz-content-sha256", "0" * 64, "SignatureDoesNotMatch"),
        ("authorization", "AWS local:abc", "AuthorizationHeaderMalformed"),
        ("x-amz-date", "", MALFORMED),
    ],
)
def test_a_changed_header_is_refused(header: str, value: str, code: str) -> None:
    request = signed()
    changed = Signed("PUT", request.path, "", {**request.headers, header: value})
    with pytest.raises(SignatureError) as refused:
        verify_header(changed, OURS, time.time())
    assert refused.value.code == code


def test_a_request_without_a_signature_is_denied() -> None:
    with pytest.raises(SignatureError) as refused:
        verify_header(read(URL, "PUT"), OURS, time.time())
    assert refused.value.code == "AccessDenied"
