"""A stage that does as it is told: any language, any caption, refusals, and a gateway that dies.

It serves the real pages and speaks the real protocol over real sockets, on two ports as the local
stage does; only what is behind them is made up. Everything may be called from the test's thread.
"""

import asyncio
import json
import threading
import time
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from typing import Any, TypeVar
from urllib.parse import unquote

from aiohttp import WSCloseCode, WSMsgType, web

from chalice_app.domain import languages
from chalice_app.routes.addresses import is_trusted_by_browsers
from chalice_app.web import pages
from chalice_app.wire import outgoing
from tests.browser.stub_report import StubReport
from tests.browser.stub_sounds import StubSounds
from tests.browser.stub_transcribe import StubTranscribe
from tests.fakes.domain import NOW_MS, PATIENCE
from tests.fakes.serving import KeptPort, LoopThread, Site, start

Message = dict[str, Any]
T = TypeVar("T")

ENGINE = ("en", "es", "pt", "fr", "ca", "ar", "he", "zh", "zh-TW")
TOKEN = "a-speaker-token"
ALARMS = (
    ("BroadcastSuccessRate", "Percent", "LessThanThreshold", 95),
    ("BufferOverflowRate", "Percent", "GreaterThanThreshold", 5),
    ("FailedLanguagesCount", "Count", "GreaterThanThreshold", 10),
    ("FailedVoicesCount", "Count", "GreaterThanThreshold", 10),
    ("CacheHitRate", "Percent", "LessThanThreshold", 30),
)


@dataclass
class StubSession:
    """A session, as the protocol tells of it."""

    session_id: str = "golden-eagle-427"
    source: str = "en"
    code: str | None = None
    is_full: bool = False
    is_active: bool = True
    last_sequence: int = 0
    counts: dict[str, int] = field(default_factory=dict)
    voices: dict[str, int] = field(default_factory=dict)
    refused: dict[str, int] = field(default_factory=dict)
    overlays_hidden: bool = False
    transcript: str = "speaker"

    def status(self) -> Message:
        """What GET /sessions/{id} answers."""
        status: Message = {
            "sessionId": self.session_id,
            "sourceLanguage": self.source,
            "isActive": self.is_active,
            "listenerCount": sum(self.counts.values()),
            "languages": self.counts,
            "voices": self.voices,
            "createdAt": NOW_MS,
            "expiresAt": NOW_MS + 12 * 3_600_000,
            "title": None,
            "drafts": "source",
            "retentionHours": 2,
            "transcript": self.transcript,
        }
        status |= {"overlaysHidden": True} if self.overlays_hidden else {}
        return status | ({"isFull": True} if self.is_full else {})


@dataclass(eq=False)
class Socket:
    """One connection that came in."""

    query: Mapping[str, str]
    response: web.WebSocketResponse
    transport: asyncio.Transport | None
    received: list[Message] = field(default_factory=list)
    is_open: bool = True

    @property
    def is_speaker(self) -> bool:
        """Whether it came with a token."""
        return "token" in self.query


