"""What remains of a talk: transcripts on the real stage, for those who may have them."""

import asyncio
import subprocess
import sys
import time
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import pytest

from tests.integration.client import PATIENCE, PROJECT, TRIES, Answer, Session, Stage, Talk
from tests.integration.kept_talk import keep_talk

SAID = ("Good morning to everybody.", "This was a mistake.", "Welcome. 👋 <i>1 & 2</i> --> 3")
CORRECTED = "Good evening to everybody."
TYPES = {
    "txt": "text/plain; charset=utf-8",
    "srt": "application/x-subrip; charset=utf-8",
    "vtt": "text/vtt; charset=utf-8",
    "json": "application/json; charset=utf-8",
}


def opened(stage: Stage, **wanted: object) -> Session:
    """A session that keeps what its opener wants."""
    answer = stage.request("POST", "/sessions", {"sourceLanguage": "en", **wanted})
    assert answer.status == 201, answer
    body = answer.json
    return Session(body["sessionId"], body["speakerToken"], body["webSocketUrl"])


def transcript(
    stage: Stage, session: Session, token: str | None = None, code: str = "", **query: str
) -> Answer:
    """The answer for the speaker, or for who shows another token or none, once it is translated."""
    headers = {"Authorization": f"Bearer {token or session.token}"} if token != "" else {}
    headers |= {"X-Join-Code": code} if code else {}
    path = f"/sessions/{session.session_id}/transcript?{urlencode({'format': 'txt'} | query)}"
    deadline = time.monotonic() + PATIENCE
    while (answer := stage.request("GET", path, headers=headers)).status == 202:
        assert time.monotonic() < deadline, answer
        assert answer.json["status"] == "translating"
        assert int(answer.headers["Retry-After"]) >= 1
        time.sleep(answer.json["retryAfterMs"] / 1000)
    return answer


def refusal(answer: Answer) -> tuple[int, str]:
    return answer.status, answer.json["code"]


async def speak(at: Talk, *texts: str) -> None:
    """A whole talk, with its corrections, to a listener of another language and one of its own."""
    speaker = await at.join_speaker()
    await at.join_all(["pt", "en"])
    for text in texts:
        await at.say(speaker, text)
    if len(texts) == len(SAID):
        for _ in range(TRIES):
            report = await at.correct(speaker, 1, CORRECTED)
            # A busy machine may be too slow for a translation.
            if not any("failed" in each for each in report["languages"].values()):
                break
        await at.correct(speaker, 2, "")


def spoken(stage: Stage, session: Session, *texts: str) -> None:
    """The same, from beginning to end."""

    async def scenario() -> None:
        async with AsyncExitStack() as sockets:
            await speak(Talk(stage, session, sockets), *texts)

    asyncio.run(scenario())


@pytest.fixture(scope="module")
def session(stage: Stage, languages: list[str]) -> Session:
    """A talk that has been spoken; it is still open."""
    made = opened(stage, title="A talk", transcript="everyone", retentionHours=3)
    spoken(stage, made, *SAID)
    return made


@pytest.mark.parametrize("format", list(TYPES))
def test_every_format_comes_as_a_file(stage: Stage, session: Session, format: str) -> None:  # noqa: A002
    answer = transcript(stage, session, format=format)
    assert answer.status == 200, answer
    name = f"{session.session_id}.en.{format}"
    told = {header.lower(): value for header, value in answer.headers.items()}
    assert told["content-type"] == TYPES[format]
    assert told["content-disposition"] == f'attachment; filename="{name}"'
    assert told["cache-control"] == "no-store"
    assert told["x-content-type-options"] == "nosniff"
    text = answer.body.decode()
    assert CORRECTED in text
    assert "👋" in text
    assert SAID[0] not in text
    assert SAID[1] not in text


def test_two_languages_and_one_that_nobody_listened_to(
    stage: Stage, session: Session, languages: list[str]
) -> None:
    both = transcript(stage, session, language="pt_BR", **{"with": "en-GB"}, format="srt")
    assert both.headers["Content-Disposition"].endswith(f'"{session.session_id}.pt-en.srt"')
    assert CORRECTED in both.body.decode()
    assert "Boa noite" in both.body.decode()
    for code in set(languages) - {"pt"}:
        first = transcript(stage, session, language=code)
        assert first.status == 200, first
        assert CORRECTED not in first.body.decode()
        assert transcript(stage, session, language=code).body == first.body


def test_who_may_have_it(stage: Stage, session: Session) -> None:
    anybody = transcript(stage, session, token="")
    assert CORRECTED in anybody.body.decode()
    closed = opened(stage)
    spoken(stage, closed, "Good morning.")
    assert transcript(stage, closed).status == 200
    assert refusal(transcript(stage, closed, token="")) == (401, "NOT_SPEAKER")
    assert refusal(transcript(stage, closed, token=session.token)) == (401, "NOT_SPEAKER")


