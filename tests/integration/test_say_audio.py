"""`python -m infra.local.say --audio`, as a user runs it against a stage."""

import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.integration.client import PATIENCE, PROJECT, Stage
from tests.speech.recording import Recording, record

SENTENCES = [
    "Good morning, and welcome to the old church by the river.",
    "We bake four hundred loaves of bread every morning.",
    "Thank you for coming, and please take a seat.",
]
SECONDS = 3 * PATIENCE
"""The model is loaded when the first one dictates, and the recording takes 15 s."""


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Recording]:
    """Three sentences by one voice."""
    path = tmp_path_factory.mktemp("recording") / "talk.wav"
    spoken = record([SENTENCES])
    spoken.save(path)
    path.with_suffix(".txt").write_text(spoken.text, encoding="utf-8")
    return path, spoken


def saying(stage: Stage, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(  # noqa: S603 - the project's own command
        [sys.executable, "-m", "infra.local.say", "--http", stage.http, *arguments],
        cwd=PROJECT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_a_recording_is_heard_translated_and_measured(
    stage: Stage, recording: tuple[Path, Recording]
) -> None:
    path, _ = recording
    text = str(path.with_suffix(".txt"))
    with saying(stage, "--audio", str(path), "--text", text, "--to", "pt,en") as process:
        output, errors = process.communicate(timeout=SECONDS)
    assert (process.returncode, errors) == (0, ""), output
    said = re.findall(r"^ +\d+  said +-?\d+\.\d s  (.+)$", output, re.M)
    heard = " ".join(said).lower()
    assert all(word in heard for word in ("church", "river", "bread", "thank you"))
    portuguese = " ".join(re.findall(r"^ +\d+  pt +-?\d+\.\d s  (.+)$", output, re.M)).lower()
    assert "igreja" in portuguese
    assert re.search(r"^ +1  draft +Good", output, re.M)
    captions = re.search(r"^sentences (\d+)  captions expected (\d+)  received (\d+)", output, re.M)
    assert captions is not None
    assert int(captions[2]) == int(captions[3]) == 2 * int(captions[1])
    for row in (
        "sound's end to sentence en",
        "sentence to caption pt",
        "sound's end to caption pt",
    ):
        assert re.search(rf"^{row.rpartition(' ')[0]} +{row[-2:]} +-?\d", output, re.M), row
    rate = re.search(r"^word error rate (\d+\.\d) %  of \d+ words", output, re.M)
    assert rate is not None
    assert float(rate[1]) < 20


def test_an_interrupt_ends_the_session_and_the_hearing(
    stage: Stage, recording: tuple[Path, Recording]
) -> None:
    path, _ = recording
    with saying(stage, "--audio", str(path), "--to", "pt") as process:
        assert process.stdout is not None
        session_id = process.stdout.readline().partition(":")[0]
        assert "recogniser" in process.stdout.readline()
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=PATIENCE)
    assert (process.returncode, errors) == (130, "say: interrupted; no session is left open\n")
    assert stage.request("GET", f"/sessions/{session_id}").json["isActive"] is False


def test_a_language_without_a_recogniser_is_one_clear_line(
    stage: Stage, recording: tuple[Path, Recording]
) -> None:
    path, _ = recording
    with saying(stage, "--audio", str(path), "--source", "gl", "--to", "pt") as process:
        _, errors = process.communicate(timeout=PATIENCE)
    assert process.returncode == 2
    assert re.fullmatch(r"say: POST http\S+/transcription answered 404: .+\n", errors)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"ID3 an MP3", "is not a WAV file; convert it with ffmpeg"),
        (b"RIFF\0\0\0\0WAVEfmt ", "is broken"),
        (None, "cannot be read: No such file"),
    ],
)
def test_a_file_that_is_not_a_recording_is_one_clear_line(
    stage: Stage, content: bytes | None, says: str, tmp_path: Path
) -> None:
    path = tmp_path / "talk.wav"
    if content is not None:
        path.write_bytes(content)
    with saying(stage, "--audio", str(path), "--to", "pt") as process:
        output, errors = process.communicate(timeout=PATIENCE)
    assert (process.returncode, output) == (2, "")
    assert errors.startswith(f"say: {path} ")
    assert says in errors
    assert errors.count("\n") == 1
