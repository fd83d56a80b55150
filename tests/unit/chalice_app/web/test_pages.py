"""What browsers get: the right types, caching that never mixes versions, and a strict policy."""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urljoin

import pytest
from chalice.test import Client, HTTPResponse

from chalice_app.bootstrap.process import composed
from chalice_app.routes import app
from chalice_app.settings import SAME_HOST, Oidc
from chalice_app.web import pages
from tests.fakes.world import SETTINGS, World
from tests.hostile.hosts import BAD_HOSTS

VERSION = pages.load().version
SOURCES = sorted(path for path in pages.WEB.rglob("*") if path.suffix in pages._TYPES)
FILES = sorted(path.name for path in SOURCES)
PAGES = (pages.SPEAKER, pages.LISTENER, pages.OPERATOR, pages.OVERLAY, pages.REPORT)
LARGEST_TRANSFER = {
    pages.SPEAKER: 140 * 1024,
    pages.LISTENER: 93 * 1024,
    pages.OPERATOR: 64 * 1024,
    pages.REPORT: 56 * 1024,
    pages.OVERLAY: 64 * 1024,
}
"""What a page and its files weigh: the listener's comes to a hall's phones all at once.

Since corrections they are 92 and 140 KB: a sentence may change at any moment, so that code is not
loaded later, as the glossary's is. A phone whose network changes while it loads needs one more.
"""
ELEMENTS = {
    "a": "HTMLAnchorElement",
    "button": "HTMLButtonElement",
    "dialog": "HTMLDialogElement",
    "form": "HTMLFormElement",
    "input": "HTMLInputElement",
    "meter": "HTMLMeterElement",
    "select": "HTMLSelectElement",
    "table": "HTMLTableElement",
    "tbody": "HTMLTableSectionElement",
    "textarea": "HTMLTextAreaElement",
    "time": "HTMLTimeElement",
    "tr": "HTMLTableRowElement",
}
"""Tags whose elements have more than `HTMLElement` has, by the names of the DOM standard."""


@pytest.fixture
def client() -> Iterator[Client]:
    """Chalice's test client, over an application of fakes whose operator's view needs no token."""
    operated = World(settings=replace(SETTINGS, operator_token_hash="open"))
    with composed(operated.app), Client(app) as client:
        yield client


def policy(response: HTTPResponse) -> dict[str, str]:
    """The Content-Security-Policy by directive."""
    directives = response.headers["Content-Security-Policy"].split("; ")
    return {name: rest for name, _, rest in (each.partition(" ") for each in directives)}


COMMON = "'self' wss://socket.example"
RECOGNISER = "wss://recogniser.example:8443"


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/s/golden-eagle-427",
        "/s/golden-eagle-427/overlay",
        "/s/golden-eagle-427/report",
        "/ops",
    ],
)
def test_a_page_is_served_under_a_policy_that_lets_nothing_else_run(
    client: Client, path: str
) -> None:
    response = client.http.get(path)
    assert response.status_code == 200
    assert response.headers["Content-Type"] == "text/html; charset=utf-8"
    assert response.headers["Cache-Control"] == "no-cache"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Referrer-Policy"] == "no-referrer"
    assert response.headers["Cross-Origin-Opener-Policy"] == "same-origin"
    # What keeps a phone's screen on is made by the page itself.
    media = {"media-src": "blob:"} if path in ("/", "/s/golden-eagle-427") else {}
    assert policy(response) == media | {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": "'self'",
        "img-src": "'self'",
        "connect-src": f"{COMMON} {RECOGNISER}" if path == "/" else COMMON,
        "base-uri": "'none'",
        "form-action": "'self'",
        "frame-ancestors": "'none'",
        "require-trusted-types-for": "'script'",
        "trusted-types": "'none'",
    }
    assert "unsafe" not in response.headers["Content-Security-Policy"]


@pytest.mark.parametrize("path", ["/", "/s/golden-eagle-427", "/s/golden-eagle-427/overlay"])
def test_a_page_has_the_address_of_its_websocket(client: Client, path: str) -> None:
    page = client.http.get(path).body.decode()
    assert f'<meta name="websocket-url" content="{SETTINGS.websocket_url}">' in page


