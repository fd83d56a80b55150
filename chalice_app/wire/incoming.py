"""What clients send, parsed and checked.

Every parser raises a leaf of `errors` whose message may be shown to the sender of the input; no
parser repeats the input in it.
"""

import json
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from chalice_app.domain import languages
from chalice_app.domain.characters import is_unicode, one_line, shows_nothing
from chalice_app.domain.errors import BadMessage, InvalidLanguage, TextTooLong
from chalice_app.domain.join_codes import LONGEST, SHORTEST, composed_code
from chalice_app.domain.session_names import is_session_name
from chalice_app.domain.style import PLAIN, Style

MAX_TEXT_CHARACTERS = 4_000
"""One sentence's length; the protocol's limit."""

MAX_TITLE_CHARACTERS = 120
"""A session's title, once it is cleaned; the protocol's limit."""

MAX_SEQUENCE = 2**53 - 1
"""The largest integer that a browser's JSON keeps exact."""

MAX_PREPARED = 20
"""Sentences that one request may have translated beforehand: with a slow engine's two seconds each,
four at a time, it is answered within API Gateway's 29 s."""

MAX_PREPARED_LANGUAGES = 30
"""Languages that a preparation may name."""

MOST_RETENTION_HOURS = 720
"""How long sentences may be kept after a session's end; the protocol's limit."""

LONGEST_SOUND_MS = 120_000
"""How long ago a sentence's sound may have begun; the protocol's limit."""

_UNSEEN = dict.fromkeys(map(ord, "\u00ad\u200b\u2060"))
"""Marks of where a word may be broken or joined, as copied texts have them: engines would read the
word as two."""

_DIGITS = re.compile(r"[0-9]{1,20}")
_TOKEN = re.compile(r"[A-Za-z0-9_-]{1,128}")


@dataclass(frozen=True, slots=True)
class JoinAsListener:
    """A handshake of a listener; `last_sequence` is set when it returns.

    `join_code` and `resume_token` are any text: what is no token is a wrong one.
    """

    session_id: str
    target_language: str
    last_sequence: int | None
    join_code: str | None = None
    resume_token: str | None = None
    wants_voice: bool = False


@dataclass(frozen=True, slots=True)
class JoinAsSpeaker:
    """A handshake of the speaker, who holds the session's token."""

    session_id: str
    token: str


@dataclass(frozen=True, slots=True)
class OpenSession:
    """The wishes for a new session; None where the stage's settings hold."""

    source_language: str
    join_code: str | None = None
    max_listeners: int | None = None
    character_budget: int | None = None
    style: Style = PLAIN
    title: str | None = None
    has_drafts: bool = True
    retention_hours: int | None = None
    has_open_transcript: bool = False


@dataclass(frozen=True, slots=True)
class Prepare:
    """Sentences of a prepared text, to be translated before they are spoken.

    Without `languages`, into those that are listened to now.
    """

    sentences: tuple[str, ...]
    languages: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Sound:
    """When a sentence sounded: how long before its message its first word began, its last ended."""

    began_ms_ago: int
    ended_ms_ago: int


@dataclass(frozen=True, slots=True)
class Speak:
    """One sentence; without `sound` nobody knows when it sounded.

    Without `source_language` it is in the session's own language.
    """

    sequence: int
    text: str
    sound: Sound | None = None
    source_language: str | None = None


@dataclass(frozen=True, slots=True)
class Draft:
    """Words of the sentence to come, which may still change; an empty text clears them."""

    sequence: int
    text: str


@dataclass(frozen=True, slots=True)
class Correct:
    """A kept sentence's new text; an empty one retracts the sentence."""

    sequence: int
    text: str


@dataclass(frozen=True, slots=True)
class ChangeLanguage:
    """A listener's new language, and whether it wants to hear it; None: as before."""

    target_language: str
    wants_voice: bool | None = None


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """Keeps the socket from idling out."""


@dataclass(frozen=True, slots=True)
class Status:
    """Asks for the session's state."""


@dataclass(frozen=True, slots=True)
class SwitchOverlays:
    """Empties the overlays of streams, or fills them again."""

    hidden: bool


@dataclass(frozen=True, slots=True)
class End:
    """Ends the session."""


Join = JoinAsListener | JoinAsSpeaker
Message = Speak | Draft | Correct | ChangeLanguage | Heartbeat | Status | SwitchOverlays | End


def parse_join(query: Mapping[str, str] | None) -> Join:
    """The query of a handshake.

    Raises:
        BadMessage: a parameter is missing or malformed.
        InvalidLanguage: the language is not a BCP-47 tag.
    """
    query = query or {}
    session_id = query.get("sessionId", "")
    if not is_session_name(session_id):
        raise BadMessage("sessionId must be a session's name such as golden-eagle-427")
    token, language = query.get("token"), query.get("targetLanguage")
    if token is not None and language is not None:
        raise BadMessage("send either token or targetLanguage, not both")
    if token is not None:
        return JoinAsSpeaker(session_id, _checked_token(token))
    if language is None:
        raise BadMessage("targetLanguage (listeners) or token (the speaker) is missing")
    return JoinAsListener(
        session_id,
        parse_language(language),
        _last_sequence(query),
        query.get("joinCode"),
        query.get("resumeToken"),
        _flag(query.get("voice"), "voice"),
    )


