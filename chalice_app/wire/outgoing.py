"""What clients receive, serialised."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from chalice_app.domain.errors import BroadcasterError
from chalice_app.domain.languages import Language
from chalice_app.domain.reports import LanguageReport, Prepared
from chalice_app.domain.sentence import Caption
from chalice_app.domain.session import Connection, Session

_EACH = "value-of-each-connection"
"""Stands for what differs, until it is known; no other field of such a message may hold it."""


def error(
    failure: BroadcasterError, request_id: str, sequence: int | None = None
) -> dict[str, Any]:
    """An error, for the client that caused it; `sequence` names the sentence that it is about."""
    body: dict[str, Any] = {
        "type": "error",
        "code": failure.code,
        "message": failure.message,
        "requestId": request_id,
    }
    if "retryAfterMs" in failure.details:
        body["retryAfterMs"] = failure.details["retryAfterMs"]
    details = dict(failure.details) | ({} if sequence is None else {"sequence": sequence})
    return body | ({"details": details} if details else {})


def session_status(session: Session, now_ms: int) -> dict[str, Any]:
    """What `GET /sessions/{id}` answers."""
    return {
        "sessionId": session.session_id,
        "sourceLanguage": session.source_language,
        "isActive": session.is_open(now_ms),
        "listenerCount": session.listener_count,
        "languages": dict(session.languages),
        "voices": dict(session.voices),
        "createdAt": session.created_at,
        "expiresAt": session.expires_at_seconds * 1000,
        "title": session.title,
        "drafts": "source" if session.has_drafts else "off",
        "retentionHours": session.retention_hours,
        "transcript": "everyone" if session.has_open_transcript else "speaker",
    } | ({"overlaysHidden": True} if session.overlays_hidden else {})


def refused(reasons: Mapping[str, int], minutes: int) -> dict[str, Any]:
    """How many were refused in the last minutes, for the speaker and the operator."""
    return {"minutes": minutes, "reasons": dict(reasons)}


def opened_session(session: Session, token: str, websocket_url: str) -> dict[str, Any]:
    """What `POST /sessions` answers; the only place that ever shows the token."""
    return {
        "sessionId": session.session_id,
        "speakerToken": token,
        "sourceLanguage": session.source_language,
        "webSocketUrl": websocket_url,
        "expiresAt": session.expires_at_seconds * 1000,
    }


def prepared(done: Prepared) -> dict[str, Any]:
    """What `POST /sessions/{id}/preparation` answers."""
    return {
        "languages": list(done.languages),
        "ready": done.ready,
        "failed": done.failed,
        "overBudget": done.over_budget,
    }


def language(
    offered: Language, dictation: str | None = None, voice: str | None = None
) -> dict[str, Any]:
    """One entry of `GET /languages`.

    `dictation` is how well a recogniser hears it, and `voice` how good its voice is, if it has one.
    """
    body = {
        "code": offered.code,
        "name": offered.name,
        "nativeName": offered.native_name,
        "direction": offered.direction,
    }
    body |= {"quality": offered.quality} if offered.quality else {}
    body |= {"dictation": dictation} if dictation else {}
    return body | ({"voice": voice} if voice else {})


def joined(
    session: Session, connection: Connection, resume_token: str | None = None
) -> dict[str, Any]:
    """Notifies a new connection that the session counts it."""
    body: dict[str, Any] = {
        "type": "joined",
        "sessionId": session.session_id,
        "role": connection.role.value,
        "sourceLanguage": session.source_language,
        "lastSequence": session.last_sequence,
    }
    if connection.target_language is not None:
        body["targetLanguage"] = connection.target_language
    body |= {"overlaysHidden": True} if session.overlays_hidden else {}
    return body | ({"resumeToken": resume_token} if resume_token else {})


def caption(sent: Caption) -> dict[str, Any]:
    """A sentence for the listeners of one language, or that it is retracted."""
    if sent.is_retracted:
        return {"type": "retracted", "sequence": sent.sequence}
    body: dict[str, Any] = {
        "type": "caption",
        "sessionId": sent.session_id,
        "sequence": sent.sequence,
        "language": sent.language,
        "text": sent.text,
        "sourceLanguage": sent.source_language,
        "spokenAt": sent.spoken_at,
    }
    body |= {"revision": sent.revision} if sent.revision else {}
    return body | ({"untranslated": True} if sent.is_untranslated else {})


def draft(sequence: int, language: str, text: str) -> dict[str, Any]:
    """Words of the sentence to come, for the readers of the speaker's own language."""
    return {"type": "draft", "sequence": sequence, "language": language, "text": text}


