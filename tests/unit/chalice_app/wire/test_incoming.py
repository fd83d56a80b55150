"""What clients send: taken as docs/protocol.md has it, or refused."""

import json
from collections.abc import Callable, Mapping

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from chalice_app.domain.errors import (
    BadMessage,
    BroadcasterError,
    InvalidLanguage,
    TextTooLong,
)
from chalice_app.wire import incoming, outgoing
from chalice_app.wire.incoming import (
    MAX_SEQUENCE,
    MAX_TEXT_CHARACTERS,
    ChangeLanguage,
    Correct,
    Draft,
    End,
    Heartbeat,
    JoinAsListener,
    JoinAsSpeaker,
    Message,
    OpenSession,
    Sound,
    Speak,
    Status,
    SwitchOverlays,
)
from tests.hostile import handshake, http_request, language, message, strategies

SESSION = "golden-eagle-427"

HANDSHAKES = {
    name: bad for name, bad in handshake.MALFORMED.items() if bad.code != "UNSUPPORTED_LANGUAGE"
}
MESSAGES_IN_TEXT = {
    name: (bad.frame, bad.code, bad.says)
    for name, bad in message.FROM_A_LISTENER.items()
    if isinstance(bad.frame, str) and bad.code not in {"UNSUPPORTED_LANGUAGE", "NOT_SPEAKER"}
}
BODIES = {
    name: bad for name, bad in http_request.BODIES.items() if bad.code != "UNSUPPORTED_LANGUAGE"
}
"""What is not offered is well-formed: the parsers let it pass."""

JSON = strategies.documents
ACTIONS = st.sampled_from(["speak", "changeLanguage", "heartbeat", "status", "end"])
MESSAGES = st.fixed_dictionaries(
    {},
    optional={
        "action": ACTIONS | JSON,
        "sequence": st.integers() | JSON,
        "text": st.text(st.characters()) | JSON,
        "targetLanguage": st.sampled_from(["es", "zh-TW", "x"]) | JSON,
        "voice": st.booleans() | JSON,
        "more": JSON,
    },
)


def refusal(parse: Callable[[], object]) -> BroadcasterError | None:
    """The protocol's error that a parser raises; anything else escapes, and fails the test."""
    try:
        parse()
    except BroadcasterError as failure:
        return failure
    return None


# --- Handshakes ----------------------------------------------------------------------------------


def test_a_listener_joins_with_a_session_and_a_language() -> None:
    join = incoming.parse_join({"sessionId": SESSION, "targetLanguage": "es"})
    assert join == JoinAsListener(SESSION, "es", last_sequence=None)


@pytest.mark.parametrize(("text", "sequence"), [("0", 0), ("12", 12), (str(MAX_SEQUENCE),) * 2])
def test_a_listener_that_comes_back_says_what_it_has_seen(text: str, sequence: int | str) -> None:
    query = {"sessionId": SESSION, "targetLanguage": "es", "lastSequence": text}
    assert incoming.parse_join(query) == JoinAsListener(SESSION, "es", int(sequence))


@pytest.mark.parametrize(("text", "wish"), [("true", True), ("false", False)])
def test_a_listener_says_whether_it_wants_the_voice(text: str, wish: bool) -> None:
    query = {"sessionId": SESSION, "targetLanguage": "es", "voice": text}
    assert incoming.parse_join(query) == JoinAsListener(SESSION, "es", None, wants_voice=wish)


def test_the_speaker_joins_with_the_token() -> None:
    join = incoming.parse_join({"sessionId": SESSION, "token": "dG9rZW4_-"})
    assert join == JoinAsSpeaker(SESSION, "dG9rZW4_-")


@pytest.mark.parametrize("query", [None, {}])
def test_a_handshake_without_a_query_is_a_bad_message(query: Mapping[str, str] | None) -> None:
    with pytest.raises(BadMessage):
        incoming.parse_join(query)


@pytest.mark.parametrize("name", HANDSHAKES)
def test_a_malformed_handshake_is_refused(name: str) -> None:
    bad = HANDSHAKES[name]
    failure = refusal(lambda: incoming.parse_join(bad.parameters(SESSION, "abc")))
    assert failure is not None
    assert failure.code == bad.code