def _checked_token(token: str) -> str:
    if not _TOKEN.fullmatch(token):
        raise BadMessage("token must be 1 to 128 letters, digits, - or _")
    return token


def _last_sequence(query: Mapping[str, str]) -> int | None:
    text = query.get("lastSequence")
    if text is None:
        return None
    if not _DIGITS.fullmatch(text) or int(text) > MAX_SEQUENCE:
        raise BadMessage("lastSequence must be a whole number")
    return int(text)


def _flag(text: str | None, name: str) -> bool:
    text = "false" if text is None else text
    if text not in ("true", "false"):
        raise BadMessage(f"{name} must be true or false")
    return text == "true"


def single(query: Mapping[str, Sequence[str]], name: str) -> str | None:
    """A query's parameter, of which all values are given; None where it is missing.

    Raises:
        BadMessage: it is there twice.
    """
    values = query.get(name, ())
    if len(values) > 1:
        raise BadMessage(f"{name} must be given once")
    return values[0] if values else None


def wants_purge(query: Mapping[str, Sequence[str]]) -> bool:
    """Whether a `DELETE /sessions/{id}` asks to delete what is kept, too.

    Raises:
        BadMessage: it is not clear.
    """
    return _flag(single(query, "purge"), "purge")


def parse_language(tag: object) -> str:
    """A language tag in its canonical form (`PT_br` is `pt-BR`), without variants and extensions.

    Which of the engine's languages it means is for `translation.engine` to say.

    Raises:
        InvalidLanguage: it is not a tag.
    """
    plain = languages.plain_tag(tag) if isinstance(tag, str) else None
    if plain is None:
        raise InvalidLanguage("the language must be a BCP-47 tag such as es or zh-TW")
    return plain


def parse_open_session(body: object) -> OpenSession:
    """What a `POST /sessions` asks for.

    Raises:
        BadMessage: the body is not a JSON object, lacks the language or has a malformed field.
        InvalidLanguage: the language is not a tag.
    """
    if not isinstance(body, dict) or "sourceLanguage" not in body:
        raise BadMessage('the body must be {"sourceLanguage": "en"}')
    return OpenSession(
        parse_language(body["sourceLanguage"]),
        _new_join_code(body.get("joinCode")),
        _limit(body.get("maxListeners"), "maxListeners"),
        _limit(body.get("characterBudget"), "characterBudget"),
        _style(body),
        _title(body.get("title")),
        _choice(body, "drafts", "source", "off") == "source",
        _retention_hours(body.get("retentionHours")),
        _choice(body, "transcript", "speaker", "everyone") == "everyone",
    )


def _retention_hours(value: object) -> int | None:
    if value is None:
        return None
    if type(value) is not int or not 0 <= value <= MOST_RETENTION_HOURS:
        raise BadMessage(f"retentionHours must be a whole number from 0 to {MOST_RETENTION_HOURS}")
    return value


def _new_join_code(value: object) -> str | None:
    if value is None:
        return None
    code = composed_code(value) if isinstance(value, str) else ""
    if not SHORTEST <= len(code) <= LONGEST or not is_unicode(code):
        raise BadMessage(f"joinCode must have {SHORTEST} to {LONGEST} characters")
    return code


def _limit(value: object, name: str) -> int | None:
    if value is not None and (type(value) is not int or not 1 <= value <= MAX_SEQUENCE):
        raise BadMessage(f"{name} must be a whole number from 1")
    return value


def _title(value: object) -> str | None:
    """A title on one line, without what does not show; None where nothing is left."""
    if value is None:
        return None
    if not isinstance(value, str) or not is_unicode(value):
        raise BadMessage("title must be a string")
    # Character by character: a million of them took a second, before they were too many.
    title = one_line(value) if len(value) <= 10 * MAX_TITLE_CHARACTERS else value
    if len(title) > MAX_TITLE_CHARACTERS:
        raise BadMessage(f"title must have at most {MAX_TITLE_CHARACTERS} characters")
    return None if shows_nothing(title) else title


def _style(body: Mapping[str, object]) -> Style:
    profanity = _choice(body, "profanity", "show", "mask")
    formality = _choice(body, "formality", "default", "formal", "informal")
    return Style(profanity == "mask", None if formality == "default" else formality)


def _choice(body: Mapping[str, object], name: str, default: str, *others: str) -> str:
    value = body.get(name)
    if value is None:
        return default
    if not isinstance(value, str) or value not in (default, *others):
        raise BadMessage(f"{name} must be one of: {', '.join((default, *others))}")
    return value


