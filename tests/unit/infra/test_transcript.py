"""The command that fetches a transcript, against a server that answers as it is told."""

import io
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from infra import transcript
from infra.transcript import Answer, TranscriptError, fetch, main

PROJECT = Path(__file__).parents[3]


class Stage(ThreadingHTTPServer):
    """Gives its answers in their order, and notes what it was asked with which token."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.answers: list[tuple[int, dict[str, str], bytes]] = []
        self.asked: list[tuple[str, str]] = []

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class Handler(BaseHTTPRequestHandler):
    """Of one request."""

    server: Stage

    def do_GET(self) -> None:
        self.server.asked.append((self.path, self.headers.get("Authorization", "")))
        status, headers, body = self.server.answers.pop(0)
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nobody reads it."""


@pytest.fixture
def stage() -> Iterator[Stage]:
    with Stage() as served:
        threading.Thread(target=served.serve_forever, args=(0.01,), daemon=True).start()
        yield served
        served.shutdown()


@pytest.fixture(autouse=True)
def token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPEAKER_TOKEN", "secret")


FILE = {"Content-Disposition": "attachment"}


def whole(body: bytes) -> dict[str, str]:
    return {"Content-Length": str(len(body)), **FILE}


def arguments(stage: Stage, *more: str) -> list[str]:
    return ["--http", stage.address, "--session", "golden-eagle-427", *more]


def translating(retry_after_ms: int = 200) -> tuple[int, dict[str, str], bytes]:
    said = {"status": "translating", "done": 3, "sentences": 9, "retryAfterMs": retry_after_ms}
    return 202, {}, json.dumps(said).encode()