@given(
    st.fixed_dictionaries(
        {},
        optional={
            "sessionId": st.just(SESSION) | st.text(),
            "targetLanguage": st.just("es") | st.text(),
            "token": st.just("abc") | st.text(),
            "lastSequence": st.integers().map(str) | st.from_regex(r"[0-9]{1,40}") | st.text(),
            "voice": st.sampled_from(["true", "false"]) | st.text(),
        },
    )
)
def test_no_handshake_raises_anything_but_the_protocols_errors(query: dict[str, str]) -> None:
    failure = refusal(lambda: incoming.parse_join(query))
    assert failure is None or failure.code in {"BAD_MESSAGE", "INVALID_LANGUAGE"}


# --- Languages -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("tag", "canonical"),
    [
        ("es", "es"),
        ("ES", "es"),
        ("pt-br", "pt-BR"),
        ("ZH-tw", "zh-TW"),
        ("es-419", "es-419"),
        ("SR-latn-rs", "sr-Latn-RS"),
        ("haw", "haw"),
        ("zh_hant_tw", "zh-Hant-TW"),
        ("en-US-u-ca-gregory", "en-US"),
        ("ca-valencia", "ca"),
    ],
)
def test_a_language_tag_takes_its_canonical_case(tag: str, canonical: str) -> None:
    assert incoming.parse_language(tag) == canonical


@pytest.mark.parametrize("value", language.INVALID.values(), ids=language.INVALID)
def test_what_is_no_language_tag_is_an_invalid_language(value: object) -> None:
    with pytest.raises(InvalidLanguage):
        incoming.parse_language(value)


@given(st.from_regex(r"[A-Za-z]{2,3}(-[A-Za-z]{4})?(-[A-Za-z]{2}|-[0-9]{3})?", fullmatch=True))
def test_the_canonical_case_is_a_fixed_point(tag: str) -> None:
    once = incoming.parse_language(tag)
    assert incoming.parse_language(once) == once
    assert once.lower() == tag.lower()


# --- Messages ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"action": "speak", "sequence": 7, "text": "Hi"}, Speak(7, "Hi")),
        (
            {"action": "speak", "sequence": 7, "text": "Hola", "sourceLanguage": "ES-mx"},
            Speak(7, "Hola", source_language="es-MX"),
        ),
        ({"action": "speak", "sequence": 7, "text": "Hi", "sourceLanguage": None}, Speak(7, "Hi")),
        ({"action": "correct", "sequence": 7, "text": "Hi"}, Correct(7, "Hi")),
        ({"action": "correct", "sequence": 7, "text": ""}, Correct(7, "")),
        ({"action": "draft", "sequence": 7, "text": "Hi\u200b"}, Draft(7, "Hi")),
        ({"action": "draft", "sequence": 7, "text": ""}, Draft(7, "")),
        ({"action": "speak", "sequence": MAX_SEQUENCE, "text": "é"}, Speak(MAX_SEQUENCE, "é")),
        ({"action": "changeLanguage", "targetLanguage": "FR"}, ChangeLanguage("fr")),
        (
            {"action": "changeLanguage", "targetLanguage": "fr", "voice": True},
            ChangeLanguage("fr", wants_voice=True),
        ),
        (
            {"action": "changeLanguage", "targetLanguage": "fr", "voice": False},
            ChangeLanguage("fr", wants_voice=False),
        ),
        ({"action": "overlays", "hidden": True}, SwitchOverlays(hidden=True)),
        ({"action": "overlays", "hidden": False}, SwitchOverlays(hidden=False)),
        ({"action": "heartbeat"}, Heartbeat()),
        ({"action": "status"}, Status()),
        ({"action": "end", "ignored": [1]}, End()),
    ],
)
def test_every_action_of_the_protocol_is_understood(
    body: dict[str, object], message: Message
) -> None:
    assert incoming.parse_message(json.dumps(body)) == message


@pytest.mark.parametrize("name", MESSAGES_IN_TEXT)
def test_a_malformed_message_is_refused_and_told_why(name: str) -> None:
    frame, code, says = MESSAGES_IN_TEXT[name]
    failure = refusal(lambda: incoming.parse_message(frame))
    assert failure is not None
    assert failure.code == code
    assert says in failure.message


