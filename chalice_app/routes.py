"""START HERE: every route that people reach, and what each one does.

A handler parses, makes one call and answers; the rules live in the use cases:

- `admission`: how often, and from which pages;
- `sessions`: who may come in, and who is there;
- `speech`: a sentence's way to its listeners;
- `wire`: what goes over the wire;
- `operations`: what an operator sees;
- `web`: what browsers get.

What a handler changes in the Connections table reaches the counts and the rosters through that
table's stream (`streams.rosters`, then `rosters.update`), never from here.
"""

import logging
import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import Any
from urllib.parse import quote, unquote

from chalice.app import Chalice, Request, Response, WebsocketEvent

from chalice_app.admission import origins
from chalice_app.admission.message_limits import Flooding
from chalice_app.admission.refusals import MINUTES
from chalice_app.bootstrap.process import current
from chalice_app.bootstrap.routes import RouteParts
from chalice_app.domain.errors import (
    BadMessage,
    BroadcasterError,
    NotSpeaker,
    SessionFull,
    SessionNotFound,
    Unavailable,
)
from chalice_app.domain.sentence import Sentence
from chalice_app.domain.session import Session
from chalice_app.glossary import messages as glossary_messages
from chalice_app.glossary.parsing import parse_glossary
from chalice_app.observability import logs, metrics
from chalice_app.operations import messages as operator_messages
from chalice_app.sessions.entrance import Caller
from chalice_app.settings import Oidc
from chalice_app.synthesis.voices import voice_quality
from chalice_app.transcription import messages as dictation_messages
from chalice_app.transcripts import report_formats
from chalice_app.transcripts.exporting import Translating
from chalice_app.transcripts.files import File, Link, disposition
from chalice_app.transcripts.requests import parse_request
from chalice_app.web import pages
from chalice_app.wire import incoming, outgoing
from chalice_app.wire.incoming import (
    ChangeLanguage,
    Correct,
    Draft,
    End,
    Heartbeat,
    Join,
    JoinAsListener,
    JoinAsSpeaker,
    Message,
    Speak,
    Status,
    SwitchOverlays,
)

app = Chalice(app_name="translation-broadcaster", configure_logs=False)
app.experimental_feature_flags.update(["WEBSOCKETS"])

_log = logging.getLogger(__name__)

_UNKEPT = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}

_INTERNAL = BroadcasterError("the service failed; your request was right, try again")


# --- WebSocket ---------------------------------------------------------------------------------


@app.on_ws_connect()
@logs.invoked
def connect(event: WebsocketEvent) -> dict[str, Any]:
    """A handshake: admits a listener or the speaker, or refuses with the error's HTTP status."""
    _bind(event)
    status = _admission(event)
    _count(metrics.HANDSHAKES_ADMITTED if status == 200 else metrics.HANDSHAKES_REFUSED)
    return {"statusCode": status}


def _parts() -> RouteParts:
    return current(RouteParts)


def _admission(event: WebsocketEvent) -> int:
    handshake = event.to_dict()
    settings = _parts().settings
    if not origins.is_allowed(handshake, settings.allowed_origins, settings.require_origin):
        return 403
    try:
        _join(event, incoming.parse_join(handshake.get("queryStringParameters")))
    except BroadcasterError as failure:
        _log_failure(failure)
        return failure.http_status
    return 200


def _join(event: WebsocketEvent, join: Join) -> None:
    parts, address = _parts(), _source_address(event.to_dict()["requestContext"])
    with _counted(parts, join.session_id):
        match join:
            case JoinAsListener():
                parts.joining.join_as_listener(join, event.connection_id, address)
            case JoinAsSpeaker():
                request_id = _request_id(event)
                parts.joining.join_as_speaker(join, event.connection_id, request_id, address)


@app.on_ws_message()
@logs.invoked
def message(event: WebsocketEvent) -> None:
    """A message of an open connection; an error is sent to its sender alone."""
    _bind(event)
    context = event.to_dict()["requestContext"]
    try:
        received = _admitted(event)
        _act(_parts(), event.connection_id, received, context["requestTimeEpoch"])
    except Flooding as flood:
        _parts().refusals.count_message()
        if not flood.is_silent:
            _tell(event, flood)
    except BroadcasterError as failure:
        _log_failure(failure)
        _tell(event, failure)
    except Exception:  # noqa: BLE001
        # The last resort: without it API Gateway would answer in its own words, not the protocol's.
        _log.exception("message failed")
        _tell(event, _INTERNAL)
    # Whatever the message was, a heartbeat too: the last cache hits of a talk are written after it.
    _parts().cache.flush_hits_if_due()
    _parts().refusals.flush_if_due()