def test_a_file_is_written_whole_once_it_is_translated(
    stage: Stage, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    stage.answers = [translating(), (200, whole(b"1\nhola\n"), b"1\nhola\n")]
    file = tmp_path / "talk.srt"
    more = ("--format", "srt", "--language", "es", "--with", "en", "-o", str(file))
    assert main(arguments(stage, *more)) == 0
    assert file.read_bytes() == b"1\nhola\n"
    assert [each.name for each in tmp_path.iterdir()] == ["talk.srt"]
    query = "/sessions/golden-eagle-427/transcript?format=srt&language=es&with=en"
    assert stage.asked == [(query, "Bearer secret")] * 2
    assert capsys.readouterr().err == "transcript: translating: 3 of 9 sentences\n"


def test_a_large_one_is_fetched_from_the_bucket_without_the_token(
    stage: Stage, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    stage.answers = [
        (303, {"Location": f"{stage.address}/bucket/key?X-Amz-Signature=1"}, b""),
        (200, whole(b"all of it"), b"all of it"),
    ]
    assert main(arguments(stage)) == 0
    assert capsysbinary.readouterr().out == b"all of it"
    assert stage.asked[1] == ("/bucket/key?X-Amz-Signature=1", "")


def test_the_token_may_come_by_stdin(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    stage.answers = [(200, FILE, b"")]
    monkeypatch.setattr("sys.stdin", io.StringIO("other\n"))
    assert main(arguments(stage, "--token-from-stdin")) == 0
    assert stage.asked[0][1] == "Bearer other"


@pytest.mark.parametrize(
    ("answer", "line"),
    [
        ((404, {}, b'{"message":"nothing is kept"}'), "the stage answered 404: nothing is kept"),
        ((200, {"Content-Length": "9"}, b"half"), "the answer broke off (IncompleteRead)"),
        ((502, {}, b"<html>"), "the stage answered 502: no reason: is it a stage?"),
    ],
)
def test_a_failure_is_one_line_and_leaves_the_file_that_is_there(
    stage: Stage,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    answer: tuple[int, dict[str, str], bytes],
    line: str,
) -> None:
    stage.answers = [answer]
    file = tmp_path / "talk.txt"
    file.write_text("yesterday's")
    assert main(arguments(stage, "-o", str(file))) == 1
    assert capsys.readouterr().err == f"transcript: {line}\n"
    assert [each.read_text() for each in tmp_path.iterdir()] == ["yesterday's"]


def test_where_nothing_may_be_written_it_says_so(
    stage: Stage, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    stage.answers = [(200, FILE, b"words")]
    assert main(arguments(stage, "-o", str(tmp_path / "none" / "talk.txt"))) == 1
    assert "cannot be written: No such file or directory" in capsys.readouterr().err


def test_no_stage_is_said_in_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--http", "http://127.0.0.1:1", "--session", "a-b-100"]) == 1
    assert capsys.readouterr().err.startswith("transcript: no stage at http://127.0.0.1:1 (")


@pytest.mark.parametrize(
    "wrong", [["--http", "nowhere"], ["--format", "docx"], ["--http", "ftp://x"]]
)
def test_what_has_no_sense_is_refused_before_anybody_is_asked(wrong: list[str]) -> None:
    base = ["--http", "http://127.0.0.1:1", "--session", "a-b-100"]
    with pytest.raises(SystemExit):
        main([*base, *wrong])


def test_it_waits_as_long_as_it_is_told_and_not_for_ever() -> None:
    pauses: list[float] = []
    said: dict[str, Any] = {"status": "translating", "retryAfterMs": 60_000}
    answer = Answer(202, {}, json.dumps(said).encode())
    with pytest.raises(TranscriptError, match="not ready after 900 s"):
        fetch("http://stage", "", lambda _: None, lambda *_: answer, pauses.append)
    assert set(pauses) == {transcript._MOST_PAUSE}


def test_a_rate_limit_is_waited_for() -> None:
    answers = [
        Answer(429, {}, b'{"retryAfterMs":1500}'),
        Answer(200, {"content-disposition": "x"}, b"words"),
    ]
    pauses: list[float] = []
    got = fetch("http://stage", "", lambda _: None, lambda *_: answers.pop(0), pauses.append)
    assert (got, pauses) == (b"words", [1.5])


def test_a_circle_of_redirects_ends() -> None:
    circle = Answer(303, {"location": "/again"}, b"")
    with pytest.raises(TranscriptError, match="in a circle"):
        fetch("http://stage/a", "", lambda _: None, lambda *_: circle)


def test_what_gives_no_files_is_no_stage(stage: Stage, capsys: pytest.CaptureFixture[str]) -> None:
    stage.answers = [(200, {"Content-Length": "7"}, b"<html/>")]
    assert main(arguments(stage)) == 1
    assert capsys.readouterr().err == (
        "transcript: what answers there gives no files: is it a stage?\n"
    )


@pytest.mark.parametrize(
    "address", ["http://no such", "http://h/?a=b", "http://h/#x", "http://u:secret@h", "ftp://h"]
)
def test_an_address_with_more_than_a_stage_has_is_refused_and_not_told(
    address: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        main(["--http", address, "--session", "golden-eagle-427"])
    assert "secret" not in capsys.readouterr().err


def test_a_file_keeps_its_permissions_and_a_link_leads_to_it(stage: Stage, tmp_path: Path) -> None:
    file, link = tmp_path / "talk.txt", tmp_path / "link.txt"
    file.write_text("old")
    file.chmod(0o600)
    link.symlink_to(file)
    stage.answers = [(200, whole(b"new"), b"new")]
    assert main(arguments(stage, "-o", str(link))) == 0
    assert (link.is_symlink(), file.read_text()) == (True, "new")
    assert file.stat().st_mode & 0o777 == 0o600


def test_what_is_no_file_is_written_to(stage: Stage, tmp_path: Path) -> None:
    os.mkfifo(pipe := tmp_path / "pipe")
    stage.answers = [(200, whole(b"words"), b"words")]
    reader = threading.Thread(target=lambda: read.append(pipe.read_bytes()))
    read: list[bytes] = []
    reader.start()
    assert main(arguments(stage, "-o", str(pipe))) == 0
    reader.join(30)
    assert (read, pipe.is_fifo()) == ([b"words"], True)


def test_who_gave_no_token_is_told_how_to_give_one(
    stage: Stage, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    refused = b'{"message":"it is for its speaker alone"}'
    stage.answers = [(401, {}, refused), (401, {}, refused)]
    assert main(arguments(stage)) == 1
    told = "transcript: the stage answered 401: it is for its speaker alone"
    assert capsys.readouterr().err == f"{told}\n"
    monkeypatch.delenv("SPEAKER_TOKEN")
    assert main(arguments(stage)) == 1
    remedy = "; give its token in $SPEAKER_TOKEN, or with --token-from-stdin"
    assert capsys.readouterr().err == f"{told}{remedy}\n"


def test_an_interrupted_one_says_so_in_one_line(stage: Stage, tmp_path: Path) -> None:
    stage.answers = [translating(retry_after_ms=60_000)]
    file = tmp_path / "talk.srt"
    command = [sys.executable, "-m", "infra.transcript", *arguments(stage, "-o", str(file))]
    with subprocess.Popen(  # noqa: S603 - this project's own command
        command, cwd=PROJECT, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stderr is not None
        assert process.stderr.readline() == "transcript: translating: 3 of 9 sentences\n"
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=30)
    assert (process.returncode, errors) == (130, "transcript: interrupted; no file was written\n")
    assert list(tmp_path.iterdir()) == []