def test_a_sentence_of_the_most_characters_is_taken_and_one_more_is_too_long() -> None:
    def spoken(text: str) -> Message:
        return incoming.parse_message(
            json.dumps({"action": "speak", "sequence": 1, "text": text}, ensure_ascii=False)
        )

    assert spoken("語" * MAX_TEXT_CHARACTERS) == Speak(1, "語" * MAX_TEXT_CHARACTERS)
    with pytest.raises(TextTooLong) as raised:
        spoken("x" * (MAX_TEXT_CHARACTERS + 1))
    assert raised.value.details == {"maxCharacters": MAX_TEXT_CHARACTERS}


def test_a_whole_surrogate_pair_is_a_character() -> None:
    text = '{"action":"speak","sequence":1,"text":"\\ud83d\\ude00"}'
    assert incoming.parse_message(text) == Speak(1, "😀")


@given(MESSAGES | JSON)
@example({"action": {"unhashable": []}})
def test_no_json_raises_anything_but_the_protocols_errors(body: object) -> None:
    failure = refusal(lambda: incoming.parse_message(json.dumps(body)))
    codes = {"BAD_MESSAGE", "INVALID_LANGUAGE", "TEXT_TOO_LONG"}
    assert failure is None or failure.code in codes


@given(st.text() | st.binary())
@example(b"\xff\xfe{")
def test_no_text_or_bytes_raise_anything_but_a_bad_message(raw: str | bytes) -> None:
    failure = refusal(lambda: incoming.parse_json(raw))
    assert failure is None or failure.message == "the message is not valid JSON"


@given(st.text(min_size=1))
def test_no_error_repeats_its_input(text: str) -> None:
    secret = "correct horse" + text
    with pytest.raises(BadMessage) as raised:
        incoming.parse_message(json.dumps({"action": secret}))
    assert "correct horse" not in json.dumps(outgoing.error(raised.value, "id"))


def opened(body: bytes) -> OpenSession:
    return incoming.parse_open_session(incoming.parse_json(body))


@pytest.mark.parametrize("name", BODIES)
def test_a_session_is_opened_by_an_object_with_a_source_language(name: str) -> None:
    bad = BODIES[name]
    failure = refusal(lambda: opened(bad.body))
    assert failure is not None
    assert failure.code == bad.code


def test_the_source_language_of_a_session_must_be_a_tag() -> None:
    assert opened(b'{"sourceLanguage":"EN","more":1}') == OpenSession("en")


@given(JSON)
def test_no_body_raises_anything_but_the_protocols_errors(body: object) -> None:
    failure = refusal(lambda: incoming.parse_open_session({"sourceLanguage": body}))
    assert failure is None or failure.code == "INVALID_LANGUAGE"


@pytest.mark.parametrize("name", ["maxListeners", "characterBudget"])
@pytest.mark.parametrize("value", [1, 2**53 - 1])
def test_a_session_s_own_limit_is_from_one_to_a_browser_s_largest_integer(
    name: str, value: int
) -> None:
    wanted = incoming.parse_open_session({"sourceLanguage": "en", name: value})
    assert value in (wanted.max_listeners, wanted.character_budget)
    for wrong in (0, 2**53):
        with pytest.raises(BadMessage, match=f"^{name} must be a whole number from 1$"):
            incoming.parse_open_session({"sourceLanguage": "en", name: wrong})


@pytest.mark.parametrize(
    ("asked", "hours"), [({}, None), ({"retentionHours": 0}, 0), ({"retentionHours": 720}, 720)]
)
def test_a_session_says_how_long_it_is_kept(asked: dict[str, object], hours: int | None) -> None:
    assert incoming.parse_open_session({"sourceLanguage": "en", **asked}).retention_hours == hours


@pytest.mark.parametrize("hours", [-1, 721, 1.5, "2", True, [2]])
def test_a_session_is_not_kept_for_what_is_no_number_of_hours(hours: object) -> None:
    with pytest.raises(BadMessage, match=r"^retentionHours must be a whole number from 0 to 720$"):
        incoming.parse_open_session({"sourceLanguage": "en", "retentionHours": hours})


def test_a_transcript_is_the_speaker_s_unless_it_is_everyone_s() -> None:
    for wish in ({}, {"transcript": None}, {"transcript": "speaker"}):
        assert not incoming.parse_open_session({"sourceLanguage": "en", **wish}).has_open_transcript
    wish = {"sourceLanguage": "en", "transcript": "everyone"}
    assert incoming.parse_open_session(wish).has_open_transcript
    with pytest.raises(BadMessage, match=r"^transcript must be one of: speaker, everyone$"):
        incoming.parse_open_session({"sourceLanguage": "en", "transcript": "all"})