SAME_HOST_WORLD = replace(SETTINGS, operator_token_hash="open", websocket_url=SAME_HOST)
PATHS = ("/", "/s/golden-eagle-427", "/s/x-y-100/overlay", "/s/x-y-100/report", "/ops")


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    ("host", "proto", "socket"),
    [
        ("192.168.1.7:8000", "", "ws://192.168.1.7:8000"),
        ("192.168.1.7:8000", "http", "ws://192.168.1.7:8000"),
        ("hall.local:8443", "https", "wss://hall.local:8443"),
        ("[fd00::7]:8000", "", "ws://[fd00::7]:8000"),
    ],
)
def test_a_page_connects_to_the_host_that_it_came_from(
    path: str, host: str, proto: str, socket: str
) -> None:
    headers = {"Host": host, **({"X-Forwarded-Proto": proto} if proto else {})}
    with composed(World(settings=SAME_HOST_WORLD).app), Client(app) as client:
        response = client.http.get(path, headers=headers)
    assert response.status_code == 200
    assert socket in policy(response)["connect-src"].split()
    page = response.body.decode()
    assert ('<meta name="websocket-url"' in page) <= (f'content="{socket}">' in page)


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("host", BAD_HOSTS)
def test_a_host_that_is_none_reaches_neither_the_page_nor_a_header(path: str, host: str) -> None:
    with composed(World(settings=SAME_HOST_WORLD).app), Client(app) as client:
        response = client.http.get(path, headers={"Host": host})
    assert response.status_code == 400
    assert response.json_body["code"] == "BAD_MESSAGE"
    assert "Content-Security-Policy" not in response.headers
    assert not host.strip() or host not in f"{response.body!r} {response.headers}"


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    ("headers", "is_trusted"),
    [
        ({"Host": "192.168.1.7:8000"}, False),
        ({"Host": "192.168.1.7:8000", "X-Forwarded-Proto": "http"}, False),
        ({"Host": "localhost.example"}, False),
        ({"Host": "127.0.0.1.example:8000"}, False),
        ({"Host": "192.168.1.7:8443", "X-Forwarded-Proto": "https"}, True),
        ({"Host": "127.0.0.1:8000"}, True),
        ({"Host": "localhost"}, True),
        ({"Host": "hall.localhost:8000"}, True),
        ({"Host": "[::1]:8000"}, True),
    ],
)
def test_browsers_are_sent_no_header_that_they_ignore_on_plain_http(
    client: Client, path: str, headers: dict[str, str], is_trusted: bool
) -> None:
    response = client.http.get(path, headers=headers)
    assert ("Cross-Origin-Opener-Policy" in response.headers) is is_trusted


def test_the_speaker_s_page_alone_has_the_listeners_address() -> None:
    listeners = "http://192.168.1.7:8000"
    settings = replace(SETTINGS, operator_token_hash="open", listeners_url=listeners)
    with composed(World(settings=settings).app), Client(app) as client:
        speaker, *others = (client.http.get(path).body.decode() for path in PATHS)
    assert f'<meta name="listeners-url" content="{listeners}">' in speaker
    assert not any(listeners in other for other in others)


def test_an_address_cannot_break_out_of_its_attribute() -> None:
    sign_in = pages.SignIn('https://x/"><script>', '"><script>')
    page = pages.load().page(pages.SPEAKER, 'wss://x/"><script>', sign_in=sign_in).body
    assert 'content="wss://x/&quot;&gt;&lt;script&gt;"' in page
    assert 'content="&quot;&gt;&lt;script&gt;" data-issuer="https://x/&quot;&gt;&lt;' in page


SIGN_IN = Oidc("https://issuer.example/keys", "https://issuer.example/realm", "page", signs_in=True)
ELSEWHERE = replace(SIGN_IN, token_origin="https://tokens.example")


@pytest.mark.parametrize(
    ("oidc", "origins"),
    [
        (SIGN_IN, "https://issuer.example"),
        (ELSEWHERE, "https://issuer.example https://tokens.example"),
    ],
)
def test_the_speaker_s_page_alone_may_ask_where_the_speaker_signs_in(
    oidc: Oidc, origins: str
) -> None:
    operated = World(settings=replace(SETTINGS, operator_token_hash="open", oidc=oidc))
    with composed(operated.app), Client(app) as client:
        speaker, *others = (client.http.get(path) for path in ("/", "/s/x-y-100", "/ops"))
    assert policy(speaker)["connect-src"] == f"{COMMON} {origins} {RECOGNISER}"
    tag = f'content="page" data-issuer="https://issuer.example/realm" data-origins="{origins}"'
    assert f'\n<meta name="sign-in" {tag}>\n' in speaker.body.decode()
    for other in others:
        assert policy(other)["connect-src"] == COMMON
        assert "sign-in" not in other.body.decode()


def test_where_nothing_is_heard_the_speaker_s_page_may_not_ask_the_recogniser() -> None:
    world = World(settings=replace(SETTINGS, dictation_languages={}))
    with composed(world.app), Client(app) as client:
        assert policy(client.http.get("/"))["connect-src"] == COMMON


