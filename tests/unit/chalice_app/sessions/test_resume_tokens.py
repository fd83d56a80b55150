"""Resume tokens: one session issues them and takes them back, and no other."""

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalice_app.domain.session import Session
from chalice_app.sessions.resume_tokens import ResumeTokens
from chalice_app.sessions.tokens import hash_token

SESSION = Session("golden-eagle-427", "en", hash_token("token"), 1_700_000_000_000, 1_700_043_200)
CONNECTION = "L0SM9cOFvHcCIhw="


def test_a_session_knows_its_own_tokens() -> None:
    token = ResumeTokens(SESSION).issue(CONNECTION)
    assert re.fullmatch("[A-Za-z0-9_-]{32}", token)
    assert ResumeTokens(SESSION).is_valid(token)
    assert SESSION.token_hash not in token


def test_a_connection_is_told_the_same_token_again_and_another_another() -> None:
    tokens = ResumeTokens(SESSION)
    assert tokens.issue(CONNECTION) == ResumeTokens(SESSION).issue(CONNECTION)
    assert tokens.issue(CONNECTION) != tokens.issue("M0SM9cOFvHcCIhw=")


@pytest.mark.parametrize(
    "other",
    [
        replace(SESSION, session_id="golden-eagle-428"),
        replace(SESSION, created_at=SESSION.created_at + 1),
        replace(SESSION, token_hash=hash_token("another")),
        None,
    ],
    ids=["name", "epoch", "secret", "no session"],
)
def test_another_session_s_token_is_a_forged_one(other: Session | None) -> None:
    token = ResumeTokens(SESSION).issue(CONNECTION)
    assert not ResumeTokens(other).is_valid(token)
    assert not ResumeTokens(SESSION).is_valid(ResumeTokens(other).issue(CONNECTION))


def test_without_a_session_no_token_is_valid_though_anybody_could_make_it() -> None:
    nobody = ResumeTokens(None)
    assert not nobody.is_valid(nobody.issue(CONNECTION))


def test_what_the_session_comes_to_does_not_change_its_tokens() -> None:
    token = ResumeTokens(SESSION).issue(CONNECTION)
    later = replace(SESSION, is_active=False, last_sequence=7, listener_count=3)
    assert ResumeTokens(later).is_valid(token)


def test_no_character_of_a_token_may_differ() -> None:
    token = ResumeTokens(SESSION).issue(CONNECTION)
    for place, was in enumerate(token):
        changed = token[:place] + ("A" if was != "A" else "B") + token[place + 1 :]
        assert not ResumeTokens(SESSION).is_valid(changed)


@pytest.mark.parametrize(
    "text",
    ["", "A", "A" * 31, "A" * 32, "A" * 33, "A" * 10_240, "é" * 32, "\ud800" * 32, "=" * 32,
     "A" * 31 + "\n", "A" * 32 + "\n", "٣" * 32],
)  # fmt: skip
def test_what_is_no_token_is_not_valid(text: str) -> None:
    assert not ResumeTokens(SESSION).is_valid(text)


@given(st.text() | st.text("AZaz09-_", min_size=32, max_size=32))
def test_any_text_may_be_asked_about(text: str) -> None:
    assert not ResumeTokens(SESSION).is_valid(text)
