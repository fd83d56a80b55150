"""`python -m infra.local.say`, as a user runs it against a stage."""

import re
import signal
import subprocess
import sys

import pytest

from infra.local.say import SAMPLE, read_text, split_sentences
from tests.integration.client import PATIENCE, PROJECT, Stage


def saying(stage: Stage, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(  # noqa: S603 - the project's own command
        [sys.executable, "-m", "infra.local.say", "--http", stage.http, *arguments],
        cwd=PROJECT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_the_sample_is_spoken_to_all_languages(stage: Stage, languages: list[str]) -> None:
    sentences = len(split_sentences(read_text(str(SAMPLE)), "en"))
    with saying(stage) as process:
        output, errors = process.communicate(timeout=3 * PATIENCE)
    assert (process.returncode, errors) == (0, "")
    assert f": en to {', '.join(languages)}\n" in output
    expected = sentences * len(languages)
    assert re.search(
        rf"^sentences {sentences}  captions expected {expected}  received {expected}"
        r"  latency median \d+ ms  p99 \d+ ms\n\Z",
        output,
        re.MULTILINE,
    )


@pytest.mark.usefixtures("languages")
def test_standard_input_is_spoken_and_each_line_tells_what_was_heard(stage: Stage) -> None:
    with saying(stage, "--to", "PT,en,pt", "-") as process:
        output, errors = process.communicate("Good morning.\nWelcome!", timeout=3 * PATIENCE)
    assert (process.returncode, errors) == (0, "")
    heard = re.findall(r"^ +(\d)  (pt|en) +\d+ ms  (.+)$", output, re.MULTILINE)
    assert sorted((number, language) for number, language, _ in heard) == [
        ("1", "en"),
        ("1", "pt"),
        ("2", "en"),
        ("2", "pt"),
    ]
    assert ("1", "pt", "Bom dia.") in heard
    assert ("2", "en", "Welcome!") in heard


def test_what_was_said_is_left_to_everyone_where_that_is_asked_for(stage: Stage) -> None:
    for asked, status in (["--transcript", "everyone"], 200), ([], 401):
        with saying(stage, "--to", "en", *asked, "-") as process:
            output, errors = process.communicate("Good morning.", timeout=3 * PATIENCE)
        assert (process.returncode, errors) == (0, "")
        session_id = output.partition(":")[0]
        answer = stage.request("GET", f"/sessions/{session_id}/transcript?format=txt")
        assert answer.status == status, answer
        assert (b"Good morning." in answer.body) == (status == 200)


def test_a_language_that_is_not_offered_is_answered_with_those_that_are(stage: Stage) -> None:
    with saying(stage, "--to", "pt,tlh") as process:
        output, errors = process.communicate(timeout=3 * PATIENCE)
    assert (process.returncode, output) == (2, "")
    assert re.fullmatch(r"say: the stage does not offer tlh; it has .*en,.*pt.*\n", errors)


def test_an_interrupt_ends_the_session(stage: Stage) -> None:
    with saying(stage, "--pace", "1") as process:
        assert process.stdout is not None
        session_id = process.stdout.readline().partition(":")[0]
        assert process.stdout.readline().split()[:2] == ["1", "said"]
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=3 * PATIENCE)
    assert (process.returncode, errors) == (130, "say: interrupted; no session is left open\n")
    assert stage.request("GET", f"/sessions/{session_id}").json["isActive"] is False
