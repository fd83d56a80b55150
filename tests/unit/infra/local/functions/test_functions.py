"""The functions' host as a process: its ready line, its addresses, its end."""

import json
import os
import re
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from infra.local.stage.environment import Ports, child_environment, stage_settings
from infra.local.stage.processes import PROJECT
from tests.unit.infra.project import APP, project

PATIENCE = 20
LOOPBACK = r"http://127\.0\.0\.1:\d+"
# Nothing listens at port 1: the host must live, and end in time, without a database, too.
NOWHERE = Ports(http=1, ws=1, dynamodb=1, translate=1, functions=1)


@contextmanager
def host(directory: Path, *arguments: str, app: str = APP) -> Iterator[subprocess.Popen[str]]:
    """The host of a stand-in project."""
    state = directory / "state"
    state.mkdir()
    command = [
        *(sys.executable, "-m", "infra.local.functions", "--port", "0"),
        *("--state-dir", str(state), "--project", str(directory), *arguments),
    ]
    with (
        project(directory, app),
        (directory / "stderr").open("w") as errors,
        subprocess.Popen(  # noqa: S603 - the project's own module
            command,
            cwd=PROJECT,
            env=dict(child_environment(os.environ, stage_settings(NOWHERE))),
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        ) as process,
    ):
        try:
            yield process
        finally:
            process.kill()


def first_line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline()


def ask(address: str, body: object = None) -> Any:
    data = None if body is None else json.dumps(body).encode()
    with urllib.request.urlopen(address, data, timeout=PATIENCE) as response:  # noqa: S310
        return json.load(response)


def test_it_runs_functions_until_sigterm(tmp_path: Path) -> None:
    with host(tmp_path) as process:
        ready = re.fullmatch(f"ready ({LOOPBACK})\n", first_line(process))
        assert ready, (tmp_path / "stderr").read_text()
        invocations = f"{ready[1]}/2015-03-31/functions/echo/invocations"
        assert ask(invocations, {"n": 1})["event"] == {"n": 1}
        assert "/hello/{name}" in ask(f"{ready[1]}/rest-api")["resources"]
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE) == 0


@pytest.mark.parametrize(
    ("app", "reason"),
    [(APP + "\ndel farewell\n", "farewell"), ("raise RuntimeError('no app')", "no app")],
)
def test_an_application_that_cannot_be_loaded_ends_it_with_the_reason(
    tmp_path: Path, app: str, reason: str
) -> None:
    with host(tmp_path, app=app) as process:
        assert process.wait(PATIENCE) == 1
    assert reason in (tmp_path / "stderr").read_text().splitlines()[-1]