@app.on_ws_disconnect()
@logs.invoked
def disconnect(event: WebsocketEvent) -> None:
    """A socket is closed: its row goes, and the stream takes it out of the rosters."""
    _bind(event)
    _parts().participants.leave(event.connection_id)
    _count(metrics.CONNECTIONS_CLOSED)


def _count(event: str) -> None:
    _parts().adapters.metrics.emit({event: 1})


def _bind(event: WebsocketEvent) -> None:
    logs.bind(
        gatewayRequestId=_request_id(event),
        connection=logs.connection_name(event.connection_id),
    )


def _request_id(event: WebsocketEvent) -> str:
    return str(event.to_dict()["requestContext"].get("requestId", ""))


def _admitted(event: WebsocketEvent) -> Message:
    """The message, which counts for the limits of its connection even where it is malformed."""
    limits = _parts().message_limits
    try:
        received = _parsed(event)
    except BroadcasterError:
        limits.admit(event.connection_id, is_sentence=False)
        raise
    if isinstance(received, Draft):
        limits.admit_draft(event.connection_id)
    else:
        limits.admit(event.connection_id, is_sentence=_is_for_all(received))
    return received


def _is_for_all(received: Message) -> bool:
    """Whether it costs as many posts as a sentence."""
    return isinstance(received, Speak | Correct | SwitchOverlays)


def _parsed(event: WebsocketEvent) -> Message:
    if event.to_dict().get("isBase64Encoded"):
        raise BadMessage("the message must be text, not binary")
    return incoming.parse_message(event.body)


def _act(parts: RouteParts, connection_id: str, received: Message, received_at: int) -> None:
    """What each message does."""
    match received:
        case Speak():
            _speak(parts, connection_id, received, received_at)
        case Draft():
            _draft(parts, connection_id, received, received_at)
        case Correct(sequence, text):
            logs.bind(sequence=sequence)
            session = _spoken_by(parts, connection_id)
            words = parts.glossaries.masked(session, text)
            parts.corrections.correct(session, connection_id, sequence, words, received_at)
        case ChangeLanguage(target_language, wants_voice):
            parts.participants.change_language(connection_id, target_language, wants_voice)
        case SwitchOverlays(hidden):
            parts.overlays.switch(_spoken_by(parts, connection_id), hidden=hidden)
        case _:
            _answer_or_end(parts, connection_id, received)


def _answer_or_end(parts: RouteParts, connection_id: str, received: Message) -> None:
    match received:
        case Heartbeat():
            parts.broadcast.notify([connection_id], outgoing.HEARTBEAT_ACK)
            parts.warm_up.once()
        case Status():
            session = parts.participants.session_of(connection_id)
            status = outgoing.session_status(session, parts.adapters.clock.now_ms())
            parts.broadcast.notify([connection_id], {"type": "sessionStatus", **status})
            parts.warm_up.once()
        case End():
            _end(parts, parts.participants.spoken_by(connection_id))
            parts.cache.flush_hits()


def _speak(parts: RouteParts, connection_id: str, said: Speak, received_at: int) -> None:
    """Sends a sentence; the gateway's clock tells when its sound was, for the speaker's may not."""
    logs.bind(sequence=said.sequence)
    session = _spoken_by(parts, connection_id)
    words = parts.glossaries.masked(session, said.text)
    sentence = Sentence(said.sequence, words, session.source_language, received_at)
    if said.sound is not None:
        began_at = received_at - said.sound.began_ms_ago
        ended_at = received_at - said.sound.ended_ms_ago
        sentence = replace(sentence, began_at=began_at, ended_at=ended_at)
    parts.speech.speak(session, connection_id, sentence)


def _draft(parts: RouteParts, connection_id: str, draft: Draft, received_at: int) -> None:
    """Sends a draft; what this service cannot do for it now is not worth an error."""
    if parts.draft_pace.admits(connection_id, received_at):
        with suppress(Unavailable):
            parts.drafts.send(_spoken_by(parts, connection_id), draft, received_at)


