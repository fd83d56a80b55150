"""`python -m infra.local.say --voice`, as a user runs it against a stage."""

import re
import subprocess
import sys
import wave
from pathlib import Path

import pytest

from tests.integration.client import PATIENCE, PROJECT, Stage

WARM_UPS = 5
TEXT = "Good morning, and welcome to the old church by the river.\nThank you for coming."


@pytest.fixture
def voices(stage: Stage) -> list[str]:
    """The languages that the stage speaks."""
    listed = stage.request("GET", "/languages").json["languages"]
    return [each["code"] for each in listed if "voice" in each]


def saying(stage: Stage, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(  # noqa: S603 - the project's own command
        [sys.executable, "-m", "infra.local.say", "--http", stage.http, *arguments],
        cwd=PROJECT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_what_is_heard_is_a_file_of_each_language_and_a_table_of_its_lags(
    stage: Stage, voices: list[str], tmp_path: Path
) -> None:
    spoken = [code for code in ("en", "pt") if code in voices]
    arguments = ("--to", "pt", "--voice", ",".join(spoken), "-o", str(tmp_path / "heard"), "-")
    output = ""
    # A voice is loaded when somebody first wants it: until then, sentences may come too late.
    for _ in range(WARM_UPS):
        with saying(stage, *arguments) as process:
            output, errors = process.communicate(TEXT, timeout=3 * PATIENCE)
        assert (process.returncode, errors) == (0, ""), output
        if "no voice came" not in output and not re.search(r"skipped [1-9]", output):
            break
    assert "sentences 2  captions expected 2  received 2" in output
    for language in spoken:
        # As sounds, not as silence: a caption's sentence of ten words takes about three seconds.
        assert re.search(rf"^{language}: sentences 2  skipped 0  caption to voice", output, re.M)
        with wave.open(str(tmp_path / "heard" / f"voice-{language}.wav")) as file:
            assert file.getnframes() / file.getframerate() > 3.0
            assert any(file.readframes(file.getnframes()))


def test_a_language_without_a_voice_is_said_in_one_line(stage: Stage, tmp_path: Path) -> None:
    with saying(
        stage, "--to", "pt", "--voice", "tlh", "-o", str(tmp_path / "heard"), "-"
    ) as process:
        output, errors = process.communicate(TEXT, timeout=PATIENCE)
    assert (process.returncode, output) == (2, "")
    assert re.fullmatch(r"say: the stage has no voice for tlh; it has .*en.*\n", errors)
    assert not (tmp_path / "heard").exists()