def parse_preparation(body: object) -> Prepare:
    """What a `POST /sessions/{id}/preparation` asks for.

    Raises:
        BadMessage: the body has no list of sentences, too many of them, or one without text.
        TextTooLong: a sentence is longer than `MAX_TEXT_CHARACTERS`.
        InvalidLanguage: a language is not a tag.
    """
    wanted = body if isinstance(body, dict) else {}
    sentences = _listed(wanted.get("sentences"), "sentences", MAX_PREPARED)
    named = wanted.get("languages")
    codes = None if named is None else _listed(named, "languages", MAX_PREPARED_LANGUAGES)
    return Prepare(
        tuple(map(_sentence_text, sentences)),
        None if codes is None else tuple(dict.fromkeys(map(parse_language, codes))),
    )


def _listed(value: object, name: str, most: int) -> list[object]:
    if not isinstance(value, list) or not 1 <= len(value) <= most:
        raise BadMessage(f"{name} must be a list of 1 to {most} strings")
    return value


def parse_json(text: str | bytes) -> object:
    """JSON as RFC 8259 has it: no NaN, no Infinity.

    Raises:
        BadMessage: it is not JSON, or nested too deeply for the parser.
    """
    try:
        return json.loads(text, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        raise BadMessage("the message is not valid JSON") from None


def _refuse_constant(name: str) -> None:
    raise ValueError(name)


def parse_message(text: str) -> Message:
    """One WebSocket message.

    Raises:
        BadMessage: not a JSON object, an unknown action, a field missing or of the wrong type.
        InvalidLanguage: the language is not a tag.
        TextTooLong: the sentence is longer than `MAX_TEXT_CHARACTERS`.
    """
    body = parse_json(text)
    if not isinstance(body, dict):
        raise BadMessage("the message must be a JSON object")
    match body.get("action"):
        case "speak" | "draft" | "correct":
            return _said(body)
        case "changeLanguage":
            return ChangeLanguage(parse_language(body.get("targetLanguage")), _wish(body))
        case "heartbeat":
            return Heartbeat()
        case "status":
            return Status()
        case "overlays":
            return _switch_overlays(body)
        case "end":
            return End()
    raise BadMessage(
        "action must be speak, changeLanguage, heartbeat, status, end, correct, draft or overlays"
    )


def _switch_overlays(body: Mapping[str, object]) -> SwitchOverlays:
    hidden = body.get("hidden")
    if not isinstance(hidden, bool):
        raise BadMessage("hidden must be true or false")
    return SwitchOverlays(hidden)


def _wish(body: Mapping[str, object]) -> bool | None:
    wish = body.get("voice")
    if "voice" in body and not isinstance(wish, bool):
        raise BadMessage("voice must be true or false")
    return wish if isinstance(wish, bool) else None


def _said(body: Mapping[str, object]) -> Speak | Draft | Correct:
    sequence, text = _sequence(body.get("sequence")), body.get("text")
    match body["action"]:
        case "draft":
            return Draft(sequence, _text_or_nothing(text))
        case "correct":
            return Correct(sequence, _text_or_nothing(text))
        case _:
            spoken_in = body.get("sourceLanguage")
            language = None if spoken_in is None else parse_language(spoken_in)
            return Speak(sequence, _sentence_text(text), _sound(body.get("sound")), language)


def _sound(value: object) -> Sound | None:
    if value is None:
        return None
    times = value if isinstance(value, dict) else {}
    began, ended = times.get("beganMsAgo"), times.get("endedMsAgo")
    if type(began) is not int or type(ended) is not int:
        raise BadMessage('sound must be {"beganMsAgo": 4200, "endedMsAgo": 700}')
    if not 0 <= ended <= began <= LONGEST_SOUND_MS:
        raise BadMessage(f"0 <= endedMsAgo <= beganMsAgo <= {LONGEST_SOUND_MS} must hold in sound")
    return Sound(began, ended)


def spoken_sequence(text: str) -> int | None:
    """The sequence of a sentence, a draft or a correction, whatever else may be wrong with it.

    None where it has none that a sentence may have. Errors name it, so that the speaker's client
    knows which sentence is refused.
    """
    with suppress(BadMessage):
        body = parse_json(text)
        if isinstance(body, dict) and body.get("action") in ("speak", "draft", "correct"):
            return _sequence(body.get("sequence"))
    return None


def _sequence(value: object) -> int:
    if type(value) is not int or not 1 <= value <= MAX_SEQUENCE:
        raise BadMessage("sequence must be a whole number from 1")
    return value


def _sentence_text(value: object) -> str:
    if not isinstance(value, str) or shows_nothing(value):
        raise BadMessage("text must be a string with visible characters")
    if len(value) > MAX_TEXT_CHARACTERS:
        raise TextTooLong("the sentence is too long", maxCharacters=MAX_TEXT_CHARACTERS)
    if not is_unicode(value):
        raise BadMessage("text must be valid Unicode: it has half a surrogate pair")
    return value.translate(_UNSEEN)


def _text_or_nothing(value: object) -> str:
    """Nothing retracts, or clears a draft. What only looks like nothing is refused: a slip."""
    return "" if value == "" else _sentence_text(value)