def test_a_join_code_is_asked_for(stage: Stage) -> None:
    coded = opened(stage, joinCode="Hall 7", transcript="everyone")
    assert refusal(transcript(stage, coded, token="")) == (404, "SESSION_NOT_FOUND")
    assert refusal(transcript(stage, coded, token="", code="Hall 8")) == (404, "SESSION_NOT_FOUND")
    # Who may have it learns that nothing is there yet.
    assert refusal(transcript(stage, coded, token="", code="Hall%207")) == (
        404,
        "SEQUENCE_NOT_KEPT",
    )


def test_it_is_there_when_the_talk_is_over_until_it_is_purged(stage: Stage) -> None:
    made = opened(stage)
    spoken(stage, made, "Good morning.")
    assert stage.end(made).status == 204
    assert "Good morning." in transcript(stage, made).body.decode()
    bearer = {"Authorization": f"Bearer {made.token}"}
    path = f"/sessions/{made.session_id}?purge=true"
    assert stage.request("DELETE", path, headers=bearer).status == 204
    assert refusal(transcript(stage, made)) == (404, "SEQUENCE_NOT_KEPT")


def test_nothing_is_kept_where_nobody_wants_it_and_where_nobody_spoke(stage: Stage) -> None:
    made = opened(stage, retentionHours=0, transcript="everyone")
    spoken(stage, made, "Good morning.")
    assert refusal(transcript(stage, made)) == (404, "SEQUENCE_NOT_KEPT")
    silent = opened(stage)
    assert refusal(transcript(stage, silent)) == (404, "SEQUENCE_NOT_KEPT")
    unknown = Session("golden-eagle-100", made.token, made.url)
    assert refusal(transcript(stage, unknown)) == (404, "SESSION_NOT_FOUND")


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ({"format": "docx"}, "BAD_MESSAGE"),
        ({"format": ""}, "BAD_MESSAGE"),
        ({"language": "no language"}, "INVALID_LANGUAGE"),
        ({"with": "?"}, "INVALID_LANGUAGE"),
        ({"language": "tlh"}, "UNSUPPORTED_LANGUAGE"),
        ({"with": "tlh"}, "UNSUPPORTED_LANGUAGE"),
    ],
)
def test_what_there_is_not_is_refused(
    stage: Stage, session: Session, query: dict[str, str], code: str
) -> None:
    assert refusal(transcript(stage, session, **query)) == (400, code)


def test_the_command_writes_the_same_file(stage: Stage, session: Session, tmp_path: Path) -> None:
    file = tmp_path / "talk.srt"
    command = [sys.executable, "-m", "infra.transcript", "--http", stage.http]
    command += ["--session", session.session_id, "--format", "srt", "--language", "pt"]
    done = subprocess.run(  # noqa: S603 - this project's own command
        [*command, "-o", str(file), "--token-from-stdin"],
        cwd=PROJECT,
        input=session.token,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    assert file.read_bytes() == transcript(stage, session, format="srt", language="pt").body


def test_a_large_one_is_fetched_from_the_bucket_until_it_is_purged(stage: Stage) -> None:
    made = opened(stage)
    keep_talk(stage, made, {"en": "x" * 3_900}, 1_500)
    answer = transcript(stage, made, format="txt")
    assert answer.status == 303, answer
    bucket = urlsplit(answer.headers["Location"])
    there = replace(stage, http=f"{bucket.scheme}://{bucket.netloc}")
    address = f"{bucket.path}?{bucket.query}"
    page = {"Origin": stage.http}
    file = there.request("GET", address, headers=page)
    assert file.status == 200, file
    told = {header.lower(): value for header, value in file.headers.items()}
    assert told["content-type"] == TYPES["txt"]
    assert told["content-disposition"] == f'attachment; filename="{made.session_id}.en.txt"'
    assert told["access-control-allow-origin"] == stage.http
    assert len(file.body) > 5_000_000
    assert b"sentence 1500." in file.body
    bearer = {"Authorization": f"Bearer {made.token}"}
    purge = f"/sessions/{made.session_id}?purge=true"
    assert stage.request("DELETE", purge, headers=bearer).status == 204
    assert there.request("GET", address, headers=page).status == 404


def test_a_long_talk_is_translated_in_the_background(stage: Stage, languages: list[str]) -> None:
    """Longer than a request translates for: the answers count up, and the file has all of it."""
    made = opened(stage)
    keep_talk(stage, made, {"en": "We are here to talk about what remains of a long talk"}, 1_440)
    bearer = {"Authorization": f"Bearer {made.token}"}
    path = f"/sessions/{made.session_id}/transcript?format=txt&language={languages[-1]}"
    done = [0]
    deadline = time.monotonic() + 3 * PATIENCE
    while (answer := stage.request("GET", path, headers=bearer)).status == 202:
        assert answer.json["sentences"] == 1_440
        if answer.json["done"] > done[-1]:
            # However slow the machine is, it comes forward.
            deadline = time.monotonic() + 3 * PATIENCE
        assert time.monotonic() < deadline, answer
        done.append(answer.json["done"])
        time.sleep(answer.json["retryAfterMs"] / 1000)
    assert done == sorted(done)
    assert done[-1] > 0
    text = answer.body.decode()
    assert text.count("1440") == 1
    assert "We are here" not in text
