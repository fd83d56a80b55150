"""Resume tokens: a listener who comes back shows that it has been in this very session.

`joined` brings each listener its own token, and the next handshake shows it. Nothing is stored: a
token is a nonce and its HMAC. The key is derived from the hash of the speaker's token, which never
leaves the server and is of 128 random bits, so a token cannot be made without the session's row. It
is bound to the session's name and epoch: another session's token, an earlier one's of the same
name too, is a forged one. The nonce follows from the connection, so that a greeting that is sent
twice brings the same token twice.

A token shows that its bearer has been let in, and no more: `admission.rate_limits` counts its uses.
"""

import hmac
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode

from chalice_app.domain.session import Session

_NONCE_BYTES = 9
_MAC_BYTES = 15
"""120 bits. With the nonce 24 bytes, which are 32 characters of base64 without padding."""

_TOKEN = re.compile(r"[A-Za-z0-9_-]{32}")
_PURPOSE = "resume token"
"""Keeps the derived key apart from any other that the same secret may come to be used for."""


class ResumeTokens:
    """The tokens of one session; without a session none is valid, and the work is the same."""

    __slots__ = ("_key",)

    def __init__(self, session: Session | None) -> None:
        secret, name, epoch = (
            (session.token_hash, session.session_id, session.created_at) if session else ("", "", 0)
        )
        self._key = _digest(secret.encode(), f"{_PURPOSE}#{name}#{epoch}".encode())

    def issue(self, connection_id: str) -> str:
        """The token of a connection: 32 letters, digits, - and _."""
        nonce = _digest(self._key, b"nonce#" + connection_id.encode())[:_NONCE_BYTES]
        return urlsafe_b64encode(nonce + self._mac(nonce)).decode()

    def is_valid(self, token: str) -> bool:
        """Whether this session has issued the token; any text may be asked about."""
        if not _TOKEN.fullmatch(token):
            return False
        given = urlsafe_b64decode(token)
        return hmac.compare_digest(given[_NONCE_BYTES:], self._mac(given[:_NONCE_BYTES]))

    def _mac(self, nonce: bytes) -> bytes:
        return _digest(self._key, b"token#" + nonce)[:_MAC_BYTES]


def _digest(key: bytes, message: bytes) -> bytes:
    return hmac.digest(key, message, "sha256")