def _spoken_by(parts: RouteParts, connection_id: str) -> Session:
    try:
        return parts.participants.spoken_by(connection_id)
    except (NotSpeaker, SessionNotFound):
        parts.message_limits.charge_stranger(connection_id)
        raise


def _end(parts: RouteParts, session: Session) -> None:
    parts.dictation.end_with(parts.sessions.end(session))


def _tell(event: WebsocketEvent, failure: BroadcasterError) -> None:
    sequence = incoming.spoken_sequence(event.body)
    error = outgoing.error(failure, _request_id(event), sequence)
    _parts().broadcast.notify([event.connection_id], error)


# --- HTTP --------------------------------------------------------------------------------------


@app.middleware("http")
def logged(request: Request, answer: Callable[[Request], Response]) -> Response:
    """Around every route: what its lines in the log say of it."""
    with logs.invocation(request.lambda_context):
        logs.bind(gatewayRequestId=request.context.get("requestId", ""))
        return answer(request)


@app.route("/", methods=["GET"])
def speaker_page() -> Response:
    """The speaker's page."""
    path: str = _request().context.get("path", "")
    if path and not path.endswith("/"):
        # API Gateway's stage without its slash: the page's relative names would miss the stage.
        return _moved(f"{path.rpartition('/')[2]}/")
    return _page(pages.SPEAKER)


@app.route("/s/{session_id}", methods=["GET"])
def listener_page(session_id: str) -> Response:
    """A listener's page; it asks for the session itself, and says so if there is none."""
    # Chalice's local server does not decode the path's parts, API Gateway does.
    return _page_without_slash(pages.LISTENER, quote(session_id, safe="%", errors="replace"))


@app.route("/s/{session_id}/report", methods=["GET"])
def report_page(session_id: str) -> Response:
    """The event report as a page; it holds nothing, and asks for the speaker's token."""
    del session_id  # the page reads it from its own address
    return _page_without_slash(pages.REPORT, "report")


@app.route("/s/{session_id}/overlay", methods=["GET"])
def overlay_page(session_id: str) -> Response:
    """The captions alone, transparent, for the browser source of a stream or a projector."""
    return _page_without_slash(pages.OVERLAY, "overlay")


@app.route("/ops", methods=["GET"])
def operator_page() -> Response:
    """The operator's page, where the stage has one; it holds nothing and asks for everything."""
    try:
        _parts().operations.require_view()
    except BroadcasterError as failure:
        return _refusal(failure)
    return _page_without_slash(pages.OPERATOR, "ops")


@app.route("/web/{file}", methods=["GET"])
def web_file(file: str) -> Response:
    """A file that the pages use."""
    query = _request().to_dict()["query_params"] or {}
    return _served(pages.load().file(file, query.get("v", ""), _if_none_match()))


def _page_without_slash(name: str, last_part: str) -> Response:
    """A page, or the way to its address without the slash that API Gateway passes over.

    With it, the page's relative names would miss.
    """
    path = str(_request().context.get("path"))
    return _moved(f"../{last_part}") if path.endswith("/") else _page(name)


def _moved(location: str) -> Response:
    """To a relative address: the stage's prefix is not the application's to know."""
    return Response("", status_code=302, headers={"Location": location})


def _page(name: str) -> Response:
    settings, known = _parts().settings, _if_none_match()
    page, socket = pages.load().page, settings.websocket_url
    if name != pages.SPEAKER:
        sounds = settings.sounds_url if name == pages.LISTENER else ""
        # A report too large for an answer is fetched from the bucket.
        files = settings.sounds_url if name == pages.REPORT else ""
        return _served(page(name, socket, known, sounds=sounds, files=files))
    # Where no language is heard, the page has no business at the recogniser.
    recogniser = settings.transcribe_url if settings.dictation_languages else ""
    sign_in, files = _sign_in(settings.oidc), settings.sounds_url
    return _served(page(name, socket, known, sign_in, recogniser, files=files))


def _sign_in(oidc: Oidc | None) -> pages.SignIn | None:
    """ID tokens name the client as their audience: that is who the page is."""
    if oidc is None or not oidc.signs_in:
        return None
    return pages.SignIn(oidc.issuer, oidc.audience, oidc.token_origin)