@pytest.mark.parametrize(("began", "ended"), [(4_200, 700), (0, 0), (120_000, 120_000)])
def test_a_sentence_says_when_it_sounded(began: int, ended: int) -> None:
    sound = {"beganMsAgo": began, "endedMsAgo": ended}
    body = {"action": "speak", "sequence": 1, "text": "Hi", "sound": sound}
    assert incoming.parse_message(json.dumps(body)) == Speak(1, "Hi", Sound(began, ended))


@pytest.mark.parametrize(
    "sound",
    [
        7,
        [],
        {},
        {"beganMsAgo": 1},
        {"beganMsAgo": 1, "endedMsAgo": 2},
        {"beganMsAgo": 120_001, "endedMsAgo": 0},
        {"beganMsAgo": 5, "endedMsAgo": -1},
        {"beganMsAgo": 5.5, "endedMsAgo": 1},
        {"beganMsAgo": True, "endedMsAgo": False},
        {"beganMsAgo": "5", "endedMsAgo": "1"},
    ],
)
def test_a_sentence_with_a_malformed_sound_is_refused(sound: object) -> None:
    body = {"action": "speak", "sequence": 1, "text": "Hi", "sound": sound}
    with pytest.raises(BadMessage):
        incoming.parse_message(json.dumps(body))


@pytest.mark.parametrize(("text", "purge"), [("true", True), ("false", False)])
def test_a_purge_is_asked_for_in_so_many_words(text: str, purge: bool) -> None:
    assert incoming.wants_purge({"purge": [text]}) is purge
    assert not incoming.wants_purge({})
    for wrong in ("", "1", "True", "yes"):
        with pytest.raises(BadMessage, match=r"^purge must be true or false$"):
            incoming.wants_purge({"purge": [wrong]})


@pytest.mark.parametrize("action", ["correct", "draft"])
@pytest.mark.parametrize("text", [" ", "\u200b", None, 7, "\ud800"])
def test_what_only_looks_empty_retracts_and_clears_nothing(action: str, text: object) -> None:
    body = json.dumps({"action": action, "sequence": 7, "text": text})
    with pytest.raises(BadMessage):
        incoming.parse_message(body)
    assert incoming.spoken_sequence(body) == 7


@pytest.mark.parametrize(
    ("wish", "title"),
    [
        (None, None),
        ("", None),
        (" \u200b\n", None),
        ("Sunday service", "Sunday service"),
        ("  Sunday\r\n\tservice\x00 ", "Sunday service"),
        ("\u202eSunday\u202c", "Sunday"),
        ("a\u200cb", "a\u200cb"),
        ("x" * 120, "x" * 120),
        (" " + "x" * 120 + "\n", "x" * 120),
    ],
)
def test_a_title_is_one_line_of_what_shows(wish: str | None, title: str | None) -> None:
    wanted = incoming.parse_open_session({"sourceLanguage": "en", "title": wish})
    assert wanted.title == title


@pytest.mark.parametrize("title", [7, ["Sunday"], True, "x" * 121, 1201 * " ", "half \ud83d"])
def test_a_title_that_is_too_long_or_no_text_is_refused(title: object) -> None:
    with pytest.raises(BadMessage, match=r"^title must"):
        incoming.parse_open_session({"sourceLanguage": "en", "title": title})


def test_drafts_are_wanted_unless_they_are_off() -> None:
    for wish in ({}, {"drafts": None}, {"drafts": "source"}):
        assert incoming.parse_open_session({"sourceLanguage": "en", **wish}).has_drafts
    assert not incoming.parse_open_session({"sourceLanguage": "en", "drafts": "off"}).has_drafts
    for wrong in ("on", True, False, "Off", ["off"]):
        with pytest.raises(BadMessage, match=r"^drafts must be one of: source, off$"):
            incoming.parse_open_session({"sourceLanguage": "en", "drafts": wrong})


def test_marks_of_where_a_word_may_break_are_left_out() -> None:
    text = '{"action":"speak","sequence":1,"text":"in\\u00adfor\\u200bma\\u2060tion \\u200d"}'
    assert incoming.parse_message(text) == Speak(1, "information \u200d")
