"""The route of transcripts: what its answers are made of."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace

import pytest
from chalice.test import Client, HTTPResponse

import app as functions
from chalice_app.bootstrap.process import composed
from chalice_app.domain.session import Session
from chalice_app.transcripts.exporting import RETRY_AFTER_MS
from tests.fakes.world import World
from tests.unit.chalice_app.transcripts.talks import keep, slow

Open = tuple[Session, str]


@pytest.fixture(autouse=True)
def handlers_use(world: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    with composed(world.app):
        yield


@pytest.fixture
def opened(world: World) -> Open:
    """A session of which two sentences are kept, and its speaker's token."""
    session, token = world.app.sessions.open("en")
    keep(world, session, ["Good morning. 👋", "Welcome."], {"es": "(sent)"})
    return session, token


def get(opened: Open, query: str, headers: Mapping[str, str] | None = None) -> HTTPResponse:
    session, token = opened
    shown = {"Authorization": f"Bearer {token}"} if headers is None else headers
    with Client(functions.app) as client:
        return client.http.get(f"/sessions/{session.session_id}/transcript?{query}", headers=shown)


def test_a_transcript_is_a_file_that_nobody_keeps(opened: Open) -> None:
    answer = get(opened, "format=txt&language=ES&with=en")
    assert answer.status_code == 200
    assert answer.headers == {
        "Content-Type": "text/plain; charset=utf-8",
        "Content-Disposition": f'attachment; filename="{opened[0].session_id}.es-en.txt"',
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
    }
    assert "(sent) Good morning. 👋" in answer.body.decode()


def test_json_is_not_made_json_twice(opened: Open) -> None:
    answer = get(opened, "format=json")
    assert answer.headers["Content-Type"] == "application/json; charset=utf-8"
    assert isinstance(json.loads(answer.body), dict)


def test_while_it_is_translated_the_answer_says_when_to_ask(world: World, opened: Open) -> None:
    keep(world, opened[0], [f"Sentence {number}." for number in range(40)])
    slow(world, 0.5)
    answer = get(opened, "format=srt&language=fr")
    assert answer.status_code == 202
    assert answer.headers["Retry-After"] == "2"
    assert answer.headers["Cache-Control"] == "no-store"
    said = answer.json_body
    assert said.keys() == {"status", "done", "sentences", "retryAfterMs"}
    assert (said["status"], said["retryAfterMs"]) == ("translating", RETRY_AFTER_MS)
    assert 0 < said["done"] < said["sentences"] == 40


def test_a_large_one_is_elsewhere(world: World, opened: Open) -> None:
    store = world.app.adapters.transcript_files
    small = replace(world.app.transcript_files, most_bytes=10)
    vars(world.app)["transcripts"] = replace(world.app.transcripts, files=small)
    refused = get(opened, "format=txt")
    assert (refused.status_code, refused.json_body["code"]) == (400, "BAD_MESSAGE")
    stored = replace(small, store=store)
    vars(world.app)["transcripts"] = replace(world.app.transcripts, files=stored)
    answer = get(opened, "format=txt")
    assert answer.status_code == 303
    assert answer.headers["Location"].startswith("https://bucket.example/transcripts/")
    assert answer.headers["Cache-Control"] == "no-store"
    assert world.transcript_files.files
    session, token = opened
    vars(world.app)["transcript_files"] = stored
    with Client(functions.app) as client:
        purged = client.http.delete(
            f"/sessions/{session.session_id}?purge=true",
            headers={"Authorization": f"Bearer {token}"},
        )
    assert purged.status_code == 204
    assert world.transcript_files.files == {}
    gone = get(opened, "format=txt")
    assert (gone.status_code, gone.json_body["code"]) == (404, "SEQUENCE_NOT_KEPT")


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        ("", 400, "BAD_MESSAGE"),
        ("format=docx", 400, "BAD_MESSAGE"),
        ("format=srt&format=vtt", 400, "BAD_MESSAGE"),
        ("format=srt&language=es&language=fr", 400, "BAD_MESSAGE"),
        ("format=srt&language=%00", 400, "INVALID_LANGUAGE"),
        ("format=srt&with=", 400, "INVALID_LANGUAGE"),
        ("format=srt&language=ja", 400, "UNSUPPORTED_LANGUAGE"),
    ],
)
def test_what_there_is_not_is_refused(opened: Open, query: str, status: int, code: str) -> None:
    answer = get(opened, query)
    assert (answer.status_code, answer.json_body["code"]) == (status, code)


def test_another_session_s_token_gets_nothing(world: World, opened: Open) -> None:
    _, token = world.app.sessions.open("en")
    answer = get(opened, "format=txt", {"Authorization": f"Bearer {token}"})
    assert (answer.status_code, answer.json_body["code"]) == (401, "NOT_SPEAKER")


def test_where_nothing_is_kept_the_answer_is_404(world: World) -> None:
    silent = world.app.sessions.open("en")
    answer = get(silent, "format=txt")
    assert (answer.status_code, answer.json_body["code"]) == (404, "SEQUENCE_NOT_KEPT")