def _if_none_match() -> str:
    header: str = _request().headers.get("if-none-match", "")
    return header


def _served(answer: pages.Answer) -> Response:
    return Response(answer.body, status_code=answer.status, headers=dict(answer.headers))


@app.route("/health", methods=["GET"])
def health() -> Response:
    """Shows that the function runs."""
    return Response({"status": "ok"})


@app.route("/languages", methods=["GET"])
def languages() -> Response:
    """The languages that the engine offers, and which of them may be dictated or are spoken."""

    def offered() -> dict[str, Any]:
        """What the engine translates, the recogniser hears, and the voices speak."""
        parts = _parts()
        spoken = parts.settings.voice_languages
        return {
            "languages": [
                outgoing.language(
                    each, parts.dictation.quality(each.code), voice_quality(each.code, spoken)
                )
                for each in parts.engine.list_languages()
            ]
        }

    return _answer(offered)


@app.route("/sessions", methods=["POST"])
def open_session() -> Response:
    """Opens a session, for an owner where the stage asks for one; shows the speaker token once."""

    def opened() -> dict[str, Any]:
        owner = _owner()
        wanted = incoming.parse_open_session(incoming.parse_json(_body()))
        _parts().rate_limits.admit_session(_source_address(_request().context), owner)
        session, token = _parts().sessions.open(wanted)
        _count(metrics.SESSIONS_OPENED)
        return outgoing.opened_session(session, token, _parts().settings.websocket_url)

    return _answer(opened, status=201)


@app.route("/sessions/{session_id}", methods=["GET"])
def get_session(session_id: str) -> Response:
    """A session's state; with a join code, only for its own people.

    They send the code in the `X-Join-Code` header, percent-encoded, a resume token in
    `X-Resume-Token`, or the speaker's token in Authorization: not in the query, which gateways log.
    A browser cannot see the status of a refused handshake; with `?joining=true` it learns here
    whether its handshake would be over a limit, and with `?joining=refused` whether it was.
    """

    def state() -> dict[str, Any]:
        """The session, for its own people."""
        parts = _parts()
        session, is_speaker = _looked(parts, session_id)
        status = outgoing.session_status(session, parts.adapters.clock.now_ms())
        status |= {"isFull": True} if parts.capacity.is_full(session) else {}
        return status | (_refused(parts, session_id) if is_speaker else {})

    return _answer(state)


@app.route("/sessions/{session_id}", methods=["DELETE"])
def end_session(session_id: str) -> Response:
    """Ends a session for everyone; needs its speaker token.

    With `?purge=true` everything that is kept of it is deleted at once, and it may have ended.
    """

    def ended() -> None:
        query: Mapping[str, str] = _request().query_params or {}
        if incoming.wants_purge(query):
            _purge(_parts(), session_id)
        else:
            _end(_parts(), _session_of_speaker(session_id))

    return _answer(ended, status=204)


def _purge(parts: RouteParts, session_id: str) -> None:
    session = _session_of_speaker(session_id, parts.entrance.of_owner)
    purged = parts.sessions.purge(session)
    parts.transcript_files.delete_all(purged)
    if session.is_active:
        parts.dictation.end_with(purged)


@app.route("/sessions/{session_id}/glossary", methods=["PUT"])
def put_glossary(session_id: str) -> Response:
    """Replaces the session's glossary, from the next sentence on; needs its speaker token."""

    def replaced() -> dict[str, Any]:
        parts, session = _parts(), _session_of_speaker(session_id)
        glossary = parse_glossary(_body())
        parts.glossaries.replace(session, glossary)
        return glossary_messages.summary(glossary)

    return _answer(replaced)


@app.route("/sessions/{session_id}/glossary", methods=["GET"])
def get_glossary(session_id: str) -> Response:
    """The session's glossary, for its speaker alone; empty where it has none."""

    def found() -> dict[str, Any]:
        parts, session = _parts(), _session_of_speaker(session_id)
        return glossary_messages.glossary(parts.glossaries.read(session))

    return _answer(found)


