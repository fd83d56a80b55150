"""What the code makes conforms to the contracts, and what conforms to them the code takes."""

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from openapi_spec_validator import OpenAPIV31SpecValidator

from chalice_app.domain import errors
from chalice_app.domain.characters import is_unicode, shows_nothing
from chalice_app.domain.reports import LanguageReport, Posted
from chalice_app.domain.sentence import Caption, Origin
from chalice_app.domain.session import Session
from chalice_app.wire import outgoing
from chalice_app.wire.incoming import MAX_SEQUENCE, parse_language, parse_message
from tests import contracts
from tests.fakes import domain

counts = st.integers(0, 10**9)
sequences = st.integers(1, MAX_SEQUENCE)
languages = st.sampled_from(["es", "zh-TW", "pt-BR"])
audiences = st.dictionaries(languages, st.integers(1, 10**6))
texts = st.text(min_size=1)
posted = st.builds(Posted, counts, st.lists(texts, max_size=3).map(tuple), counts, counts)
reports = st.dictionaries(
    languages,
    st.builds(LanguageReport, counts, posted, st.booleans(), st.booleans(), st.booleans()),
)
failures = st.sampled_from(
    [each for each in errors.BroadcasterError.__subclasses__() if "__init__" not in vars(each)]
)


@st.composite
def sessions(draw: st.DrawFn) -> Session:
    """Any session that listeners may have come to."""
    return domain.session(
        is_active=draw(st.booleans()),
        last_sequence=draw(counts),
        listener_count=draw(counts),
        languages=draw(audiences),
        voices=draw(audiences),
        title=draw(st.none() | st.text(min_size=1, max_size=120)),
        has_drafts=draw(st.booleans()),
        retention_hours=draw(st.integers(0, 720)),
        has_open_transcript=draw(st.booleans()),
        overlays_hidden=draw(st.booleans()),
    )


captions = st.builds(
    Caption,
    *(st.just("golden-eagle-427"), sequences, languages, st.text(), languages, counts),
    st.sampled_from(Origin),
    counts,
)


def joined(session: Session, token: str | None) -> dict[str, Any]:
    """A listener's, who has a token, or the speaker's."""
    person = domain.listener(session, "es") if token else domain.speaker(session, "speaker")
    return outgoing.joined(session, person, token)


def refusal(kind: type[errors.BroadcasterError], text: str, number: int | None) -> dict[str, Any]:
    """Any error, of a sentence or not, to be tried again or not."""
    details = {"retryAfterMs": number} if number else {}
    return outgoing.error(kind(text, **details), "request", number)


MESSAGES = {
    "status": st.builds(outgoing.session_status, sessions(), counts).map(
        lambda state: {"type": "sessionStatus", **state}
    ),
    "joined": st.builds(joined, sessions(), st.none() | texts),
    "caption": st.builds(outgoing.caption, captions),
    "draft": st.builds(outgoing.draft, sequences, languages, st.text()),
    "speech": st.builds(outgoing.speech, sequences, languages, texts, counts),
    "speech in parts": st.builds(
        outgoing.speech, sequences, languages, texts, counts, st.integers(1, 3), st.just(3)
    ),
    "speechFailed": st.builds(
        outgoing.speech_failed, sequences, languages, st.sampled_from(["failed", "overBudget"])
    ),
    "spoken": st.builds(outgoing.spoken, sequences, reports, counts),
    "corrected": st.builds(outgoing.corrected, sequences, st.integers(1), reports, counts),
    "roster": st.builds(outgoing.roster, sessions()),
    "overlays": st.builds(outgoing.overlays, st.booleans()),
    "sessionEnded": st.builds(outgoing.session_ended, texts),
    "renew": st.builds(outgoing.renew, counts),
    "heartbeatAck": st.just(dict(outgoing.HEARTBEAT_ACK)),
    "error": st.builds(refusal, failures, texts, st.none() | sequences),
}


@pytest.mark.parametrize("kind", MESSAGES)
@given(data=st.data())
def test_a_message_of_the_server_conforms(kind: str, data: st.DataObject) -> None:
    message = data.draw(MESSAGES[kind])
    contracts.outgoing(message["type"]).validate(json.loads(outgoing.encode(message)))
    more = contracts.outgoing(message["type"]).is_valid(message | {"more": 1})
    assert not more, "a schema must name every property"


@given(sessions(), counts)
def test_a_session_by_http_conforms(session: Session, now_ms: int) -> None:
    schema = contracts.validator(contracts.DOCS / "schemas/http/session.json")
    state = outgoing.session_status(replace(session, listener_count=2), now_ms)
    schema.validate(state)
    schema.validate(state | {"isFull": True, "refused": outgoing.refused({"RATE_LIMITED": 2}, 5)})


