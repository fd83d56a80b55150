"""Who gets the event report, what of, and what there is where nothing is kept."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace

import pytest
from chalice.test import Client, HTTPResponse

from chalice_app.bootstrap.process import composed
from chalice_app.domain.errors import SequenceNotKept, SessionFull
from chalice_app.domain.kept import KeptSentence
from chalice_app.domain.reports import LanguageReport, Posted
from chalice_app.domain.sentence import SentenceRef
from chalice_app.domain.session import Session
from chalice_app.routes import app
from chalice_app.transcripts.files import Link
from chalice_app.transcripts.report_formats import written
from chalice_app.wire.incoming import OpenSession
from tests.fakes.domain import NOW_MS, sentence
from tests.fakes.world import World

REPORTS = {"es": LanguageReport(3, Posted(2, dropped=1), latency_ms=90)}


@pytest.fixture(autouse=True)
def routes_use(world: World) -> Iterator[None]:
    with composed(world.app):
        yield


def opened(world: World, join_code: str | None = None) -> tuple[Session, str]:
    return world.app.sessions.open(OpenSession(source_language="en", join_code=join_code))


def say(world: World, of: Session, sequence: int = 1) -> None:
    """A sentence that was sent and reported."""
    spoken = sentence(sequence, spoken_at=NOW_MS + sequence)
    world.tables.claim_sequence(of, spoken)
    ref = SentenceRef(
        of.session_id, of.created_at, sequence, "speaker", NOW_MS + sequence, NOW_MS + sequence
    )
    world.tables.mark_sent(ref, REPORTS, {"es": "Hola"})


def ask(of: Session, token: str | None, query: str = "", **headers: str) -> HTTPResponse:
    bearer: Mapping[str, str] = {} if token is None else {"Authorization": f"Bearer {token}"}
    with Client(app) as client:
        return client.http.get(
            f"/sessions/{of.session_id}/report{query}", headers={**bearer, **headers}
        )


def test_the_speaker_gets_the_report_as_a_file_that_nobody_caches(world: World) -> None:
    of, token = opened(world)
    say(world, of)
    answer = ask(of, token)
    assert answer.status_code == 200
    assert answer.json_body["totals"] == {
        "listeners": 3,
        "delivered": 2,
        "gone": 0,
        "dropped": 1,
        "failed": 0,
    }
    named = f'attachment; filename="{of.session_id}-report.json"'
    assert answer.headers["Content-Disposition"] == named
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Content-Type"] == "application/json; charset=utf-8"
    assert "Hello" not in answer.body.decode()
    assert "Hola" not in answer.body.decode()


def test_as_csv(world: World) -> None:
    of, token = opened(world)
    say(world, of)
    answer = ask(of, token, "?format=csv")
    assert answer.headers["Content-Type"].startswith("text/csv")
    assert answer.body.decode().endswith(f"\r\n1,{NOW_MS + 1},es,3,2,0,1,0,90,false,false\r\n")


@pytest.mark.parametrize("form", ["xml", "", "JSON", "json%00", "\u202e"])
def test_another_format_is_a_bad_message(world: World, form: str) -> None:
    of, token = opened(world)
    say(world, of)
    answer = ask(of, token, f"?format={form}")
    assert (answer.status_code, answer.json_body["code"]) == (400, "BAD_MESSAGE")
    assert answer.json_body["message"] == "format must be json or csv"


@pytest.mark.parametrize(
    ("token", "status", "code"),
    [(None, 401, "NOT_SPEAKER"), ("another", 401, "NOT_SPEAKER"), ("", 401, "NOT_SPEAKER")],
)
def test_nobody_else_gets_it(world: World, token: str | None, status: int, code: str) -> None:
    of, _ = opened(world)
    say(world, of)
    answer = ask(of, token)
    assert (answer.status_code, answer.json_body["code"]) == (status, code)


def test_behind_a_join_code_the_session_stays_a_secret_and_the_code_is_not_enough(
    world: World,
) -> None:
    of, _ = opened(world, join_code="aula 7")
    say(world, of)
    answer = ask(of, "another", **{"X-Join-Code": "aula%207"})
    assert (answer.status_code, answer.json_body["code"]) == (404, "SESSION_NOT_FOUND")


def test_another_session_s_token_opens_no_report(world: World) -> None:
    of, _ = opened(world)
    _, foreign = opened(world)
    say(world, of)
    assert ask(of, foreign).status_code == 401


def test_before_the_first_sentence_nothing_is_kept(world: World) -> None:
    of, token = opened(world)
    answer = ask(of, token)
    assert (answer.status_code, answer.json_body["code"]) == (404, "SEQUENCE_NOT_KEPT")


def test_a_session_that_keeps_nothing_has_no_report(world: World) -> None:
    of, token = opened(world)
    say(world, of)
    forgetful = replace(of, retention_hours=0)
    with pytest.raises(SequenceNotKept, match="nothing of this session is kept"):
        world.app.reporting.report(forgetful)
    assert ask(of, token).status_code == 200


def test_a_report_is_not_given_beyond_its_time(world: World) -> None:
    of, _ = opened(world)
    say(world, of)
    world.clock.advance(of.kept_until_ms - world.clock.now_ms() - 1)
    assert world.app.reporting.report(of).totals.delivered == 2
    world.clock.advance(1)
    with pytest.raises(SequenceNotKept):
        world.app.reporting.report(of)


def test_a_purge_in_the_middle_leaves_no_report_of_a_half(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    of, _ = opened(world)
    say(world, of, 1)
    say(world, of, 2)
    read = world.tables.read_all

    def purged_in_the_middle(session: Session) -> Iterator[KeptSentence]:
        first, *_ = read(session)
        world.tables._store(replace(world.now(of), purged_at=NOW_MS))
        yield first

    monkeypatch.setattr(world.tables, "read_all", purged_in_the_middle)
    with pytest.raises(SequenceNotKept):
        world.app.reporting.report(of)


def test_the_refused_are_in_it_and_where_they_cannot_be_read_that_is_said(world: World) -> None:
    of, token = opened(world)
    say(world, of)
    world.app.refusals.note_session(of)
    world.app.refusals.count(SessionFull("full"), of.session_id)
    assert ask(of, token).json_body["refused"] == {"SESSION_FULL": 1}
    world.tables.refusing.add("get_counts")
    assert ask(of, token).json_body["refused"] is None


def test_a_report_too_large_for_an_answer_is_put_into_the_bucket(world: World) -> None:
    of, _ = opened(world)
    say(world, of)
    file = written(world.app.reporting.report(of), "csv", NOW_MS)
    size = len(json.dumps(file.body))
    files = replace(world.app.transcript_files, store=world.transcript_files, most_bytes=size)
    assert files.report(of, file) is file
    sent = replace(files, most_bytes=size - 1).report(of, file)
    assert isinstance(sent, Link)
    assert f"{of.session_id}-report.csv" in sent.url