@app.route("/sessions/{session_id}/preparation", methods=["POST"])
def prepare_sentences(session_id: str) -> Response:
    """Translates a prepared text's next sentences into the cache; needs the speaker token."""

    def prepared() -> dict[str, Any]:
        """How many are ready."""
        parts, session = _parts(), _session_of_speaker(session_id)
        wanted = incoming.parse_preparation(incoming.parse_json(_body()))
        named = wanted.languages
        offered = dict.fromkeys(map(parts.engine.require_language, named or ()))
        parts.rate_limits.admit_preparation(session)
        languages = list(session.languages if named is None else offered)
        done = parts.preparation.prepare(session, wanted.sentences, languages)
        # At once: it may be long until this function is called again.
        parts.cache.flush_hits()
        return outgoing.prepared(done)

    return _answer(prepared)


@app.route("/sessions/{session_id}/transcription", methods=["POST"])
def grant_dictation(session_id: str) -> Response:
    """An address at which the speaker's page streams the microphone; needs the speaker token."""

    def granted() -> dict[str, Any]:
        parts, session = _parts(), _session_of_speaker(session_id)
        rate = dictation_messages.parse_sample_rate(incoming.parse_json(_body()))
        with _counted(parts, session_id):
            return dictation_messages.granted(parts.dictation.grant(session, rate))

    return _answer(granted, status=201)


@app.route("/sessions/{session_id}/transcription", methods=["DELETE"])
def end_dictation(session_id: str) -> Response:
    """The speaker's stream is over, so its minutes count no longer; needs the speaker token."""

    def ended() -> None:
        _parts().dictation.end(_session_of_speaker(session_id))

    return _answer(ended, status=204)


@app.route("/sessions/{session_id}/transcript", methods=["GET"])
def get_transcript(session_id: str) -> Response:
    """What remains of a talk, as a file: for its speaker, or for all where it is open to them.

    202 while it is being translated, 303 to the bucket where it is too large for an answer.
    """
    try:
        return _exported(session_id)
    except BroadcasterError as failure:
        _log_failure(failure)
        return _refusal(failure)
    except Exception:  # noqa: BLE001
        _log.exception("request failed")
        return _refusal(_INTERNAL)


def _exported(session_id: str) -> Response:
    parts = _parts()
    wanted = parse_request(_queried())
    with _counted(parts, session_id):
        session, is_speaker = parts.entrance.reader_of(session_id, _caller())
        export = parts.transcripts.export(session, wanted, is_speaker=is_speaker)
    # At once: it may be long until this function is called again.
    parts.cache.flush_hits()
    match export:
        case File(name, media_type, body):
            return _unkept(body, 200, {"Content-Type": media_type, **_named(name)})
        case Link(url):
            return _unkept("", 303, {"Location": url})
        case Translating():
            seconds = math.ceil(export.retry_after_ms / 1000)
            return _unkept(export.body(), 202, {"Retry-After": str(seconds)})


def _queried() -> dict[str, list[str]]:
    """The query's parameters, each with all its values."""
    query = _request().query_params
    return {} if query is None else {name: query.getlist(name) for name in query}


def _named(name: str) -> dict[str, str]:
    return {"Content-Disposition": disposition(name)}


def _unkept(body: object, status: int, headers: Mapping[str, str]) -> Response:
    """An answer that no cache may keep: a correction, or a purge, holds at once."""
    return Response(body, status_code=status, headers={**_UNKEPT, **headers})


@app.route("/ops/state", methods=["GET"])
def operator_state() -> Response:
    """What the operator's page shows; needs the operator's token, unless the stage asks none."""
    return _answer(
        lambda: operator_messages.stage_state(_parts().operations.state(_bearer_token() or ""))
    )


@app.route("/sessions/{session_id}/report", methods=["GET"])
def event_report(session_id: str) -> Response:
    """Who was reached, sentence by sentence, as JSON or CSV; needs the speaker token.

    303 to the bucket where it is too large for an answer.
    """

    def written() -> Response:
        """The report, as a file that nobody caches."""
        query = _request().to_dict()["query_params"] or {}
        form = report_formats.parse_format(query.get("format"))
        parts = _parts()
        made = parts.reporting.report(_session_of_speaker(session_id, parts.entrance.of_kept))
        file = report_formats.written(made, form, parts.adapters.clock.now_ms())
        match parts.transcript_files.report(made.session, file):
            case File(name, media_type, body):
                return _unkept(body, 200, {"Content-Type": media_type, **_named(name)})
            case Link(url):
                return _unkept("", 303, {"Location": url})

    return _answer_as_it_is(written)


