"""Speaker tokens: shown once, stored as a hash."""

import hashlib
import hmac
import secrets

from chalice_app.domain.session import Session

OPEN_TO_ALL = "open"
"""The OPERATOR_TOKEN_HASH of a stage whose operator's view asks for no token."""


def new_token() -> str:
    """A random token of 128 bits."""
    return secrets.token_urlsafe(16)


def hash_token(token: str) -> str:
    """A token as it is stored: 128 random bits need no salt and no slow hash.

    Any text may be asked about: a header that is JSON's may have half a surrogate pair.
    """
    return hashlib.sha256(token.encode(errors="surrogatepass")).hexdigest()


def is_token_of(session: Session | None, token: str) -> bool:
    """Whether it is the session's token; the work is the same where there is no session."""
    return hmac.compare_digest(session.token_hash if session else "", hash_token(token))
