"""START HERE: every way in for people, and what each one does.

A handler parses, makes one call and answers; the rules live in the use cases:

- `sessions`: who may come in, and who is there;
- `speech`: a sentence's way to its listeners;
- `messages`: what goes over the wire;
- `pages`: what browsers get.

What a handler changes in the Connections table reaches the counts and the rosters through that
table's stream (`streams.rosters`), never from here.
"""

import logging
from collections.abc import Callable
from typing import Any

from chalice.app import Chalice, Request, Response, WebsocketEvent

from chalice_app import logs, messages, pages
from chalice_app.bootstrap import Application, application
from chalice_app.errors import BadMessage, BroadcasterError, NotSpeaker
from chalice_app.messages import (
    ChangeLanguage,
    End,
    Heartbeat,
    JoinAsListener,
    JoinAsSpeaker,
    Message,
    Speak,
    Status,
)
from chalice_app.models import Sentence

app = Chalice(app_name="translation-broadcaster", configure_logs=False)
app.experimental_feature_flags.update(["WEBSOCKETS"])

_log = logging.getLogger(__name__)

_INTERNAL = BroadcasterError("something went wrong here, not with you")


# --- WebSocket ---------------------------------------------------------------------------------


@app.on_ws_connect()
@logs.invoked
def connect(event: WebsocketEvent) -> dict[str, Any]:
    """A handshake: admits a listener or the speaker, or refuses with the error's HTTP status."""
    _bind(event)
    try:
        join = messages.parse_join(event.to_dict().get("queryStringParameters"))
        sessions = application().sessions
        match join:
            case JoinAsListener():
                sessions.join_as_listener(join, event.connection_id)
            case JoinAsSpeaker():
                sessions.join_as_speaker(join, event.connection_id)
    except BroadcasterError as failure:
        _log_failure(failure)
        return {"statusCode": failure.http_status}
    return {"statusCode": 200}


@app.on_ws_message()
@logs.invoked
def message(event: WebsocketEvent) -> None:
    """A message of an open connection; whatever is wrong with it is told to its sender alone."""
    _bind(event)
    context = event.to_dict()["requestContext"]
    try:
        _act(application(), event.connection_id, _parsed(event), context["requestTimeEpoch"])
    except BroadcasterError as failure:
        _log_failure(failure)
        _tell(event, failure)
    except Exception:  # noqa: BLE001
        # The last resort: without it API Gateway would answer in its own words, not the protocol's.
        _log.exception("message failed")
        _tell(event, _INTERNAL)
    # Whatever the message was, a heartbeat too: a burst's last cache hits are written after it.
    application().cache.settle()


@app.on_ws_disconnect()
@logs.invoked
def disconnect(event: WebsocketEvent) -> None:
    """A socket is closed: its row goes, and the stream takes it out of the rosters."""
    _bind(event)
    application().sessions.leave(event.connection_id)


def _bind(event: WebsocketEvent) -> None:
    logs.bind(
        gatewayRequestId=event.to_dict()["requestContext"].get("requestId", ""),
        connection=logs.connection_name(event.connection_id),
    )


def _parsed(event: WebsocketEvent) -> Message:
    if event.to_dict().get("isBase64Encoded"):
        raise BadMessage("binary messages are not understood")
    return messages.parse_message(event.body)


def _act(to: Application, connection_id: str, received: Message, received_at: int) -> None:
    """What each message does."""
    match received:
        case Speak(sequence, text):
            logs.bind(sequence=sequence)
            session = to.sessions.spoken_by(connection_id)
            sentence = Sentence(sequence, text, session.source_language, received_at)
            to.speech.speak(session, connection_id, sentence)
        case ChangeLanguage(target_language):
            to.sessions.change_language(connection_id, target_language)
        case Heartbeat():
            to.broadcast.notify([connection_id], messages.HEARTBEAT_ACK)
        case Status():
            session = to.sessions.session_of(connection_id)
            status = messages.session_status(session, to.adapters.clock.now_ms())
            to.broadcast.notify([connection_id], {"type": "sessionStatus", **status})
        case End():
            to.sessions.end(to.sessions.spoken_by(connection_id))
            to.cache.settle(burst_over=True)