def _session_of_speaker(
    session_id: str, find: Callable[[str, str, str], Session] | None = None
) -> Session:
    """The session whose speaker asks, an open one unless `find` says otherwise.

    Refusals are counted.
    """
    token = _bearer_token()
    if token is None:
        raise NotSpeaker("the Authorization header must be: Bearer <speakerToken>")
    parts, address = _parts(), _source_address(_request().context)
    with _counted(parts, session_id):
        return (find or parts.entrance.of_speaker)(session_id, token, address)


def _looked(parts: RouteParts, session_id: str) -> tuple[Session, bool]:
    """The session for its own people, and whether its speaker asks.

    Who asks why its handshake was refused (`joining=refused`) has been counted by the handshake.
    """
    caller = _caller()
    query = _request().query_params
    if query is not None and query.get("joining") == "refused":
        return parts.entrance.look(session_id, caller)
    with _counted(parts, session_id):
        return parts.entrance.look(session_id, caller)


@contextmanager
def _counted(parts: RouteParts, session_id: str) -> Iterator[None]:
    """Counts what is refused inside."""
    try:
        yield
    except BroadcasterError as failure:
        parts.refusals.count(failure, session_id)
        raise
    finally:
        parts.refusals.flush_if_due()


def _refused(parts: RouteParts, session_id: str) -> dict[str, Any]:
    """Who was refused lately; left out where that cannot be read, as the rest is worth more."""
    try:
        reasons = parts.refusals.recent([session_id])[session_id]
    except Unavailable:
        return {}
    return {"refused": outgoing.refused(reasons, MINUTES)}


def _caller() -> Caller:
    """Who asks for a session, and what it shows."""
    request = _request()
    code = request.headers.get("x-join-code")
    return Caller(
        address=_source_address(request.context),
        join_code=None if code is None else unquote(code),
        speaker_token=_bearer_token(),
        resume_token=request.headers.get("x-resume-token"),
        asks_to_join="joining" in (request.query_params or {}),
    )


def _source_address(context: Mapping[str, Any]) -> str:
    """The client's address as the gateway saw it: a header could be made up by its sender."""
    return (context.get("identity") or {}).get("sourceIp") or ""


def _request() -> Request:
    if app.current_request is None:
        raise RuntimeError("no request is being served")
    return app.current_request


def _body() -> str | bytes:
    """The request's body; API Gateway hands it over as text, in which half a surrogate may be."""
    try:
        return _request().raw_body
    except ValueError:
        raise BadMessage("the body must be UTF-8 or base64") from None


def _bearer_token() -> str | None:
    header: str = _request().headers.get("authorization", "")
    scheme, _, token = header.partition(" ")
    return token.strip() if scheme.lower() == "bearer" and token else None


def _owner() -> str | None:
    """The owner of the session to open; None where the stage asks for none."""
    owners = _parts().adapters.owners
    if owners is None:
        return None
    if (token := _bearer_token()) is None:
        raise NotSpeaker("the Authorization header must be: Bearer <JWT>")
    return owners.owner_of(token)


def _answer(call: Callable[[], dict[str, Any] | None], status: int = 200) -> Response:
    """The call's result, or the protocol's error with its HTTP status."""

    def answered() -> Response:
        """The result as a body."""
        body = call()
        return Response("" if body is None else body, status_code=status)

    return _answer_as_it_is(answered)


def _answer_as_it_is(call: Callable[[], Response]) -> Response:
    """The call's answer, or the protocol's error with its HTTP status."""
    try:
        return call()
    except BroadcasterError as failure:
        _log_failure(failure)
        return _refusal(failure)
    except Exception:  # noqa: BLE001
        _log.exception("request failed")
        return _refusal(_INTERNAL)


def _refusal(failure: BroadcasterError) -> Response:
    request = _request()
    # Chalice's local server knows no request id of the gateway's: then the function's own.
    own = getattr(request.lambda_context, "aws_request_id", "")
    error = outgoing.error(failure, str(request.context.get("requestId") or own))
    return Response(error, status_code=failure.http_status)


def _log_failure(failure: BroadcasterError) -> None:
    """Logs a fault of this service with its cause; a client's mistake goes to the client alone."""
    if failure.http_status >= 500 and not isinstance(failure, SessionFull):
        _log.error("%s: %s", failure.code, failure.message, exc_info=failure)
