"""Resume tokens: a listener who comes back shows that it has been in this very session.

`joined` brings each listener its own token, and the next handshake shows it. Nothing is stored: a
token is a nonce and its MAC. The key is derived from the hash of the speaker's token, which never
leaves the server and is of 128 random bits, so a token cannot be made without the session's row. It
is bound to the session's name and epoch: another session's token, an earlier one's of the same
name too, is a forged one. The nonce follows from the connection, so that a greeting that is sent
twice brings the same token twice.

A token shows that its bearer has been let in, and no more: `admission.rate_limits` counts its uses.

The MAC is BLAKE2b with a key (RFC 7693, 2.9), which costs a third of an HMAC: a hall of 10,000 is
greeted at once. `person` keeps its three uses apart (`hashlib`'s documentation: Personalization).
"""

import hmac
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from hashlib import blake2b

from chalice_app.domain.session import Session

_NONCE_BYTES = 9
_MAC_BYTES = 15
"""120 bits. With the nonce 24 bytes, which are 32 characters of base64 without padding."""

_TOKEN = re.compile(r"[A-Za-z0-9_-]{32}")
_KEY, _NONCE, _MAC = b"resume key", b"resume nonce", b"resume token"
"""At most 16 bytes each."""


class ResumeTokens:
    """The tokens of one session; without a session none is valid, and the work is the same."""

    __slots__ = ("_is_known", "_key")

    def __init__(self, session: Session | None) -> None:
        secret, name, epoch = (
            (session.token_hash, session.session_id, session.created_at) if session else ("", "", 0)
        )
        self._is_known = session is not None
        # The hash is 64 characters, which is the longest key.
        self._key = blake2b(
            f"{name}#{epoch}".encode(), key=secret.encode()[:64], person=_KEY, digest_size=32
        ).digest()

    def issue(self, connection_id: str) -> str:
        """The token of a connection: 32 letters, digits, - and _."""
        nonce = blake2b(
            connection_id.encode(), key=self._key, person=_NONCE, digest_size=_NONCE_BYTES
        ).digest()
        return urlsafe_b64encode(nonce + self._mac(nonce)).decode()

    def is_valid(self, token: str) -> bool:
        """Whether this session has issued the token; any text may be asked about."""
        if not _TOKEN.fullmatch(token):
            return False
        given = urlsafe_b64decode(token)
        is_own = hmac.compare_digest(given[_NONCE_BYTES:], self._mac(given[:_NONCE_BYTES]))
        return is_own and self._is_known

    def _mac(self, nonce: bytes) -> bytes:
        return blake2b(nonce, key=self._key, person=_MAC, digest_size=_MAC_BYTES).digest()
