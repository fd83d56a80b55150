"""The bytes of a request to `@connections/{id}`: all but the id and the signature computed once."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from chalice_app.aws.posting.sigv4 import Credentials, RequestSigner, path_segment

SIGNER_SECONDS = 60.0
"""How long one signing time is used: AWS admits five minutes of difference, clocks included."""

_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where `@connections` lives; `path` is empty or like `/api`."""

    tls: bool
    hostname: str
    port: int
    host_header: str
    path: str

    @classmethod
    def parse(cls, url: str) -> "Endpoint":
        """Reads `http(s)://host[:port][/stage]`.

        Raises:
            ValueError: the URL is not of that form.
        """
        parts = urlsplit(url)
        if parts.scheme not in _PORTS or not parts.hostname or not url.isprintable() or " " in url:
            raise ValueError(f"no http(s) endpoint: {url!r}")
        if parts.query or parts.fragment or parts.username:
            raise ValueError(f"an endpoint has a host and a path, nothing else: {url!r}")
        standard = _PORTS[parts.scheme]
        host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
        port = parts.port or standard
        # The signature covers a path without empty segments, so none are sent.
        path = "".join(f"/{segment}" for segment in parts.path.split("/") if segment)
        return cls(
            tls=parts.scheme == "https",
            hostname=parts.hostname,
            port=port,
            host_header=host if port == standard else f"{host}:{port}",
            path=path,
        )


class ConnectionRequests:
    """Requests of one method and body to any connection, signed with one set of credentials."""

    __slots__ = (
        "_behind", "_credentials", "_data", "_endpoint", "_headers", "_method", "_region",
        "_renew_at", "_signer", "_start",
    )  # fmt: skip

    def __init__(
        self, method: str, endpoint: Endpoint, region: str, credentials: Credentials, data: bytes
    ) -> None:
        self._method = method
        self._endpoint = endpoint
        self._region = region
        self._credentials = credentials
        self._data = data
        self._start = f"{method} {endpoint.path}/@connections/"
        self._renew_at = 0.0
        self._renew(time.monotonic())

    def to(self, connection_id: str, now: float) -> bytes:
        """The request to one connection; `now` is time.monotonic()."""
        if now >= self._renew_at:
            self._renew(now)
        segment = path_segment(connection_id)
        authorization = self._signer.authorization(segment)
        head = f"{self._start}{segment}{self._behind}{authorization}\r\n\r\n"
        return head.encode("latin-1") + self._data

    def _renew(self, now: float) -> None:
        self._renew_at = now + SIGNER_SECONDS
        self._signer = RequestSigner(
            self._method,
            self._endpoint.host_header,
            f"{self._endpoint.path}/@connections/",
            self._region,
            self._credentials,
            self._data,
            time.time(),
        )
        headers = "".join(f"{name}: {value}\r\n" for name, value in self._signer.headers.items())
        self._headers = f" HTTP/1.1\r\n{headers}"
        self._behind = f"{self._headers}Content-Length: {len(self._data)}\r\nAuthorization: "


class PersonalRequests(ConnectionRequests):
    """The same where every connection gets a body of its own, which its signature covers."""

    __slots__ = ("_messages",)

    def __init__(
        self,
        method: str,
        endpoint: Endpoint,
        region: str,
        credentials: Credentials,
        messages: Mapping[str, bytes],
    ) -> None:
        super().__init__(method, endpoint, region, credentials, b"")
        self._messages = messages

    def to(self, connection_id: str, now: float) -> bytes:
        """The request to one connection; `now` is time.monotonic()."""
        if now >= self._renew_at:
            self._renew(now)
        segment, data = path_segment(connection_id), self._messages[connection_id]
        authorization = self._signer.authorization(segment, data)
        length = f"Content-Length: {len(data)}\r\nAuthorization: "
        head = f"{self._start}{segment}{self._headers}{length}{authorization}\r\n\r\n"
        return head.encode("latin-1") + data
