"""The pages and their files: types, caching, and a policy under which only these files run.

Each page has a folder, and `shared/` has what several pages use. Browsers see all files in one
folder, so a name occurs once. A file names others in double quotes, as browsers see them
(`"./api.js"`, `"../web/base.css"`). Served, each such name carries the version of the whole folder.
Browsers can therefore keep a file for a year and never mix two versions: a hall that scans one QR
code asks for each file once, and for the page alone when it comes back.
"""

import functools
import hashlib
import html
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

WEB = Path(__file__).parent

SPEAKER, LISTENER, OPERATOR = "index.html", "listen.html", "ops.html"
REPORT = "report.html"
OVERLAY = "overlay.html"

_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml; charset=utf-8",
}
_NEIGHBOUR = re.compile(r'"((?:\./|(?:\.\./){0,2}web/)[a-z0-9-]+\.(?:css|js|svg))"')
_WEBSOCKET_URL = "{{websocketUrl}}"
_SIGN_IN = "{{signIn}}"
_LISTENERS_URL = "{{listenersUrl}}"
_A_YEAR = "public, max-age=31536000, immutable"
_REVALIDATE = "no-cache"

_PERMISSIONS = "microphone=(self), screen-wake-lock=(self), camera=(), geolocation=(), payment=()"


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer."""

    status: int
    headers: Mapping[str, str]
    body: str = ""


@dataclass(frozen=True, slots=True)
class SignIn:
    """Where the speaker's page signs in: a provider of OpenID Connect, and who the page is there.

    `token_origin` is where the provider hands out tokens; empty, at the issuer's own origin.
    """

    issuer: str
    client_id: str
    token_origin: str = ""

    @property
    def origins(self) -> tuple[str, ...]:
        """What the page must be allowed to ask."""
        own = _origin(self.issuer)
        return tuple(dict.fromkeys((own, self.token_origin or own)))

    def tag(self) -> str:
        """What the page reads it from."""
        return (
            f'\n<meta name="sign-in" content="{html.escape(self.client_id)}" '
            f'data-issuer="{html.escape(self.issuer)}" data-origins="{" ".join(self.origins)}">'
        )


@dataclass(frozen=True, slots=True)
class Pages:
    """The files by name, ready to be served, and the version of the whole folder."""

    files: Mapping[str, str]
    version: str

    def page(
        self,
        name: str,
        websocket_url: str,
        if_none_match: str = "",
        sign_in: SignIn | None = None,
        recogniser: str = "",
        sounds: str = "",
        files: str = "",
        listeners: str = "",
        *,
        is_trusted: bool = True,
    ) -> Answer:
        """A page that may connect to that WebSocket endpoint and to its own origin only.

        Where the speaker signs in, the page may ask the provider as well, and where there is a
        recogniser (a URL), connect to that. Where there are voices, it may fetch and play what is
        at `sounds` (an origin), and where large transcripts are kept, fetch them from `files` (an
        origin). The speaker's page invites listeners to `listeners` (an origin), or else to its
        own. Browsers ask at each visit whether the page has changed. A page that `is_trusted` (by
        HTTPS, or from loopback) shares no process with those that opened it: on others, browsers
        ignore that header, and complain.
        """
        body = (
            self.files[name]
            .replace(_WEBSOCKET_URL, html.escape(websocket_url))
            .replace(_LISTENERS_URL, html.escape(listeners))
            .replace(_SIGN_IN, sign_in.tag() if sign_in else "")
        )
        origins = sign_in.origins if sign_in else ()
        origins += (_origin(recogniser),) if recogniser else ()
        origins += tuple(dict.fromkeys(each for each in (sounds, files) if each))
        headers = {
            "Cache-Control": _REVALIDATE,
            "Content-Security-Policy": content_security_policy(
                websocket_url, origins, _media(name, sounds)
            ),
            **({"Cross-Origin-Opener-Policy": "same-origin"} if is_trusted else {}),
            "Permissions-Policy": _PERMISSIONS,
        }
        return _answer(name, body, headers, if_none_match)

    def file(self, name: str, version: str = "", if_none_match: str = "") -> Answer:
        """A file that the pages use.

        Browsers keep it for a year if they ask for its current version. The answer is 404 for an
        unknown name, and for a page's: `page` serves those.
        """
        if name not in self.files or name.endswith(".html"):
            return Answer(
                404, {"Content-Type": "text/plain"}, "The pages have no file of this name."
            )
        caching = _A_YEAR if version == self.version else _REVALIDATE
        return _answer(name, self.files[name], {"Cache-Control": caching}, if_none_match)


@functools.cache
def load(directory: Path = WEB) -> Pages:
    """Reads the folder, once in the life of a process."""
    raw = {
        path.name: path.read_text(encoding="utf-8")
        for path in sorted(directory.rglob("*"), key=lambda path: path.name)
        if path.suffix in _TYPES
    }
    version = _digest("\0".join(part for item in raw.items() for part in item))
    files = {name: _NEIGHBOUR.sub(rf'"\1?v={version}"', text) for name, text in raw.items()}
    return Pages(files, version)


def _media(name: str, sounds: str) -> tuple[str, ...]:
    """Where a page's sounds and videos come from: their origin, or what it has made (`blob:`)."""
    if sounds:
        return ("'self'", "blob:", sounds)
    # What keeps a screen on (`awake-video.js`).
    return ("blob:",) if name in {SPEAKER, LISTENER} else ()


def content_security_policy(
    websocket_url: str, origins: Iterable[str] = (), media: Sequence[str] = ()
) -> str:
    """The pages' policy: only their own files run, and no text can become markup or script."""
    asked = " ".join(("'self'", _origin(websocket_url), *origins))
    played = " ".join(("media-src", *media))
    return "; ".join(
        (
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            "img-src 'self'",
            f"connect-src {asked}",
            *((played,) if media else ()),
            "base-uri 'none'",
            "form-action 'self'",
            "frame-ancestors 'none'",
            "require-trusted-types-for 'script'",
            "trusted-types 'none'",
        )
    )


def _answer(name: str, body: str, headers: Mapping[str, str], if_none_match: str) -> Answer:
    tag = f'"{_digest(body)}"'
    common = {
        **headers,
        "Content-Type": _TYPES[Path(name).suffix],
        "ETag": tag,
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
    }
    # A proxy that compresses marks the tag as weak (W/). The comparison ignores that (RFC 9110).
    known = {each.strip().removeprefix("W/") for each in if_none_match.split(",")}
    return Answer(304, common) if tag in known else Answer(200, common, body)


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]
