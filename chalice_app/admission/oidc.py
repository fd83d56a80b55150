"""Owners of sessions, where a stage asks for them: bearers of a JWT that its provider has signed.

The provider publishes its keys at SPEAKER_JWKS_URL: a Cognito user pool, or any other of OpenID
Connect. One kind of JWT is accepted: RS256, signed with a key of the provider's, with exactly this
issuer and audience, not expired. The token's own header may choose among the provider's keys, and
nothing else.

The keys are fetched when first needed and kept. A token of an unknown key has them fetched again,
because providers change their keys, but at most once in `FETCH_PAUSE_SECONDS`: made-up tokens must
not become requests to the provider.

PyJWT and its cryptography are imported when the first token comes. They are not in the functions'
zip: see infra/README.md.
"""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from threading import Lock
from typing import TYPE_CHECKING, Any

from chalice_app.admission.jwks import fetch
from chalice_app.domain.clock import Clock
from chalice_app.domain.errors import NotSpeaker, Unavailable

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

ALGORITHM = "RS256"
REQUIRED = ("exp", "iss", "aud", "sub")

KEYS_SECONDS = 3600
"""How long fetched keys are used: a stolen key that the provider withdrew opens sessions for no
longer than this."""

FETCH_PAUSE_SECONDS = 10
"""The shortest time between two requests to the provider, for any tokens and any answers."""

LEEWAY_SECONDS = 5
"""The difference that a provider's clock may have."""

LEAST_KEY_BITS = 2048
"""RFC 7518, 3.3."""

MOST_CHARACTERS = 8_192
"""API Gateway takes no larger header: 10,240 bytes for all of them."""

_log = logging.getLogger(__name__)


@dataclass
class OidcOwners:
    """`ports.OwnerVerifier` for the tokens of one provider and one audience.

    Times named `..._at` are `Clock.monotonic` seconds.
    """

    jwks_url: str
    issuer: str
    audience: str
    clock: Clock
    fetch: Callable[[str], Mapping[str, Any]] = fetch
    _keys: "Mapping[str, RSAPublicKey]" = field(default_factory=dict)
    _fetched_at: float | None = None
    _asked_at: float | None = None
    _is_failing: bool = False
    _fetching: Lock = field(default_factory=Lock)

    def owner_of(self, token: str) -> str:
        """The subject that the token was given to.

        Raises:
            NotSpeaker: the token does not open sessions here.
            Unavailable: the provider's keys could not be fetched.
        """
        import jwt

        if len(token) > MOST_CHARACTERS:
            raise _refused()
        try:
            header = jwt.get_unverified_header(token)
            if header["alg"] != ALGORITHM:
                raise _refused()
            claims = jwt.decode(
                token,
                self._key(header["kid"]),
                algorithms=[ALGORITHM],
                issuer=self.issuer,
                audience=self.audience,
                leeway=LEEWAY_SECONDS,
                options={"require": list(REQUIRED), "strict_aud": True},
            )
        except (jwt.PyJWTError, KeyError, ValueError, TypeError) as error:
            # Its kind, not its words: they may repeat what is in the token.
            _log.info("a token was refused: %s", type(error).__name__)
            raise _refused() from None
        owner: str = claims["sub"]
        if not owner:
            raise _refused()
        return owner

    def _key(self, key_id: str) -> "RSAPublicKey":
        with self._fetching:
            if key_id not in self._keys or self._are_old():
                self._fetch_keys()
            if key_id not in self._keys and self._is_failing:
                raise Unavailable("no token can be checked: the provider's keys cannot be fetched")
            return self._keys[key_id]

    def _are_old(self) -> bool:
        return self._fetched_at is None or self.clock.monotonic() - self._fetched_at > KEYS_SECONDS

    def _fetch_keys(self) -> None:
        """Fetches the keys, unless that was tried just now; keys that are too old are dropped."""
        now = self.clock.monotonic()
        if self._asked_at is not None and now - self._asked_at < FETCH_PAUSE_SECONDS:
            return
        self._asked_at, self._is_failing = now, True
        try:
            self._keys, self._fetched_at = _rsa_keys(self.fetch(self.jwks_url)), now
            self._is_failing = False
        except Unavailable as failure:
            _log.error("no keys: %s", failure.message)
            if self._are_old():
                self._keys = {}


def _rsa_keys(jwks: Mapping[str, Any]) -> "Mapping[str, RSAPublicKey]":
    """The keys that the provider may sign accepted tokens with; the others are left out."""
    found = {}
    for described in jwks["keys"]:
        key = _rsa_key(described)
        if key is not None and key.key_size >= LEAST_KEY_BITS:
            found[described["kid"]] = key
    return found


def _rsa_key(described: Any) -> "RSAPublicKey | None":
    import jwt
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

    is_fit = (
        isinstance(described, dict)
        and described.get("kty") == "RSA"
        and described.get("use", "sig") == "sig"
        and described.get("alg", ALGORITHM) == ALGORITHM
        and isinstance(described.get("kid"), str)
    )
    if not is_fit:
        return None
    try:
        key = jwt.PyJWK(described, ALGORITHM).key
    except (jwt.PyJWTError, ValueError, TypeError, KeyError):
        _log.warning("a key of the provider's cannot be read")
        return None
    # A private key in the set is a provider's grave mistake; tokens are not verified with it.
    return key if isinstance(key, RSAPublicKey) else None


def _refused() -> NotSpeaker:
    return NotSpeaker("this token does not open sessions here")
