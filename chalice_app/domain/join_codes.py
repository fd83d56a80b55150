"""Codes that a speaker may ask of listeners, beside the session's name.

A code is short and a whole hall knows it, so it is guarded by the limit on joins, not by a slow
hash; the session's name and epoch as salt keep equal codes of two sessions from looking alike.
"""

import hashlib
import hmac
import unicodedata

from chalice_app.domain.session import Session

SHORTEST, LONGEST = 4, 64
"""Characters of a code: four digits are 16 hours of guesses at ten a minute."""

_NO_HASH = "0" * 64


def composed_code(code: str) -> str:
    """The code as its characters are counted: keyboards differ in how they compose an accent."""
    return unicodedata.normalize("NFC", code).strip()


def canonical_code(code: str) -> str:
    """The code as it is compared: phones like to begin with a capital.

    Caseless matching as the Unicode Standard has it in section 3.13, D145.
    """
    decomposed = unicodedata.normalize("NFD", code).casefold()
    return composed_code(decomposed)


def hash_join_code(code: str, session_id: str, created_at: int) -> str:
    """A code as it is stored; any text may be asked about, half a surrogate pair too."""
    salted = f"{session_id}#{created_at}#{canonical_code(code)}"
    return hashlib.sha256(salted.encode(errors="surrogatepass")).hexdigest()


def admits(session: Session | None, code: str | None) -> bool:
    """Whether a listener with that code may know of the session.

    The work is the same where there is no session or it has no code, so the time reveals nothing.
    """
    name, epoch = (session.session_id, session.created_at) if session else ("", 0)
    given = hash_join_code(code or "", name, epoch)
    stored = session.join_code_hash if session else None
    is_right = hmac.compare_digest(stored or _NO_HASH, given)
    return session is not None and (stored is None or is_right)