anything: st.SearchStrategy[Any] = (
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.just([]) | st.just({})
)
ago = st.integers(-1, 1) | st.integers(119_999, 120_001)
sounds = st.fixed_dictionaries({"beganMsAgo": ago | anything, "endedMsAgo": ago})
long = st.integers(3_990, 4_010).map("a".__mul__)
FIELDS: dict[str, st.SearchStrategy[Any]] = {
    "sequence": st.integers(-1, 2) | st.integers(MAX_SEQUENCE - 1, MAX_SEQUENCE + 1) | anything,
    "text": st.text() | st.sampled_from(["", " ", "\u200b", "\ud800"]) | long | anything,
    "sound": sounds | anything,
    "targetLanguage": languages | st.sampled_from(["", "e", "a" * 101]) | anything,
    "voice": anything,
    "hidden": anything,
    "more": anything,
}
ACTIONS = sorted(path.stem for path in contracts.DOCS.glob("schemas/incoming/*.json"))
GOOD: dict[str, Any] = {
    "sequence": 7,
    "text": "Good morning.",
    "targetLanguage": "es",
    "voice": True,
    "hidden": True,
}


@st.composite
def messages(draw: st.DrawFn) -> dict[str, Any]:
    """One in which at most two fields may be wrong, or missing."""
    message = {"action": draw(st.sampled_from(ACTIONS)), **GOOD}
    for field in draw(st.lists(st.sampled_from(sorted(FIELDS)), max_size=2)):
        message[field] = draw(FIELDS[field])
    missing = draw(st.none() | st.sampled_from(sorted(GOOD)))
    return {field: value for field, value in message.items() if field != missing}


def is_beyond_a_schema(message: dict[str, Any]) -> bool:
    """Whether something is wrong with it that the schema's descriptions alone say."""
    text, sound = message.get("text"), message.get("sound")
    if message["action"] == "changeLanguage":
        return not is_tag(message["targetLanguage"])
    if isinstance(text, str) and message["action"] in ("speak", "draft", "correct"):
        may_be_empty = message["action"] != "speak" and not text
        if not may_be_empty and (shows_nothing(text) or not is_unicode(text)):
            return True
    return (
        isinstance(sound, dict)
        and message["action"] == "speak"
        and sound["endedMsAgo"] > sound["beganMsAgo"]
    )


def is_tag(tag: str) -> bool:
    """Whether it is a language tag, whatever it names."""
    try:
        parse_language(tag)
    except errors.InvalidLanguage:
        return False
    return True


@example({"action": "speak", **GOOD, "sound": {"beganMsAgo": 120_000, "endedMsAgo": 0}})
@example({"action": "speak", **GOOD, "sound": {"beganMsAgo": 120_001, "endedMsAgo": 0}})
@given(messages())
@settings(max_examples=500)
def test_the_parser_takes_what_the_schema_takes_and_refuses_what_it_refuses(
    message: dict[str, Any],
) -> None:
    conforms = contracts.incoming(message["action"]).is_valid(message)
    try:
        parse_message(json.dumps(message))
    except errors.BroadcasterError:
        assert not conforms or is_beyond_a_schema(message)
    else:
        assert conforms


def test_openapi_is_valid_by_its_own_rules() -> None:
    OpenAPIV31SpecValidator(
        contracts.OPENAPI, (contracts.DOCS / "openapi.json").as_uri()
    ).validate()


def test_asyncapi_has_what_version_3_asks_for() -> None:
    """Its published schema is in no package: this is the part of it that the document uses."""
    document = contracts.ASYNCAPI
    assert document["asyncapi"] == "3.0.0"
    assert {"title", "version"} <= document["info"].keys()
    assert document.keys() <= {
        *("asyncapi", "id", "info", "servers", "defaultContentType", "channels", "operations"),
        "components",
    }
    for operation in document["operations"].values():
        assert operation["action"] in ("send", "receive")
        named = {each["$ref"] for each in operation["messages"]}
        channel = operation["channel"]["$ref"]
        assert all(each.startswith(f"{channel}/messages/") for each in named)
    (channel,) = document["channels"].values()
    told = [each["$ref"] for each in channel["messages"].values()]
    assert told == [f"#/components/messages/{name}" for name in document["components"]["messages"]]
    for message in document["components"]["messages"].values():
        assert message.keys() <= {"name", "title", "summary", "description", "payload", "examples"}
        assert all(each.keys() <= {"payload", "name", "summary"} for each in message["examples"])
