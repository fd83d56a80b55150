"""Ctrl-C ends each command with one line."""

import re
import tomllib
from pathlib import Path

import pytest

from infra.interruption import run_command

INFRA = Path(__file__).parents[3] / "infra"


def commands() -> list[str]:
    """Those that the import contract names, and the one below the local stage."""
    project = tomllib.loads((INFRA.parent / "pyproject.toml").read_text())
    (contract,) = (
        each
        for each in project["tool"]["importlinter"]["contracts"]
        if each.get("containers") == ["infra"]
    )
    return [*contract["layers"][0].split(" | "), "local/say"]


def test_a_command_ends_with_its_own_exit_code() -> None:
    with pytest.raises(SystemExit) as ended:
        run_command("made-up", lambda: 3)
    assert ended.value.code == 3


@pytest.mark.parametrize(
    ("left", "line"),
    [
        ("", "made-up: interrupted\n"),
        ("nothing was written", "made-up: interrupted; nothing was written\n"),
    ],
)
def test_an_interrupted_one_says_so_in_one_line(
    left: str, line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    def main() -> int:
        raise KeyboardInterrupt

    with pytest.raises(SystemExit) as ended:
        run_command("made-up", main, left)
    assert ended.value.code == 130
    assert capsys.readouterr() == ("", line)


@pytest.mark.parametrize("command", commands())
def test_every_command_ends_like_that(command: str) -> None:
    file = INFRA / f"{command}.py"
    source = (file if file.exists() else INFRA / command / "__main__.py").read_text()
    name = Path(command).name
    assert re.search(rf'^if __name__ == "__main__":\n    run_command\(\s*"{name}",', source, re.M)
