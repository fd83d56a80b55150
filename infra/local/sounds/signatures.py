"""Signature Version 4 as S3 checks it: in a header, or in a presigned URL's query.

Another service's presigned URLs differ in two things alone (`Service`).

See https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-authenticating-requests.html.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Final
from urllib.parse import quote, unquote

ALGORITHM: Final = "AWS4-HMAC-SHA256"
UNSIGNED: Final = "UNSIGNED-PAYLOAD"
MOST_SECONDS: Final = 7 * 86_400
"""A presigned URL's longest life."""
SKEW_SECONDS: Final = 900
"""How far a request's clock may be off."""
_TIME: Final = "%Y%m%dT%H%M%SZ"
_HEADER: Final = re.compile(
    r"AWS4-HMAC-SHA256 Credential=([^,\s]+),\s*SignedHeaders=([^,\s]+),\s*Signature=([0-9a-f]{64})"
)


class SignatureError(Exception):
    """S3's refusal; `code` is its name."""

    def __init__(self, code: str, message: str, status: int = 403) -> None:
        super().__init__(message)
        self.code = code
        self.status = status


@dataclass(frozen=True, slots=True)
class Credentials:
    """The pair that may read and write."""

    access_key: str
    secret_key: str


@dataclass(frozen=True, slots=True)
class Signed:
    """A request, as far as it is signed."""

    method: str
    path: str
    """As it came, escaped."""
    query: str
    headers: Mapping[str, str]
    """Their names in lower case."""


@dataclass(frozen=True, slots=True)
class Service:
    """Whose URLs they are, and what their signature says of the body."""

    name: str
    payload: str


S3: Final = Service("s3", UNSIGNED)
TRANSCRIBE: Final = Service("transcribe", sha256().hexdigest())


@dataclass(frozen=True, slots=True)
class _Claim:
    credential: str
    headers: str
    signature: str
    time: str
    payload: str
    query: str
    service: str = S3.name


def verify_url(
    request: Signed, credentials: Credentials, now: float, service: Service = S3
) -> None:
    """Check a presigned URL; `now` is in epoch seconds.

    Raises:
        SignatureError: it was signed by nobody we know, or is not valid now.
    """
    pairs = _pairs(request.query)
    given = dict(pairs)
    if len(given) != len(pairs):
        raise _incomplete("a parameter is there twice")
    if "Signature" in given and "X-Amz-Signature" not in given:
        # What botocore makes by default in us-east-1 for an endpoint: a bucket of today refuses it.
        message = f"The authorization mechanism you have provided is not supported. Use {ALGORITHM}"
        raise SignatureError("InvalidRequest", message, 400)
    if not given:
        raise SignatureError("AccessDenied", "Access Denied")
    names = ("Algorithm", "Credential", "Date", "Expires", "SignedHeaders", "Signature")
    values = [given.get(f"X-Amz-{name}", "") for name in names]
    if not all(values) or values[0] != ALGORITHM:
        raise _incomplete("Query-string authentication version 4 requires its parameters")
    _, credential, time, expires, headers, signature = values
    if not re.fullmatch(r"[0-9]{1,6}", expires) or int(expires) > MOST_SECONDS:
        raise _incomplete("X-Amz-Expires must be a number, and at most a week")
    unsigned = "&".join(
        f"{_escaped(name)}={_escaped(value)}"
        for name, value in sorted(pairs)
        if name != "X-Amz-Signature"
    )
    payload, name = service.payload, service.name
    claim = _Claim(credential, headers, signature, time, payload, unsigned, name)
    _verify(request, credentials, claim)
    begun = _epoch(time)
    if now < begun - SKEW_SECONDS:
        raise SignatureError("AccessDenied", "Request is not yet valid")
    if now > begun + int(expires):
        raise SignatureError("AccessDenied", "Request has expired")


def verify_header(request: Signed, credentials: Credentials, now: float) -> str:
    """Check an `Authorization` header; returns what it says of the body (a hash, or UNSIGNED).

    Raises:
        SignatureError: it was signed by nobody we know, or at another time.
    """
    given = request.headers.get("authorization")
    if given is None:
        raise SignatureError("AccessDenied", "Access Denied")
    match = _HEADER.fullmatch(given)
    if match is None:
        raise SignatureError("AuthorizationHeaderMalformed", "The header is malformed", 400)
    payload = request.headers.get("x-amz-content-sha256", "")
    time = request.headers.get("x-amz-date", "")
    query = "&".join(
        f"{_escaped(name)}={_escaped(value)}" for name, value in sorted(_pairs(request.query))
    )
    credential, headers, signature = match.groups()
    _verify(request, credentials, _Claim(credential, headers, signature, time, payload, query))
    if abs(now - _epoch(time)) > SKEW_SECONDS:
        message = "The difference between the request time and the server's time is too large"
        raise SignatureError("RequestTimeTooSkewed", message)
    return payload


def _verify(request: Signed, credentials: Credentials, claim: _Claim) -> None:
    access_key, *scope = claim.credential.split("/")
    if access_key != credentials.access_key:
        message = "The AWS Access Key Id you provided does not exist in our records."
        raise SignatureError("InvalidAccessKeyId", message)
    wanted = [claim.service, "aws4_request"]
    if len(scope) != 4 or scope[2:] != wanted or claim.time[:8] != scope[0]:
        raise _incomplete(f"The credential's scope is not of {claim.service}")
    names = claim.headers.split(";")
    if "host" not in names:
        raise _incomplete("The host must be signed")
    canonical = "\n".join(
        (
            request.method,
            quote(unquote(request.path), safe="/-_.~"),
            claim.query,
            *(f"{name}:{' '.join(request.headers.get(name, '').split())}" for name in names),
            "",
            claim.headers,
            claim.payload,
        )
    )
    to_sign = "\n".join(
        (ALGORITHM, claim.time, "/".join(scope), sha256(canonical.encode()).hexdigest())
    )
    key = f"AWS4{credentials.secret_key}".encode()
    for part in (*scope, to_sign):
        key = hmac.digest(key, part.encode(), "sha256")
    if not hmac.compare_digest(key.hex(), claim.signature):
        message = (
            "The request signature we calculated does not match the signature you provided. "
            "Check your key and signing method."
        )
        raise SignatureError("SignatureDoesNotMatch", message)


def _pairs(query: str) -> list[tuple[str, str]]:
    """Unescaped, and in their order; `+` is a plus, as SDKs escape blanks."""
    split = (each.partition("=") for each in query.split("&") if each)
    return [(unquote(name), unquote(value)) for name, _, value in split]


def _escaped(text: str) -> str:
    return quote(text, safe="-_.~")


def _epoch(time: str) -> float:
    try:
        return datetime.strptime(time, _TIME).replace(tzinfo=UTC).timestamp()
    except ValueError as error:
        raise _incomplete("X-Amz-Date must be a time such as 20260131T120000Z") from error


def _incomplete(message: str) -> SignatureError:
    return SignatureError("AuthorizationQueryParametersError", message, 400)
