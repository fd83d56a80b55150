"""The WebSocket routes: handshakes, messages, goodbyes."""

import logging
from contextlib import suppress
from dataclasses import replace
from typing import Any

from chalice.app import WebsocketEvent

from chalice_app.admission import origins
from chalice_app.admission.message_limits import Flooding
from chalice_app.bootstrap.routes import RouteParts
from chalice_app.domain.errors import (
    BadMessage,
    BroadcasterError,
    NotSpeaker,
    SessionNotFound,
    Unavailable,
)
from chalice_app.domain.sentence import Sentence
from chalice_app.domain.session import Session
from chalice_app.observability import logs, metrics
from chalice_app.routes.requests import (
    INTERNAL,
    app,
    count_one,
    end_talk,
    log_failure,
    refusals_counted,
    route_parts,
    source_address,
)
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

_log = logging.getLogger(__name__)


@app.on_ws_connect()
@logs.invoked
def connect(event: WebsocketEvent) -> dict[str, Any]:
    """A handshake: admits a listener or the speaker, or refuses with the error's HTTP status."""
    _bind(event)
    status = _admission(event)
    count_one(metrics.HANDSHAKES_ADMITTED if status == 200 else metrics.HANDSHAKES_REFUSED)
    return {"statusCode": status}


def _admission(event: WebsocketEvent) -> int:
    handshake = event.to_dict()
    settings = route_parts().settings
    if not origins.is_allowed(handshake, settings.allowed_origins, settings.require_origin):
        return 403
    try:
        _join(event, incoming.parse_join(handshake.get("queryStringParameters")))
    except BroadcasterError as failure:
        log_failure(failure)
        return failure.http_status
    return 200


def _join(event: WebsocketEvent, join: Join) -> None:
    parts, address = route_parts(), source_address(event.to_dict()["requestContext"])
    with refusals_counted(parts, join.session_id):
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
        _act(route_parts(), event.connection_id, received, context["requestTimeEpoch"])
    except Flooding as flood:
        route_parts().refusals.count_message()
        if not flood.is_silent:
            _tell(event, flood)
    except BroadcasterError as failure:
        log_failure(failure)
        _tell(event, failure)
    except Exception:  # noqa: BLE001
        # The last resort: without it API Gateway would answer in its own words, not the protocol's.
        _log.exception("message failed")
        _tell(event, INTERNAL)
    # Whatever the message was, a heartbeat too: the last cache hits of a talk are written after it.
    route_parts().cache.flush_hits_if_due()
    route_parts().refusals.flush_if_due()


@app.on_ws_disconnect()
@logs.invoked
def disconnect(event: WebsocketEvent) -> None:
    """A socket is closed: its row goes, and the stream takes it out of the rosters."""
    _bind(event)
    route_parts().participants.leave(event.connection_id)
    count_one(metrics.CONNECTIONS_CLOSED)


def _bind(event: WebsocketEvent) -> None:
    logs.bind(
        gatewayRequestId=_request_id(event),
        connection=logs.connection_name(event.connection_id),
    )


def _request_id(event: WebsocketEvent) -> str:
    return str(event.to_dict()["requestContext"].get("requestId", ""))


def _admitted(event: WebsocketEvent) -> Message:
    """The message, which counts for the limits of its connection even where it is malformed."""
    limits = route_parts().message_limits
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
            session = _spoken_by(parts, connection_id)
            parts.overlays.switch(session, hidden=hidden, switched_at=received_at)
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
            end_talk(parts, parts.participants.spoken_by(connection_id))
            parts.cache.flush_hits()


def _speak(parts: RouteParts, connection_id: str, said: Speak, received_at: int) -> None:
    """Sends a sentence; the gateway's clock tells when its sound was, for the speaker's may not."""
    logs.bind(sequence=said.sequence)
    session = _spoken_by(parts, connection_id)
    language = session.source_language
    if said.source_language is not None:
        language = parts.engine.require_language(said.source_language)
    words = parts.glossaries.masked(session, said.text)
    sentence = Sentence(said.sequence, words, language, received_at)
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


def _tell(event: WebsocketEvent, failure: BroadcasterError) -> None:
    sequence = incoming.spoken_sequence(event.body)
    error = outgoing.error(failure, _request_id(event), sequence)
    route_parts().broadcast.notify([event.connection_id], error)