@dataclass
class Operations:
    """What the operator's page is told. `looks` counts how often it asked."""

    now_ms: int = NOW_MS
    sessions: list[Message] = field(default_factory=list)
    has_more: bool = False
    alarms: dict[str, Message] = field(default_factory=dict)
    series: dict[str, Sequence[float | None]] = field(default_factory=dict)
    measures: bool = True
    refuse_with: int | None = None
    looks: int = 0

    def open(self, session_id: str, **counts: int) -> Message:
        """A session that is open for ten minutes."""
        made: Message = {
            "sessionId": session_id,
            "sourceLanguage": "en",
            "listenerCount": sum(counts.values()),
            "languages": counts,
            "voices": {},
            "hasSpeaker": True,
            "refused": {"minutes": 5, "reasons": {}},
            "lastSequence": 7,
            "createdAt": self.now_ms - 600_000,
            "expiresAt": self.now_ms + 3_600_000,
            "title": None,
        }
        self.sessions.append(made)
        return made

    def state(self) -> Message:
        """What GET /ops/state answers, as `operator_messages` writes it."""
        minutes = 15
        names = ("latencyMedian", "latencyP99", "sentences", "cacheHitRate", "cacheSize")
        series = {name: self.series.get(name, [None] * minutes) for name in names}
        lags = {name: self.series.get(name, [None] * minutes) for name in ("rosters", "cache")}
        measurements = {
            "begin": self.now_ms - minutes * 60_000,
            **series,
            "lags": lags,
            "alarms": [self._alarm(*each) for each in ALARMS],
        }
        return {
            "stage": "hall",
            "at": self.now_ms,
            "sessions": self.sessions,
            "hasMoreSessions": self.has_more,
            "measurements": measurements if self.measures else None,
        }

    def _alarm(self, name: str, unit: str, comparison: str, threshold: float) -> Message:
        quiet = {
            "state": "OK",
            "since": self.now_ms - 3_600_000,
            "value": None,
            "unit": unit,
            "threshold": threshold,
            "comparison": comparison,
            "minutes": 5,
            "periods": 2,
        }
        return {"name": name, **quiet, **self.alarms.get(name, {})}


