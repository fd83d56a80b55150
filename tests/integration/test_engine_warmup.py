"""On a real stage: the engines of the languages that somebody listens to run before a sentence."""

import json
import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
from websockets.sync.client import ClientConnection, connect

from infra.local.translate.engine.apertium_modes import find_mode
from tests.integration.test_stage import (
    PATIENCE,
    Running,
    children_named,
    command_of,
    descendants,
    end,
    joined,
    stage,
    until,
)

CHAINS = {
    "es": {"pt-es"},
    "gl": {"pt-gl"},
    "ca": {"pt-es", "spa-cat"},
    "fr": {"pt-es", "es-fr"},
    "it": {"pt-es", "spa-ita"},
}
"""What a talk in English needs for each language."""

pytestmark = pytest.mark.skipif(
    any(find_mode(mode) is None for modes in CHAINS.values() for mode in modes),
    reason="not all of Apertium's modes are there (make system installs them, as root)",
)


def translate_server(running: Running) -> int:
    """Its process, while no engine comes or goes."""
    (server,) = children_named(running.process.pid, "infra.local.translate.server")
    return server


def chains(server: int) -> set[str]:
    """The modes whose programs run, by the names of their files."""
    commands = {command_of(pid) for pid in descendants(server)}
    modes = set[str]().union(*CHAINS.values())
    return {
        mode
        for mode in modes
        if any(f"/{mode}.automorf.bin" in each and "lt-proc" in each for each in commands)
    }


def having(setting: str) -> set[int]:
    """The processes that were started with such a line in their environment, wherever they are."""
    found = set[int]()
    for file in Path("/proc").glob("[0-9]*/environ"):
        try:
            if setting in file.read_text(errors="replace").split("\0"):
                found.add(int(file.parent.name))
        except (FileNotFoundError, ProcessLookupError, PermissionError):
            continue
    return found


@contextmanager
def listening(session: Any, language: str) -> Iterator[ClientConnection]:
    address = f"{session['webSocketUrl']}?sessionId={session['sessionId']}"
    with connect(
        f"{address}&targetLanguage={language}", proxy=None, open_timeout=PATIENCE
    ) as client:
        assert json.loads(client.recv(timeout=PATIENCE))["type"] == "joined"
        yield client


def test_a_languages_engine_runs_from_its_first_listener_on(tmp_path: Path) -> None:
    with stage(tmp_path / "log") as running:
        server, session = translate_server(running), running.open_session()
        assert chains(server) == set(), "what nobody listens to takes no memory"
        with joined(session, targetLanguage="fr"):
            until(lambda: chains(server) == CHAINS["fr"], "French has no engine")
            with listening(session, "es") as listener:
                listener.send(json.dumps({"action": "changeLanguage", "targetLanguage": "gl"}))
                wanted = CHAINS["fr"] | CHAINS["gl"]
                until(lambda: chains(server) == wanted, "Galician has no engine")


def test_a_stage_that_ends_while_engines_load_leaves_nothing_behind(tmp_path: Path) -> None:
    mark = f"ENGINES_OF={tmp_path}"
    name, _, value = mark.partition("=")
    with stage(tmp_path / "log", **{name: value}) as running, ExitStack() as hall:
        server, session = translate_server(running), running.open_session()
        for language in CHAINS:
            hall.enter_context(joined(session, targetLanguage=language))
        until(lambda: bool(chains(server)), "no engine is started")
        end(running.process)
        assert running.process.returncode == 0
        until(lambda: not having(mark), "processes are left")


def test_a_translate_server_that_is_killed_while_engines_load_leaves_none(tmp_path: Path) -> None:
    with stage(tmp_path / "log") as running, ExitStack() as hall:
        server, session = translate_server(running), running.open_session()
        for language in CHAINS:
            hall.enter_context(joined(session, targetLanguage=language))
        until(lambda: bool(chains(server)), "no engine is started")
        engines = descendants(server)
        os.kill(server, signal.SIGKILL)
        until(lambda: not engines & _running(), "an engine outlived its server")


def _running() -> set[int]:
    """Every process that has not ended."""
    table = subprocess.check_output(["ps", "-eo", "pid=,stat="], text=True)  # noqa: S607
    rows = (line.split() for line in table.splitlines())
    return {int(pid) for pid, state in rows if not state.startswith("Z")}