def speech(
    sequence: int, language: str, url: str, duration_ms: int, part: int = 1, parts: int = 1
) -> dict[str, Any]:
    """The sound of a sentence, or of a part of a long one, for those who want its voice."""
    body: dict[str, Any] = {
        "type": "speech",
        "sequence": sequence,
        "language": language,
        "url": url,
        "durationMs": duration_ms,
        "contentType": "audio/mpeg",
    }
    return body | ({"part": part, "parts": parts} if parts > 1 else {})


def speech_failed(sequence: int, language: str, reason: str) -> dict[str, Any]:
    """Tells the speaker that a sentence has no voice in a language, or not all of it."""
    return {"type": "speechFailed", "sequence": sequence, "language": language, "reason": reason}


def spoken(
    sequence: int, reports: Mapping[str, LanguageReport], duration_ms: int
) -> dict[str, Any]:
    """The delivery report of a sentence, for its speaker."""
    return {
        "type": "spoken",
        "sequence": sequence,
        "languages": {code: _language_report(report) for code, report in reports.items()},
        "durationMs": duration_ms,
    }


def corrected(
    sequence: int, revision: int, reports: Mapping[str, LanguageReport], duration_ms: int
) -> dict[str, Any]:
    """The delivery report of a correction, for its speaker."""
    report = spoken(sequence, reports, duration_ms)
    return report | {"type": "corrected", "revision": revision}


def _language_report(report: LanguageReport) -> dict[str, Any]:
    body: dict[str, Any] = {
        "listeners": report.listeners,
        "delivered": report.posted.delivered,
        "gone": len(report.posted.gone),
        "dropped": report.posted.dropped,
        "cached": report.cached,
    }
    body |= {"failed": True} if report.failed else {}
    return body | ({"overBudget": True} if report.over_budget else {})


def roster(session: Session) -> dict[str, Any]:
    """Who listens now, for the speaker."""
    return {
        "type": "roster",
        "listenerCount": session.listener_count,
        "languages": dict(session.languages),
        "voices": dict(session.voices),
    }


def overlays(hidden: bool) -> dict[str, Any]:
    """Tells the overlays of streams to be empty, or to show captions again."""
    return {"type": "overlays", "hidden": hidden}


def session_ended(reason: str) -> dict[str, Any]:
    """The last message of every connection of a session."""
    return {"type": "sessionEnded", "reason": reason}


def renew(within_ms: int) -> dict[str, Any]:
    """Asks a client to close and come back, at a random moment within that time."""
    return {"type": "renew", "withinMs": within_ms}


HEARTBEAT_ACK: Mapping[str, Any] = {"type": "heartbeatAck"}


def encode(message: Mapping[str, Any]) -> bytes:
    """A message as it goes over the wire."""
    return json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode()


def encode_each(
    message: Callable[[str], Mapping[str, Any]], values: Mapping[str, str]
) -> dict[str, bytes]:
    """The messages of many connections, by connection, that differ in one string of each.

    The message is written once. The strings must be letters, digits, - and _ alone.
    """
    before, _, behind = encode(message(_EACH)).partition(_EACH.encode())
    return {key: before + value.encode() + behind for key, value in values.items()}
