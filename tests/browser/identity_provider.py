"""A provider of OpenID Connect on loopback, as strict with a page as real ones are.

It signs people in with one click, for one public client. It refuses an address that is not
registered, a verifier that does not fit, a code that was used, and pages of other origins (CORS).
Sources: RFC 6749, RFC 7636, RFC 9207, OpenID Connect Core 1.0.
"""

import base64
import hashlib
import json
import secrets
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from html import escape
from typing import Any
from urllib.parse import urlencode, urlsplit

import jwt
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.fakes.serving import serving

CLIENT = "broadcaster-page"
SUBJECT = "ada"
KEY_ID = "first"
PATIENCE = 10.0


@cache
def key() -> rsa.RSAPrivateKey:
    """What tokens are signed with; made once, for it takes a while."""
    return rsa.generate_private_key(65_537, 2048)


@dataclass(frozen=True, slots=True)
class Granted:
    """What a code was given for."""

    redirect_uri: str
    challenge: str
    nonce: str


@dataclass
class IdentityProvider:
    """Its fields say what it does otherwise than it should; a test sets them."""

    redirect_uris: set[str] = field(default_factory=set)
    lets_pages_ask: bool = True
    refuses_with: str = ""
    wants_a_secret: bool = False
    clock_ahead_seconds: int = 0
    description: dict[str, Any] = field(default_factory=dict)
    claims: dict[str, Any] = field(default_factory=dict)
    issued: list[str] = field(default_factory=list)
    """The tokens that it has handed out."""
    refused: list[str] = field(default_factory=list)
    """Why it has handed out none."""
    asked: list[Mapping[str, str]] = field(default_factory=list)
    """What people came with."""
    url: str = ""
    _codes: dict[str, Granted] = field(default_factory=dict)

    @property
    def settings(self) -> dict[str, str]:
        """Of a stage that asks this provider."""
        return {
            "SPEAKER_JWKS_URL": f"{self.url}/keys",
            "SPEAKER_ISSUER": self.url,
            "SPEAKER_AUDIENCE": CLIENT,
            "SPEAKER_SIGN_IN": "true",
        }

    @contextmanager
    def running(self) -> Iterator["IdentityProvider"]:
        """Serves until the end of the block, in a thread of its own."""
        with serving(self._app()) as self.url:
            yield self

    def _app(self) -> web.Application:
        app = web.Application()
        app.router.add_get("/.well-known/openid-configuration", self._describe)
        app.router.add_get("/keys", self._keys)
        app.router.add_get("/authorize", self._authorize)
        app.router.add_post("/token", self._token)
        return app

    async def _describe(self, request: web.Request) -> web.Response:
        described = {
            "issuer": self.url,
            "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}/token",
            "jwks_uri": f"{self.url}/keys",
            "response_types_supported": ["code"],
            "code_challenge_methods_supported": ["S256"],
        }
        return self._json(request, {**described, **self.description})

    async def _keys(self, request: web.Request) -> web.Response:
        described = jwt.algorithms.RSAAlgorithm.to_jwk(key().public_key(), as_dict=True)
        published = {**described, "kid": KEY_ID, "use": "sig", "alg": "RS256"}
        return self._json(request, {"keys": [published]})

    async def _authorize(self, request: web.Request) -> web.Response:
        """Two links: to sign in, and to cancel."""
        query = request.query
        self.asked.append(dict(query))
        if query.get("client_id") != CLIENT or query.get("redirect_uri") not in self.redirect_uris:
            # RFC 6749, 4.1.2.1: nobody is sent to an address that is not registered.
            return web.Response(text="This client or address is not registered here.", status=400)
        if (problem := self._problem(query)) != "":
            raise web.HTTPFound(self._back(query, error=problem))
        code = secrets.token_urlsafe(16)
        self._codes[code] = Granted(
            query["redirect_uri"], query["code_challenge"], query.get("nonce", "")
        )
        links = {
            "Sign in": self._back(query, code=code),
            "Cancel": self._back(query, error="access_denied"),
        }
        lines = [f'<a href="{escape(to)}">{name}</a>' for name, to in links.items()]
        head = '<!doctype html><link rel="icon" href="data:,">'
        return web.Response(text=head + " ".join(lines), content_type="text/html")

    def _problem(self, query: Mapping[str, str]) -> str:
        if self.refuses_with:
            return self.refuses_with
        if query.get("response_type") != "code":
            return "unsupported_response_type"
        if "openid" not in query.get("scope", "").split():
            return "invalid_scope"
        has_challenge = len(query.get("code_challenge", "")) == 43
        return (
            ""
            if has_challenge and query.get("code_challenge_method") == "S256"
            else "invalid_request"
        )

    def _back(self, query: Mapping[str, str], **answer: str) -> str:
        return f"{query['redirect_uri']}?" + urlencode(
            {**answer, "state": query.get("state", ""), "iss": self.url}
        )

    async def _token(self, request: web.Request) -> web.Response:
        form = await request.post()
        given = {name: str(value) for name, value in form.items()}
        if self.wants_a_secret:
            # As Google does, of every web client.
            return self._refuse(request, "invalid_request", "client_secret is missing.")
        if given.get("client_id") != CLIENT:
            return self._refuse(request, "invalid_client", "unknown client")
        granted = self._codes.pop(given.get("code", ""), None)
        if granted is None:
            return self._refuse(request, "invalid_grant", "unknown or used code")
        if given.get("redirect_uri") != granted.redirect_uri:
            return self._refuse(request, "invalid_grant", "another address")
        digest = hashlib.sha256(given.get("code_verifier", "").encode()).digest()
        if base64.urlsafe_b64encode(digest).decode().rstrip("=") != granted.challenge:
            return self._refuse(request, "invalid_grant", "the verifier does not fit")
        now = int(time.time()) + self.clock_ahead_seconds
        claims = {"iss": self.url, "sub": SUBJECT, "aud": CLIENT, "iat": now, "exp": now + 300}
        claims |= {"nonce": granted.nonce} | self.claims
        token = jwt.encode(claims, key(), "RS256", {"kid": KEY_ID})
        self.issued.append(token)
        return self._json(request, {"token_type": "Bearer", "expires_in": 300, "id_token": token})

    def _refuse(self, request: web.Request, error: str, description: str) -> web.Response:
        self.refused.append(description)
        return self._json(request, {"error": error, "error_description": description}, 400)

    def _json(self, request: web.Request, body: object, status: int = 200) -> web.Response:
        """Pages of the registered addresses alone may read it."""
        origin = request.headers.get("Origin", "")
        known = {"{0.scheme}://{0.netloc}".format(urlsplit(each)) for each in self.redirect_uris}
        allowed = self.lets_pages_ask and origin in known
        headers = {"Cache-Control": "no-store"} | (
            {"Access-Control-Allow-Origin": origin} if allowed else {}
        )
        return web.Response(
            text=json.dumps(body), status=status, headers=headers, content_type="application/json"
        )
