"""The HTTP routes of sessions, of languages, and of the operator's view."""

from typing import Any

from chalice.app import Response

from chalice_app.admission.refusals import MINUTES
from chalice_app.bootstrap.routes import RouteParts
from chalice_app.domain.errors import (
    NotSpeaker,
    Unavailable,
)
from chalice_app.domain.session import Session
from chalice_app.glossary import messages as glossary_messages
from chalice_app.glossary.parsing import parse_glossary
from chalice_app.observability import metrics
from chalice_app.operations import messages as operator_messages
from chalice_app.routes.addresses import websocket_url
from chalice_app.routes.requests import (
    answered,
    app,
    bearer_token,
    caller_of_request,
    count_one,
    current_request,
    end_talk,
    queried,
    refusals_counted,
    request_body,
    route_parts,
    session_of_speaker,
    source_address,
)
from chalice_app.synthesis.voices import voice_quality
from chalice_app.transcription import messages as dictation_messages
from chalice_app.wire import incoming, outgoing


@app.route("/health", methods=["GET"])
def health() -> Response:
    """Shows that the function runs."""
    return Response({"status": "ok"})


@app.route("/languages", methods=["GET"])
def languages() -> Response:
    """The languages that the engine offers, and which of them may be dictated or are spoken."""

    def offered() -> dict[str, Any]:
        """What the engine translates, the recogniser hears, and the voices speak."""
        parts = route_parts()
        spoken = parts.settings.voice_languages
        return {
            "languages": [
                outgoing.language(
                    each, parts.dictation.quality(each.code), voice_quality(each.code, spoken)
                )
                for each in parts.engine.list_languages()
            ]
        }

    return answered(offered)


@app.route("/sessions", methods=["POST"])
def open_session() -> Response:
    """Opens a session, for an owner where the stage asks for one; shows the speaker token once."""

    def opened() -> dict[str, Any]:
        owner, parts = _owner(), route_parts()
        url = websocket_url(parts.settings.websocket_url, current_request().headers)
        wanted = incoming.parse_open_session(incoming.parse_json(request_body()))
        parts.rate_limits.admit_session(source_address(current_request().context), owner)
        session, token = parts.sessions.open(wanted)
        count_one(metrics.SESSIONS_OPENED)
        return outgoing.opened_session(session, token, url)

    return answered(opened, status=201)


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
        parts = route_parts()
        session, is_speaker = _looked(parts, session_id)
        status = outgoing.session_status(session, parts.adapters.clock.now_ms())
        status |= {"isFull": True} if parts.capacity.is_full(session) else {}
        return status | (_refused(parts, session_id) if is_speaker else {})

    return answered(state)


@app.route("/sessions/{session_id}", methods=["DELETE"])
def end_session(session_id: str) -> Response:
    """Ends a session for everyone; needs its speaker token.

    With `?purge=true` everything that is kept of it is deleted at once, and it may have ended.
    """

    def ended() -> None:
        if incoming.wants_purge(queried()):
            _purge(route_parts(), session_id)
        else:
            end_talk(route_parts(), session_of_speaker(session_id))

    return answered(ended, status=204)


def _purge(parts: RouteParts, session_id: str) -> None:
    session = session_of_speaker(session_id, parts.entrance.of_owner)
    purged = parts.sessions.purge(session)
    parts.transcript_files.delete_all(purged)
    parts.glossaries.forget(purged)
    if session.is_active:
        parts.dictation.end_with(purged)


@app.route("/sessions/{session_id}/glossary", methods=["PUT"])
def put_glossary(session_id: str) -> Response:
    """Replaces the session's glossary, from the next sentence on; needs its speaker token."""

    def replaced() -> dict[str, Any]:
        parts, session = route_parts(), session_of_speaker(session_id)
        glossary = parse_glossary(request_body())
        parts.glossaries.replace(session, glossary)
        return glossary_messages.summary(glossary)

    return answered(replaced)


@app.route("/sessions/{session_id}/glossary", methods=["GET"])
def get_glossary(session_id: str) -> Response:
    """The session's glossary, for its speaker alone; empty where it has none."""

    def found() -> dict[str, Any]:
        parts, session = route_parts(), session_of_speaker(session_id)
        return glossary_messages.glossary(parts.glossaries.read(session))

    return answered(found)


@app.route("/sessions/{session_id}/preparation", methods=["POST"])
def prepare_sentences(session_id: str) -> Response:
    """Translates a prepared text's next sentences into the cache; needs the speaker token."""

    def prepared() -> dict[str, Any]:
        """How many are ready."""
        parts, session = route_parts(), session_of_speaker(session_id)
        wanted = incoming.parse_preparation(incoming.parse_json(request_body()))
        named = wanted.languages
        offered = dict.fromkeys(map(parts.engine.require_language, named or ()))
        parts.rate_limits.admit_preparation(session)
        languages = list(session.languages if named is None else offered)
        done = parts.preparation.prepare(session, wanted.sentences, languages)
        # At once: it may be long until this function is called again.
        parts.cache.flush_hits()
        return outgoing.prepared(done)

    return answered(prepared)


@app.route("/sessions/{session_id}/transcription", methods=["POST"])
def grant_dictation(session_id: str) -> Response:
    """An address at which the speaker's page streams the microphone; needs the speaker token."""

    def granted() -> dict[str, Any]:
        parts, session = route_parts(), session_of_speaker(session_id)
        rate = dictation_messages.parse_sample_rate(incoming.parse_json(request_body()))
        endpoint = websocket_url(parts.settings.transcribe_url, current_request().headers)
        with refusals_counted(parts, session_id):
            return dictation_messages.granted(parts.dictation.grant(session, rate, endpoint))

    return answered(granted, status=201)


@app.route("/sessions/{session_id}/transcription", methods=["DELETE"])
def end_dictation(session_id: str) -> Response:
    """The speaker's stream is over, so its minutes count no longer; needs the speaker token."""

    def ended() -> None:
        route_parts().dictation.end(session_of_speaker(session_id))

    return answered(ended, status=204)


@app.route("/ops/state", methods=["GET"])
def operator_state() -> Response:
    """What the operator's page shows; needs the operator's token, unless the stage asks none."""
    return answered(
        lambda: operator_messages.stage_state(route_parts().operations.state(bearer_token() or ""))
    )


def _looked(parts: RouteParts, session_id: str) -> tuple[Session, bool]:
    """The session for its own people, and whether its speaker asks.

    Who asks why its handshake was refused (`joining=refused`) has been counted by the handshake.
    """
    caller = caller_of_request()
    query = current_request().query_params
    if query is not None and query.get("joining") == "refused":
        return parts.entrance.look(session_id, caller)
    with refusals_counted(parts, session_id):
        return parts.entrance.look(session_id, caller)


def _refused(parts: RouteParts, session_id: str) -> dict[str, Any]:
    """Who was refused lately; left out where that cannot be read, as the rest is worth more."""
    try:
        reasons = parts.refusals.recent([session_id])[session_id]
    except Unavailable:
        return {}
    return {"refused": outgoing.refused(reasons, MINUTES)}


def _owner() -> str | None:
    """The owner of the session to open; None where the stage asks for none."""
    owners = route_parts().adapters.owners
    if owners is None:
        return None
    if (token := bearer_token()) is None:
        raise NotSpeaker("the Authorization header must be: Bearer <JWT>")
    return owners.owner_of(token)