class StubStage:
    """One session at most, on two free ports of an address."""

    def __init__(
        self,
        address: str = "127.0.0.1",
        inside: Callable[[], AbstractContextManager[None]] = nullcontext,
    ) -> None:
        """At an address of this machine, or of the host that its thread is `inside`."""
        self._address = address
        self.session = StubSession()
        self.offered: Sequence[str] = ENGINE
        self.qualities: Mapping[str, str] = {}
        self.refuse_with: int | None = None
        self.retry_after_ms = 30_000
        self.handshakes = 0
        self.listings = 0
        self.asked: list[Mapping[str, str]] = []
        self.lets_in = True
        self.over_budget = False
        self.reports = True
        self.answers = True
        self.tells_the_displaced = True
        self.operators_token: str | None = None
        self.sign_in: pages.SignIn | None = None
        self.listeners_url = ""
        self.visits = 0
        self.accepts_owners = True
        self.owners: list[str | None] = []
        self.wanted: list[Message] = []
        self.operations = Operations()
        self.report = StubReport()
        self.sockets: list[Socket] = []
        self._spoken: set[int] = set()
        self._revisions: dict[int, int] = {}
        self.not_kept: set[int] = set()
        self.prepared: list[list[str]] = []
        self.prepared_over_budget: int | None = 0
        self.glossary: Message = {"terms": [], "blocked": []}
        self.transcribe: StubTranscribe | None = None
        self.sounds: StubSounds | None = None
        self.voices: Sequence[str] = ()
        self.voice_quality = "good"
        self.grant_refusal: tuple[int, Message] | None = None
        self.grants = 0
        self.session_fields: Message = {}
        self.releases = 0
        self.transcripts: list[tuple[int, object]] = [(200, "Good evening.\n")]
        self.transcripts_asked: list[tuple[dict[str, str], dict[str, str]]] = []
        self.purge_fails = False
        self.deleted: list[dict[str, str]] = []
        self._news = threading.Condition()
        self._loop = LoopThread(inside)
        self._http = self._gateway = ""
        self._sites: dict[str, Site] = {}
        self._kept_ports: dict[str, KeptPort] = {}
        self._together: list[tuple[Socket, str]] | None = None

    # --- its life ---

    @contextmanager
    def running(self) -> Iterator["StubStage"]:
        """Serves until the end of the block."""
        with self._loop.running():
            try:
                self._gateway = self.call(self._serve("ws", self._gateway_app(), 0))
                self._http = self.call(self._serve("http", self._http_app(), 0))
                yield self
            finally:
                for name in list(self._sites):
                    self.call(self._stop(name))
                for port in self._kept_ports.values():
                    port.close()

    @property
    def http(self) -> str:
        """The pages' address."""
        return f"http://{self._http}"

    @property
    def listener_page(self) -> str:
        """The session's own page."""
        return f"{self.http}/s/{self.session.session_id}"

    def kill_gateway(self) -> None:
        """The gateway dies: every socket is cut, and nothing listens on its port."""
        self.call(self._kill("ws", self._gateway))

    def revive_gateway(self) -> None:
        """The gateway is back, on the same port."""
        port = int(self._gateway.rpartition(":")[2])
        self.call(self._serve("ws", self._gateway_app(), port))

    def cut(self) -> None:
        """The network fails: every socket is cut, and the gateway goes on."""
        self.call(self._cut_all())

    def close(self, socket: Socket, code: int) -> None:
        """Closes a socket in an orderly way."""
        self.call(socket.response.close(code=code))

    def let_in(self, socket: Socket) -> None:
        """Tells a socket that it is counted, where `lets_in` held that back."""
        self.call(socket.response.send_json(self._joined(socket)))

    def forget(self, sequence: int) -> None:
        """A sentence that never came to be spoken."""
        self._spoken.discard(sequence)

    def lose_report(self, sequence: int) -> None:
        """It has been spoken, and nobody tells its page."""
        self._spoken.add(sequence)
        self.session.last_sequence = max(self.session.last_sequence, sequence)

    def kill_http(self) -> None:
        """The pages' server dies, too."""
        self.call(self._kill("http", self._http))

    def revive_http(self) -> None:
        """The pages' server is back, on the same port."""
        port = int(self._http.rpartition(":")[2])
        self.call(self._serve("http", self._http_app(), port))

    def call(self, work: Coroutine[Any, Any, T]) -> T:
        """Runs a coroutine in the stage's thread."""
        return self._loop.call(work)

    # --- what a test does and sees ---

    def wait(self, found: Callable[[], T | None], what: str) -> T:
        """Waits until something is there, and returns it."""
        with self._news:
            result = self._news.wait_for(found, PATIENCE)
        assert result, f"{what} did not come; sockets: {self.sockets}"
        return result

    def listener(self, language: str | None = None) -> Socket:
        """The listener that is there now, or comes; the last one if there are several."""

        def found() -> Socket | None:
            wanted = (None, language)
            return next(
                (
                    each
                    for each in reversed(self.sockets)
                    if each.is_open
                    and not each.is_speaker
                    and (language is None or each.query.get("targetLanguage") in wanted)
                ),
                None,
            )

        return self.wait(found, f"a listener of {language or 'anything'}")

    def speaker(self, nth: int = 1) -> Socket:
        """The nth socket that a speaker opened."""

        def found() -> Socket | None:
            speakers = [each for each in self.sockets if each.is_speaker]
            return speakers[nth - 1] if len(speakers) >= nth else None

        return self.wait(found, f"speaker {nth}")

    def received(self, socket: Socket, action: str) -> Message:
        """The first message of an action that a socket sends, now or in a moment."""
        return self.wait(
            lambda: next((each for each in socket.received if each["action"] == action), None),
            action,
        )

    def send(self, socket: Socket, kind: str, **fields: object) -> None:
        """Sends a message of the protocol."""
        self.send_raw(socket, json.dumps({"type": kind, **fields}))

    def send_raw(self, to: Socket, text: str) -> None:
        """Sends a text frame."""
        if self._together is None:
            self.call(to.response.send_str(text))
        else:
            self._together.append((to, text))

    @contextmanager
    def together(self) -> Iterator[None]:
        """What is sent in the block goes out at its end, all at once."""
        frames: list[tuple[Socket, str]] = []
        self._together = frames
        try:
            yield
        finally:
            self._together = None
        self.call(_send_all(frames))

    def caption(self, sequence: int, text: str, language: str = "es", **fields: object) -> None:
        """A sentence for whoever listens."""
        self.caption_to(self.listener(), sequence, text, language, **fields)

    def caption_to(
        self, socket: Socket, sequence: int, text: str, language: str = "es", **fields: object
    ) -> None:
        """A sentence by one connection."""
        self.session.last_sequence = max(self.session.last_sequence, sequence)
        self.send(
            socket,
            "caption",
            sessionId=self.session.session_id,
            sequence=sequence,
            language=language,
            text=text,
            sourceLanguage=self.session.source,
            **{"spokenAt": NOW_MS, **fields},
        )

    def speech(
        self, sequence: int, url: str, duration_ms: float, language: str = "es", **fields: object
    ) -> None:
        """A sentence's sound for whoever listens."""
        self.send(
            self.listener(),
            "speech",
            sequence=sequence,
            language=language,
            url=url,
            durationMs=duration_ms,
            contentType="audio/wav",
            **fields,
        )

    def draft(self, sequence: int, text: str, language: str = "es") -> None:
        """Words of the sentence to come, for whoever reads the speaker's language."""
        self.send(self.listener(), "draft", sequence=sequence, language=language, text=text)

    def show_roster(
        self, socket: Socket, voices: Mapping[str, int] | None = None, /, **counts: int
    ) -> None:
        """Tells the speaker who listens, and who of them hears the language's voice."""
        self.session.counts, self.session.voices = counts, dict(voices or {})
        heads = sum(counts.values())
        told = {"languages": counts, "voices": self.session.voices}
        self.send(socket, "roster", listenerCount=heads, **told)

    def asks(self, count: int) -> Mapping[str, str]:
        """Waits until pages asked so many times whether they may join; the last one's headers."""
        self.wait(lambda: len(self.asked) >= count or None, f"question {count}")
        return self.asked[-1]

    def visited(self, count: int) -> None:
        """Waits until the speaker's page was asked for so many times."""
        self.wait(lambda: self.visits >= count or None, f"visit {count}")

    def lists(self, count: int) -> None:
        """Waits until pages asked so many times for the languages."""
        self.wait(lambda: self.listings >= count or None, f"question {count} for the languages")

    def prepares(self, count: int) -> list[str]:
        """Waits until the page asked so many times for translations ahead; what it asked last."""
        self.wait(lambda: len(self.prepared) >= count or None, f"preparation {count}")
        return self.prepared[count - 1]

    def grants_asked(self, count: int) -> None:
        """Waits until pages asked so many times for a recogniser's stream."""
        self.wait(lambda: self.grants >= count or None, f"grant {count}")

    def released(self, count: int) -> None:
        """Waits until pages have given so many streams back."""
        self.wait(lambda: self.releases >= count or None, f"release {count}")

    def tries(self, count: int) -> None:
        """Waits for so many handshakes, the refused ones too."""
        self.wait(lambda: self.handshakes >= count or None, f"handshake {count}")

    def looks(self, count: int) -> None:
        """Waits until the operator's page has asked so many times, all told."""
        self.wait(lambda: self.operations.looks >= count or None, f"look {count}")

    # --- its servers ---

    async def _serve(self, name: str, app: web.Application, port: int) -> str:
        if name in self._kept_ports:
            self._kept_ports.pop(name).close()
        self._sites[name] = site = await start(app, self._address, port)
        return site.address

    async def _stop(self, name: str) -> None:
        site = self._sites.pop(name)
        if name == "ws":
            await self._cut_all()
        await site.stop()

    async def _kill(self, name: str, address: str) -> None:
        """Stops a server and keeps its port: another test's could have it before the return."""
        await self._stop(name)
        self._kept_ports[name] = KeptPort(self._address, int(address.rpartition(":")[2]))

    async def _cut_all(self) -> None:
        """All that are there now, in one turn: none that returns meanwhile is cut as well."""
        for each in self.sockets:
            if not each.is_open or each.transport is None:
                continue
            each.transport.abort()
            # Its handler ends a few turns later; until then a test would take it for a live one.
            with self._news:
                each.is_open = False
                self._news.notify_all()

    def _http_app(self) -> web.Application:
        app = web.Application()
        app.router.add_get("/", self._speaker_page)
        app.router.add_get("/s/{session_id:[^/]+}", self._listener_page)
        app.router.add_get("/s/{session_id}/report", self._report_page)
        app.router.add_get("/sessions/{session_id}/report", self._report)
        app.router.add_get("/s/{session_id:[^/]+}/overlay", self._overlay)
        app.router.add_get("/web/{file}", self._file)
        app.router.add_get("/ops", self._operators_page)
        app.router.add_get("/ops/state", self._state)
        app.router.add_get("/languages", self._languages)
        app.router.add_post("/sessions", self._open)
        app.router.add_get("/sessions/{session_id:[^/]+}", self._status)
        app.router.add_delete("/sessions/{session_id}", self._delete)
        app.router.add_get("/sessions/{session_id}/transcript", self._transcript)
        app.router.add_get("/sessions/{session_id}/glossary", self._get_glossary)
        app.router.add_put("/sessions/{session_id}/glossary", self._put_glossary)
        app.router.add_post("/sessions/{session_id}/preparation", self._prepare)
        app.router.add_post("/sessions/{session_id}/transcription", self._grant)
        app.router.add_delete("/sessions/{session_id}/transcription", self._release)
        return app

    def _gateway_app(self) -> web.Application:
        app = web.Application()
        app.router.add_get("/", self._connect)
        return app

    async def _speaker_page(self, _: web.Request) -> web.Response:
        with self._news:
            self.visits += 1
            self._news.notify_all()
        page = pages.load().page(
            pages.SPEAKER,
            f"ws://{self._gateway}",
            sign_in=self.sign_in,
            listeners=self.listeners_url,
            is_trusted=self._is_trusted,
        )
        answer = _response(page)
        if self.transcribe is not None:
            policy = answer.headers["Content-Security-Policy"]
            asked = f"connect-src {self.transcribe.origin} "
            answer.headers["Content-Security-Policy"] = policy.replace("connect-src ", asked)
        return answer

    async def _listener_page(self, _: web.Request) -> web.Response:
        origin = self.sounds.origin if self.sounds else ""
        address = f"ws://{self._gateway}"
        return _response(
            pages.load().page(pages.LISTENER, address, sounds=origin, is_trusted=self._is_trusted)
        )

    async def _overlay(self, _: web.Request) -> web.Response:
        return self._plain_page(pages.OVERLAY)

    async def _operators_page(self, _: web.Request) -> web.Response:
        return self._plain_page(pages.OPERATOR)

    async def _report_page(self, _: web.Request) -> web.Response:
        return self._plain_page(pages.REPORT)

    def _plain_page(self, name: str) -> web.Response:
        return _response(
            pages.load().page(name, f"ws://{self._gateway}", is_trusted=self._is_trusted)
        )

    @property
    def _is_trusted(self) -> bool:
        return is_trusted_by_browsers({"host": self._http})

    async def _report(self, request: web.Request) -> web.Response:
        return self.report.answer(request, TOKEN)

    async def _state(self, request: web.Request) -> web.Response:
        with self._news:
            self.operations.looks += 1
            self._news.notify_all()
        bearer = request.headers.get("Authorization", "").removeprefix("Bearer ")
        status = self.operations.refuse_with
        if self.operators_token is not None and bearer != self.operators_token:
            status = 401
        if status is not None:
            return web.json_response({"type": "error"}, status=status)
        return web.json_response(self.operations.state())

    async def _file(self, request: web.Request) -> web.Response:
        version = request.query.get("v", "")
        return _response(pages.load().file(request.match_info["file"], version))

    async def _languages(self, _: web.Request) -> web.Response:
        with self._news:
            self.listings += 1
            self._news.notify_all()
        described = [languages.describe(code) for code in self.offered]
        offered = [
            outgoing.language(replace(each, quality=self.qualities.get(each.code)))
            | ({"dictation": "good"} if self.transcribe and each.code == "en" else {})
            | ({"voice": self.voice_quality} if each.code in self.voices else {})
            for each in described
        ]
        return web.json_response({"languages": offered})

    async def _open(self, request: web.Request) -> web.Response:
        self.owners.append(request.headers.get("Authorization"))
        if not self.accepts_owners:
            return web.json_response({"type": "error", "code": "NOT_SPEAKER"}, status=401)
        wanted = await request.json()
        self.wanted.append(wanted)
        self.session.source, self.session.code = wanted["sourceLanguage"], wanted.get("joinCode")
        opened = {
            "sessionId": self.session.session_id,
            "speakerToken": TOKEN,
            "sourceLanguage": self.session.source,
            "webSocketUrl": f"ws://{self._gateway}",
            "expiresAt": NOW_MS,
        }
        return web.json_response(opened, status=201)

    async def _status(self, request: web.Request) -> web.Response:
        if "joining" in request.query:
            with self._news:
                self.asked.append(request.headers)
                self._news.notify_all()
        code = unquote(request.headers.get("X-Join-Code", ""))
        speaks = request.headers.get("Authorization") == f"Bearer {TOKEN}"
        if self.refuse_with == HTTPStatus.TOO_MANY_REQUESTS and "joining" in request.query:
            limited = {
                "type": "error",
                "code": "RATE_LIMITED",
                "details": {"retryAfterMs": self.retry_after_ms},
            }
            return web.json_response(limited, status=429)
        is_known = request.match_info["session_id"] == self.session.session_id
        if not is_known or not (speaks or self.session.code in (None, code)):
            return web.json_response({"type": "error", "code": "SESSION_NOT_FOUND"}, status=404)
        refused = {"refused": {"minutes": 5, "reasons": self.session.refused}}
        told = self.session.status() | self.session_fields
        return web.json_response(told | (refused if speaks else {}))

    async def _get_glossary(self, request: web.Request) -> web.Response:
        if request.headers.get("Authorization") != f"Bearer {TOKEN}":
            return web.json_response({"type": "error", "code": "NOT_SPEAKER"}, status=401)
        return web.json_response(self.glossary)

    async def _put_glossary(self, request: web.Request) -> web.Response:
        if request.headers.get("Authorization") != f"Bearer {TOKEN}":
            return web.json_response({"type": "error", "code": "NOT_SPEAKER"}, status=401)
        glossary = await request.json()
        if (wrong := _wrong_in(glossary["terms"])) is not None:
            place, message = wrong
            refusal = {"message": f"term {place + 1}: {message}", "details": {"term": place}}
            return web.json_response(
                {"type": "error", "code": "BAD_GLOSSARY", **refusal}, status=400
            )
        with self._news:
            self.glossary = glossary
            self._news.notify_all()
        counts = {name: len(glossary[name]) for name in ("terms", "blocked")}
        return web.json_response(counts | {"version": "1"})

    async def _prepare(self, request: web.Request) -> web.Response:
        if request.headers.get("Authorization") != f"Bearer {TOKEN}":
            return web.json_response({"type": "error", "code": "NOT_SPEAKER"}, status=401)
        sentences = (await request.json())["sentences"]
        assert 1 <= len(sentences) <= 20, "the server takes twenty at a time"
        # Before the test hears of it, and says what the next answer is to be.
        over_budget = self.prepared_over_budget
        self.prepared_over_budget = over_budget or 0
        with self._news:
            self.prepared.append(sentences)
            self._news.notify_all()
        if over_budget is None:
            limited = {"type": "error", "code": "RATE_LIMITED", "retryAfterMs": 1}
            return web.json_response(limited, status=429)
        answer = {"languages": [], "ready": 0, "failed": 0, "overBudget": over_budget}
        return web.json_response(answer)

    async def _grant(self, request: web.Request) -> web.Response:
        if request.headers.get("Authorization") != f"Bearer {TOKEN}":
            return web.json_response({"type": "error", "code": "NOT_SPEAKER"}, status=401)
        assert (await request.json()) == {"sampleRate": 16_000}
        with self._news:
            self.grants += 1
            self._news.notify_all()
        if self.grant_refusal is not None:
            status, refusal = self.grant_refusal
            return web.json_response({"type": "error", **refusal}, status=status)
        assert self.transcribe is not None
        grant = {
            "url": f"{self.transcribe.origin}/stream-transcription-websocket?grant={self.grants}",
            "languageCode": "en-US",
            "mediaEncoding": "pcm",
            "sampleRate": 16_000,
            "expiresAt": time.time() * 1_000 + 300_000,
        }
        return web.json_response(grant, status=201)

    async def _release(self, request: web.Request) -> web.Response:
        assert request.headers["Authorization"] == f"Bearer {TOKEN}"
        with self._news:
            self.releases += 1
            self._news.notify_all()
        return web.Response(status=204)

    async def _delete(self, request: web.Request) -> web.Response:
        if self.purge_fails and "purge" in request.query:
            return web.json_response({"type": "error", "code": "INTERNAL"}, status=503)
        self.deleted.append(dict(request.query))
        await self._end()
        return web.Response(status=204)

    async def _transcript(self, request: web.Request) -> web.Response:
        """The next answer of `transcripts`; the last one for good."""
        with self._news:
            self.transcripts_asked.append((dict(request.query), dict(request.headers)))
            self._news.notify_all()
        status, body = self.transcripts.pop(0) if len(self.transcripts) > 1 else self.transcripts[0]
        if status != HTTPStatus.OK:
            return web.json_response(body, status=status)
        name = f"{self.session.session_id}.{request.query['format']}"
        disposition = {"Content-Disposition": f'attachment; filename="{name}"'}
        return web.Response(text=str(body), headers=disposition)

    async def _connect(self, request: web.Request) -> web.StreamResponse:
        status = self._refusal(request.query)
        with self._news:
            self.handshakes += 1
            self._news.notify_all()
        if status is not None:
            return web.Response(status=status)
        response = web.WebSocketResponse()
        await response.prepare(request)
        socket = Socket(dict(request.query), response, request.transport)
        former = [each for each in self.sockets if each.is_speaker and each.is_open]
        # Before its page may know that it is in: a test that reads so there looks for it here.
        with self._news:
            self.sockets.append(socket)
            self._news.notify_all()
        try:
            if self.lets_in:
                await response.send_json(self._joined(socket))
            if socket.is_speaker:
                for each in former:
                    await self._displace(each)
            await self._listen(socket)
        finally:
            with self._news:
                socket.is_open = False
                self._news.notify_all()
        return response

    async def _displace(self, former: Socket) -> None:
        if self.tells_the_displaced:
            await _refuse(former, "NOT_SPEAKER")
        await former.response.close(code=WSCloseCode.OK)

    def _refusal(self, query: Mapping[str, str]) -> int | None:
        if self.refuse_with is not None:
            return self.refuse_with
        if not self.session.is_active or query.get("sessionId") != self.session.session_id:
            return 404
        if "token" in query:
            return None if query["token"] == TOKEN else 401
        if self.session.is_full:
            return 503
        if self.session.code not in (None, query.get("joinCode")):
            return 404
        return None if query.get("targetLanguage") in self.offered else 400

    def _joined(self, socket: Socket) -> Message:
        joined: Message = {
            "type": "joined",
            "sessionId": self.session.session_id,
            "role": "speaker" if socket.is_speaker else "listener",
            "sourceLanguage": self.session.source,
            "lastSequence": self.session.last_sequence,
        }
        joined |= {"overlaysHidden": True} if self.session.overlays_hidden else {}
        target = socket.query.get("targetLanguage")
        if target is None:
            return joined
        token = (
            f"resume-{self.sockets.index(socket) if socket in self.sockets else len(self.sockets)}"
        )
        return joined | {"targetLanguage": target, "resumeToken": token}

    async def _listen(self, socket: Socket) -> None:
        async for frame in socket.response:
            if frame.type is not WSMsgType.TEXT:
                continue
            message = json.loads(frame.data)
            await self._act(socket, message)
            with self._news:
                socket.received.append(message)
                self._news.notify_all()

    async def _act(self, socket: Socket, message: Message) -> None:
        match message["action"]:
            case _ if not self.answers:
                pass
            case "heartbeat":
                await socket.response.send_json({"type": "heartbeatAck"})
            case "status":
                await socket.response.send_json({"type": "sessionStatus", **self.session.status()})
            case "changeLanguage" if message["targetLanguage"] not in self.offered:
                await _refuse(socket, "UNSUPPORTED_LANGUAGE")
            case "speak":
                await self._speak(socket, message)
            case "correct":
                await self._correct(socket, message["sequence"], message["text"])
            case "overlays" | "end":
                await self._direct(socket, message)

    async def _direct(self, socket: Socket, message: Message) -> None:
        if message["action"] == "end":
            await self._end()
            return
        self.session.overlays_hidden = message["hidden"]
        await socket.response.send_json({"type": "overlays", "hidden": message["hidden"]})

    async def _speak(self, socket: Socket, message: Message) -> None:
        sequence = message["sequence"]
        if socket is not [each for each in self.sockets if each.is_speaker][-1]:
            await _refuse(socket, "NOT_SPEAKER", details={"sequence": sequence})
        elif sequence in self._spoken:
            await _refuse(
                socket,
                "BAD_MESSAGE",
                details={"sequence": sequence, "lastSequence": self.session.last_sequence},
            )
        else:
            self._spoken.add(sequence)
            self.session.last_sequence = max(self.session.last_sequence, sequence)
            if self.reports:
                await socket.response.send_json(self._spoken_report(sequence))

    async def _correct(self, socket: Socket, sequence: int, text: str) -> None:
        if sequence not in self._spoken or sequence in self.not_kept:
            await _refuse(socket, "SEQUENCE_NOT_KEPT", details={"sequence": sequence})
            return
        if not text:
            self.not_kept.add(sequence)
        self._revisions[sequence] = revision = self._revisions.get(sequence, 0) + 1
        if self.reports:
            report = {"type": "corrected", "sequence": sequence, "revision": revision}
            await socket.response.send_json(self._spoken_report(sequence) | report)

    def _spoken_report(self, sequence: int) -> Message:
        heads = self.session.counts
        reports = {
            code: {"listeners": n, "delivered": n, "gone": 0, "dropped": 0, "cached": False}
            | ({"failed": True, "overBudget": True} if self.over_budget else {})
            for code, n in heads.items()
        }
        return {"type": "spoken", "sequence": sequence, "languages": reports, "durationMs": 42}

    async def _end(self) -> None:
        self.session.is_active = False
        for socket in [each for each in self.sockets if each.is_open]:
            await socket.response.send_json({"type": "sessionEnded", "reason": "ended"})
            await socket.response.close(code=WSCloseCode.GOING_AWAY)


def _wrong_in(terms: Sequence[Message]) -> tuple[int, str] | None:
    """The first term that the server would refuse, and why."""
    sources = [term["source"] for term in terms]
    for place, term in enumerate(terms):
        if not term["source"]:
            return place, "a source must not be empty"
        if ("keep" in term) == ("targets" in term):
            return place, "must have either keep or targets, not both"
        if term["source"] in sources[:place]:
            return place, "this source is there already"
    return None


async def _send_all(frames: Sequence[tuple[Socket, str]]) -> None:
    for socket, text in frames:
        await socket.response.send_str(text)


async def _refuse(socket: Socket, code: str, **fields: object) -> None:
    await socket.response.send_json({"type": "error", "code": code, "message": code, **fields})


def _response(answer: pages.Answer) -> web.Response:
    return web.Response(
        body=answer.body.encode(), status=answer.status, headers=dict(answer.headers)
    )
