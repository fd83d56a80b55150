"""What clients receive, to the letter of docs/protocol.md."""

from functools import partial
from typing import Any

import pytest

from chalice_app.domain.errors import (
    BroadcasterError,
    RateLimited,
    SessionNotFound,
    TextTooLong,
)
from chalice_app.domain.languages import Language
from chalice_app.domain.reports import LanguageReport, Posted
from chalice_app.domain.sentence import Caption, Origin
from chalice_app.wire import outgoing
from tests.fakes.domain import NOW_MS, listener, session, speaker

SESSION = "golden-eagle-427"


def test_joined_tells_a_listener_its_language() -> None:
    of = session(last_sequence=12)
    assert outgoing.joined(of, listener(of, "c1", "es")) == {
        "type": "joined",
        "sessionId": SESSION,
        "role": "listener",
        "targetLanguage": "es",
        "sourceLanguage": "en",
        "lastSequence": 12,
    }


def test_joined_tells_a_listener_how_to_come_back() -> None:
    of = session()
    greeting = outgoing.joined(of, listener(of, "c1", "es"), "token_1-2")
    assert greeting.pop("resumeToken") == "token_1-2"
    assert greeting == outgoing.joined(of, listener(of, "c1", "es"))


def test_who_joins_while_the_overlays_are_empty_is_told_so() -> None:
    for of in (session(overlays_hidden=True), session()):
        told = {
            outgoing.joined(of, listener(of, "c1", "es")).get("overlaysHidden"),
            outgoing.joined(of, speaker(of, "c2")).get("overlaysHidden"),
            outgoing.session_status(of, NOW_MS).get("overlaysHidden"),
        }
        assert told == {True if of.overlays_hidden else None}


def test_messages_that_differ_in_a_token_are_as_if_written_one_by_one() -> None:
    of = session()
    write = partial(outgoing.joined, of, listener(of, "c1", "es"))
    tokens = {"a": "Token-1", "b": "token_2"}
    written = outgoing.encode_each(write, tokens)
    assert written == {key: outgoing.encode(write(token)) for key, token in tokens.items()}
    assert outgoing.encode_each(write, {}) == {}


def test_joined_tells_a_speaker_no_language() -> None:
    of = session()
    assert outgoing.joined(of, speaker(of, "c1")) == {
        "type": "joined",
        "sessionId": SESSION,
        "role": "speaker",
        "sourceLanguage": "en",
        "lastSequence": 0,
    }


def test_a_caption_is_flagged_only_where_it_is_untranslated() -> None:
    translated = {
        "type": "caption",
        "sessionId": SESSION,
        "sequence": 7,
        "language": "es",
        "text": "Hola",
        "sourceLanguage": "en",
        "spokenAt": NOW_MS,
    }
    caption = Caption(SESSION, 7, "es", "Hola", "en", NOW_MS, Origin.ENGINE)
    assert outgoing.caption(caption) == translated
    failed = Caption(SESSION, 7, "es", "Hola", "en", NOW_MS, Origin.FAILED)
    assert outgoing.caption(failed) == {**translated, "untranslated": True}


def test_the_delivery_report_counts_each_language() -> None:
    reports = {
        "es": LanguageReport(5, Posted(delivered=2, gone=("a",), dropped=1, failed=1), cached=True),
        "fr": LanguageReport(1, Posted(delivered=1), cached=False, failed=True),
    }
    assert outgoing.spoken(7, reports, duration_ms=123) == {
        "type": "spoken",
        "sequence": 7,
        "languages": {
            "es": {"listeners": 5, "delivered": 2, "gone": 1, "dropped": 1, "cached": True},
            "fr": {
                "listeners": 1,
                "delivered": 1,
                "gone": 0,
                "dropped": 0,
                "cached": False,
                "failed": True,
            },
        },
        "durationMs": 123,
    }


def test_the_roster_message_has_the_counts() -> None:
    of = session(listener_count=3, languages={"es": 2, "fr": 1}, voices={"es": 1})
    assert outgoing.roster(of) == {
        "type": "roster",
        "listenerCount": 3,
        "languages": {"es": 2, "fr": 1},
        "voices": {"es": 1},
    }


def test_a_session_ends_for_a_reason() -> None:
    assert outgoing.session_ended("over") == {"type": "sessionEnded", "reason": "over"}


def test_a_session_is_told_in_epoch_milliseconds() -> None:
    of = session(
        listener_count=2, languages={"es": 2}, voices={"es": 1}, title="Sunday", has_drafts=False
    )
    assert outgoing.session_status(of, NOW_MS) == {
        "sessionId": SESSION,
        "sourceLanguage": "en",
        "isActive": True,
        "listenerCount": 2,
        "languages": {"es": 2},
        "voices": {"es": 1},
        "createdAt": NOW_MS,
        "expiresAt": NOW_MS + 3_600_000,
        "title": "Sunday",
        "drafts": "off",
        "retentionHours": 2,
        "transcript": "speaker",
    }


def test_an_opened_session_shows_its_token() -> None:
    assert outgoing.opened_session(session(), "token", "wss://x/api") == {
        "sessionId": SESSION,
        "speakerToken": "token",
        "sourceLanguage": "en",
        "webSocketUrl": "wss://x/api",
        "expiresAt": NOW_MS + 3_600_000,
    }


def test_a_language_tells_its_quality_only_where_it_is_known() -> None:
    hebrew = {"code": "he", "name": "Hebrew", "nativeName": "עברית", "direction": "rtl"}
    assert outgoing.language(Language("he", "Hebrew", "עברית", "rtl")) == hebrew
    graded = Language("he", "Hebrew", "עברית", "rtl", quality="fair")
    assert outgoing.language(graded) == {**hebrew, "quality": "fair"}


@pytest.mark.parametrize(
    ("failure", "more"),
    [
        (SessionNotFound("gone"), {}),
        (TextTooLong("gone", maxCharacters=9), {"details": {"maxCharacters": 9}}),
        (RateLimited("gone", retryAfterMs=500), {"details": {"retryAfterMs": 500}}),
    ],
)
def test_an_error_carries_its_code_and_the_request(
    failure: BroadcasterError, more: dict[str, Any]
) -> None:
    told = outgoing.error(failure, "request-1")
    told.pop("retryAfterMs", None)
    assert told == {
        "type": "error",
        "code": failure.code,
        "message": "gone",
        "requestId": "request-1",
        **more,
    }


def test_a_rate_limited_client_is_told_when_to_come_back() -> None:
    assert outgoing.error(RateLimited("slow down", retryAfterMs=500), "")["retryAfterMs"] == 500


def test_messages_travel_as_compact_utf8() -> None:
    assert outgoing.encode({"type": "caption", "text": "año 😀"}) == (
        '{"type":"caption","text":"año 😀"}'.encode()
    )