def test_the_listener_s_page_alone_may_play_sounds_and_the_speaker_s_two_fetch_files() -> None:
    sounds = "https://sounds.s3.us-east-1.amazonaws.com"
    world = World(settings=replace(SETTINGS, operator_token_hash="open", sounds_url=sounds))
    with composed(world.app), Client(app) as client:
        paths = ("/s/x-y-100", "/", "/s/x-y-100/report", "/s/x-y-100/overlay", "/ops")
        listener, speaker, report, *others = (client.http.get(path) for path in paths)
    assert policy(listener)["connect-src"] == f"{COMMON} {sounds}"
    assert policy(listener)["media-src"] == f"'self' blob: {sounds}"
    for fetching in (speaker, report):
        assert sounds in policy(fetching)["connect-src"].split()
        assert sounds not in policy(fetching).get("media-src", "")
    for other in others:
        assert sounds not in other.headers["Content-Security-Policy"]
        assert "media-src" not in policy(other)


def test_where_nobody_signs_in_the_page_is_as_without_a_provider() -> None:
    there = World(settings=replace(SETTINGS, oidc=replace(SIGN_IN, signs_in=False)))
    answers = []
    for world in (there, World()):
        with composed(world.app), Client(app) as client:
            answers.append(client.http.get("/"))
    first, second = answers
    assert (first.body, first.headers) == (second.body, second.headers)
    assert "sign-in" not in first.body.decode()
    assert "{{" not in first.body.decode()