def _tell(event: WebsocketEvent, failure: BroadcasterError) -> None:
    request_id = event.to_dict()["requestContext"].get("requestId", "")
    application().broadcast.notify([event.connection_id], messages.error(failure, request_id))


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
    path: str = _request().context.get("path") or "/"
    if not path.endswith("/"):
        # API Gateway's stage without its slash: the page's relative names would miss the stage.
        return Response("", status_code=302, headers={"Location": f"{path.rpartition('/')[2]}/"})
    return _page(pages.SPEAKER)


@app.route("/s/{session_id}", methods=["GET"])
def listener_page(session_id: str) -> Response:
    """A listener's page; it asks for the session itself, and says so if there is none."""
    return _page(pages.LISTENER)


@app.route("/web/{file}", methods=["GET"])
def web_file(file: str) -> Response:
    """A file that the pages use."""
    query = _request().to_dict()["query_params"] or {}
    return _served(pages.load().file(file, query.get("v", ""), _if_none_match()))


def _page(name: str) -> Response:
    websocket_url = application().settings.websocket_url
    return _served(pages.load().page(name, websocket_url, _if_none_match()))


def _if_none_match() -> str:
    header: str = _request().headers.get("if-none-match", "")
    return header


def _served(answer: pages.Answer) -> Response:
    return Response(answer.body, status_code=answer.status, headers=dict(answer.headers))


@app.route("/health", methods=["GET"])
def health() -> Response:
    """That the function runs."""
    return Response({"status": "ok"})


@app.route("/languages", methods=["GET"])
def languages() -> Response:
    """What the translation engine really offers."""
    return _answer(
        lambda: {
            "languages": [
                messages.language(offered) for offered in application().translation.list_languages()
            ]
        }
    )


@app.route("/sessions", methods=["POST"])
def open_session() -> Response:
    """Opens a session; the only time its speaker token is shown."""

    def opened() -> dict[str, Any]:
        body = messages.parse_json(_request().raw_body)
        session, token = application().sessions.open(messages.parse_open_session(body))
        return messages.opened_session(session, token, application().settings.websocket_url)

    return _answer(opened, status=201)


@app.route("/sessions/{session_id}", methods=["GET"])
def get_session(session_id: str) -> Response:
    """A session's state."""
    return _answer(
        lambda: messages.session_status(
            application().sessions.get(session_id), application().adapters.clock.now_ms()
        )
    )


@app.route("/sessions/{session_id}", methods=["DELETE"])
def end_session(session_id: str) -> Response:
    """Ends a session for everyone; needs its speaker token."""

    def ended() -> None:
        application().sessions.end_with_token(session_id, _bearer_token())

    return _answer(ended, status=204)


def _request() -> Request:
    if app.current_request is None:
        raise RuntimeError("no request is being served")
    return app.current_request


def _bearer_token() -> str:
    header: str = _request().headers.get("authorization", "")
    scheme, _, token = header.partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise NotSpeaker("the Authorization header must be: Bearer <speakerToken>")
    return token.strip()


def _answer(call: Callable[[], dict[str, Any] | None], status: int = 200) -> Response:
    """The call's result, or the protocol's error with its HTTP status."""
    try:
        body = call()
    except BroadcasterError as failure:
        _log_failure(failure)
        return _refusal(failure)
    except Exception:  # noqa: BLE001
        _log.exception("request failed")
        return _refusal(_INTERNAL)
    return Response("" if body is None else body, status_code=status)


def _refusal(failure: BroadcasterError) -> Response:
    request = _request()
    # Chalice's local server knows no request id of the gateway's: then the function's own.
    own = getattr(request.lambda_context, "aws_request_id", "")
    error = messages.error(failure, str(request.context.get("requestId") or own))
    return Response(error, status_code=failure.http_status)


def _log_failure(failure: BroadcasterError) -> None:
    """A client's mistake is told to the client; ours is logged with its cause."""
    if failure.http_status >= 500:
        _log.error("%s: %s", failure.code, failure.message, exc_info=failure)
