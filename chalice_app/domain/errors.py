"""The errors of the protocol: each leaf carries its wire code and HTTP status."""

from collections.abc import Collection, Mapping
from typing import ClassVar


class BroadcasterError(Exception):
    """Base of every error that a client may receive.

    `message` is written for the client: it holds nothing that the client must not see.
    """

    code: ClassVar[str] = "INTERNAL"
    http_status: ClassVar[int] = 500

    def __init__(self, message: str, **details: object) -> None:
        super().__init__(message)
        self.message = message
        self.details: Mapping[str, object] = details


class BadMessage(BroadcasterError):
    """The message or the request is malformed."""

    code = "BAD_MESSAGE"
    http_status = 400


class InvalidLanguage(BroadcasterError):
    """The language is not a well-formed BCP-47 tag."""

    code = "INVALID_LANGUAGE"
    http_status = 400


class UnsupportedLanguage(BroadcasterError):
    """A well-formed language that the translation engine does not offer."""

    code = "UNSUPPORTED_LANGUAGE"
    http_status = 400


class SessionNotFound(BroadcasterError):
    """No open session has that name (never opened, ended or expired)."""

    code = "SESSION_NOT_FOUND"
    http_status = 404


class NotSpeaker(BroadcasterError):
    """Only the session's speaker may do that: wrong token, or a listener's connection."""

    code = "NOT_SPEAKER"
    http_status = 401


class NotOperator(BroadcasterError):
    """The operator's view was asked for without its token."""

    code = "NOT_OPERATOR"
    http_status = 401


class NoOperatorView(BroadcasterError):
    """The stage has no operator's view: its token is not set."""

    code = "NOT_FOUND"
    http_status = 404


class TextTooLong(BroadcasterError):
    """The sentence has more characters than one sentence may have."""

    code = "TEXT_TOO_LONG"
    http_status = 400


class BadGlossary(BroadcasterError):
    """A glossary is malformed; `details` names the term or the blocked word, counted from 0."""

    code = "BAD_GLOSSARY"
    http_status = 400


class SequenceNotKept(BroadcasterError):
    """A sentence or a whole talk is not kept, or not any more; a retracted one is not corrected."""

    code = "SEQUENCE_NOT_KEPT"
    http_status = 404


class RateLimited(BroadcasterError):
    """Requests come too fast; `details` carries `retryAfterMs`."""

    code = "RATE_LIMITED"
    http_status = 429


class SessionFull(BroadcasterError):
    """The session has as many listeners as it admits."""

    code = "SESSION_FULL"
    http_status = 503


class Unavailable(BroadcasterError):
    """A dependency failed or refused for the moment; nothing was changed, a retry may succeed."""

    http_status = 503


class TranslationFailed(BroadcasterError):
    """One language of one sentence could not be translated; the others are unaffected."""


class ConditionFailed(BroadcasterError):
    """A conditional write found another row than it expected; nothing was written.

    `found` is that row, where the write asked for it.
    """

    def __init__(self, message: str, found: Mapping[str, object] | None = None) -> None:
        super().__init__(message)
        self.found: Mapping[str, object] = found or {}


class MalformedRows(BroadcasterError):
    """Rows that are not what this code writes: edited by hand, or written by another version.

    `keys` names them; the other rows of the request can be read without them.
    """

    def __init__(self, keys: Collection[str]) -> None:
        super().__init__("a row is malformed")
        self.keys = frozenset(keys)


class Conflict(BroadcasterError):
    """A transaction was cancelled, by a condition or by another writer; nothing was written."""