@pytest.mark.parametrize("name", [name for name in FILES if name not in PAGES])
def test_a_file_is_cached_for_a_year_under_its_current_version_alone(
    client: Client, name: str
) -> None:
    now = client.http.get(f"/web/{name}?v={VERSION}")
    other = client.http.get(f"/web/{name}?v=another")
    assert now.status_code == other.status_code == 200
    assert now.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert other.headers["Cache-Control"] == "no-cache"
    assert now.headers["X-Content-Type-Options"] == "nosniff"
    kind = {"css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}
    assert now.headers["Content-Type"] == f"{kind[name.rpartition('.')[2]]}; charset=utf-8"


@pytest.mark.parametrize("path", ["/", f"/web/base.css?v={VERSION}"])
def test_an_unchanged_file_is_not_sent_again(client: Client, path: str) -> None:
    first = client.http.get(path)
    tag = first.headers["ETag"]
    for known in (tag, f"W/{tag}", f'"older", {tag}'):
        again = client.http.get(path, headers={"If-None-Match": known})
        assert (again.status_code, again.body) == (304, b"")
        assert again.headers["ETag"] == tag
    assert client.http.get(path, headers={"If-None-Match": '"older"'}).status_code == 200


@pytest.mark.parametrize("name", ["nothing.js", "index.html", "..", "%2e%2e%2fpages.py", "web"])
def test_nothing_but_the_pages_files_is_served(client: Client, name: str) -> None:
    response = client.http.get(f"/web/{name}")
    assert response.status_code == 404
    assert name not in response.body.decode()


def test_a_stage_without_its_slash_redirects_to_the_one_with_it(world: World) -> None:
    # As API Gateway sends it: the test client has no stages.
    event = {
        "httpMethod": "GET",
        "path": "/",
        "resource": "/",
        "headers": {},
        "multiValueHeaders": {},
        "multiValueQueryStringParameters": None,
        "pathParameters": None,
        "stageVariables": None,
        "body": None,
        "isBase64Encoded": False,
        "requestContext": {"httpMethod": "GET", "resourcePath": "/", "path": "/api"},
    }
    with composed(world.app):
        without = app(event, None)
        event["requestContext"] = {**event["requestContext"], "path": "/api/"}  # type: ignore[dict-item]
        with_slash = app(event, None)
    assert (without["statusCode"], without["headers"]["Location"]) == (302, "api/")
    assert with_slash["statusCode"] == 200


@pytest.mark.parametrize(
    ("path", "without"),
    [
        ("/s/golden-eagle-427/", "/s/golden-eagle-427"),
        ("/s/%C3%A9%20%0D%0AX%3F/", "/s/%C3%A9%20%0D%0AX%3F"),
        ("/s/golden-eagle-427/overlay/", "/s/golden-eagle-427/overlay"),
        ("/ops/", "/ops"),
    ],
)
@pytest.mark.parametrize("stage", ["", "/api"])
def test_a_trailing_slash_redirects_to_the_page_without_it(
    client: Client, path: str, without: str, stage: str
) -> None:
    response = client.http.get(path)
    assert response.status_code == 302
    location = response.headers["Location"]
    assert urljoin(f"https://host{stage}{path}", location) == f"https://host{stage}{without}"
    assert client.http.get(without).status_code == 200


@pytest.mark.parametrize("name", FILES)
def test_every_file_names_only_files_that_exist_and_by_their_version(name: str) -> None:
    served = pages.load().files[name]
    named = re.findall(r'"(?:\./|(?:\.\./){0,2}web/)([^"?]+)\?v=([0-9a-f]+)"', served)
    assert all(file in FILES and version == VERSION for file, version in named)
    relative = re.findall(
        r'(?:from |import\(|href=|src=)"(?:\.|web/)[^"]*"|URL\("\./[^"]*"', served
    )
    assert len(relative) == len(named)
    assert not re.search(r'(?:href|src)="/|<[^>]+ style=|<[^>]+ on\w+=', served)


@pytest.mark.parametrize("page", PAGES)
def test_a_page_preloads_all_its_modules(page: str) -> None:
    files = pages.load().files
    asked = set(re.findall(r"web/([a-z-]+\.js)\?", files[page]))
    needed, waiting = (
        set[str](),
        set(re.findall(r'type="module" src="[./]*web/([a-z-]+\.js)', files[page])),
    )
    while waiting:
        module = waiting.pop()
        needed.add(module)
        waiting |= set(re.findall(r'from "\./([a-z-]+\.js)\?', files[module])) - needed
    classic = {"load-again.js"} if page == pages.OVERLAY else {"load-again.js", "theme.js"}
    assert asked == needed | classic


class _Ids(HTMLParser):
    """The type of each element that has an id, by the id."""

    def __init__(self) -> None:
        super().__init__()
        self.types: dict[str, set[str]] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if name := dict(attrs).get("id"):
            self.types.setdefault(name, set()).add(ELEMENTS.get(tag, "HTMLElement"))


def test_the_pages_elements_are_declared_for_the_type_check() -> None:
    parser = _Ids()
    for page in PAGES:
        parser.feed(pages.load().files[page])
    declarations = (pages.WEB / "elements.d.ts").read_text(encoding="utf-8")
    declared = re.findall(r'^  "([^"]+)": (\w+);$', declarations, re.M)
    assert {name: {kind} for name, kind in declared} == parser.types


def test_every_file_name_is_unique() -> None:
    assert len(FILES) == len(set(FILES))
    assert sorted(pages.load().files) == FILES


@pytest.mark.parametrize("page", PAGES)
def test_a_page_and_its_files_are_light(page: str) -> None:
    sizes = {path.name: len(path.read_bytes()) for path in SOURCES}
    asked = {page, *re.findall(r"web/([a-z-]+\.(?:js|css|svg))\?", pages.load().files[page])}
    weights = {name: sizes[name] for name in asked}
    assert sum(weights.values()) < LARGEST_TRANSFER[page], json.dumps(weights)


def test_files_are_short() -> None:
    lines = {
        path.name: path.read_text(encoding="utf-8").count("\n")
        for path in SOURCES
        if path.suffix == ".js"
    }
    assert max(lines.values()) < 250


def test_a_changed_folder_has_another_version(tmp_path: Path) -> None:
    for name, text in {"index.html": '<script src="web/a.js">', "a.js": "1"}.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    (tmp_path / "notes.txt").write_text("not served", encoding="utf-8")
    first = pages.load(tmp_path)
    assert set(first.files) == {"index.html", "a.js"}
    (tmp_path / "a.js").write_text("2", encoding="utf-8")
    pages.load.cache_clear()
    assert pages.load(tmp_path).version != first.version


def test_the_pages_are_read_as_utf_8_wherever_they_are_served(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    encodings: list[str | None] = []

    def read_text(_: Path, encoding: str | None = None) -> str:
        encodings.append(encoding)
        return ""

    (tmp_path / "index.html").touch()
    monkeypatch.setattr(Path, "read_text", read_text)
    pages.load.__wrapped__(tmp_path)
    assert encodings == ["utf-8"]


def test_a_page_s_tag_is_a_quoted_digest_and_its_permissions_are_few() -> None:
    answer = pages.load().page(pages.SPEAKER, "wss://x")
    assert re.fullmatch(r'"[0-9a-f]{16}"', answer.headers["ETag"])
    granted, denied = (
        {each for each in answer.headers["Permissions-Policy"].split(", ") if each.endswith(end)}
        for end in ("=(self)", "=()")
    )
    assert granted == {"microphone=(self)", "screen-wake-lock=(self)"}
    assert {"camera=()", "geolocation=()"} <= denied
    assert len(granted | denied) == len(answer.headers["Permissions-Policy"].split(", "))


def test_what_is_not_there_is_plain_text() -> None:
    answer = pages.load().file("nothing.js")
    assert (answer.status, answer.headers) == (404, {"Content-Type": "text/plain"})
    assert answer.body == "The pages have no file of this name."
