"""The stage as its user's shell sees it: one line, its processes, its ports, its end."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from websockets.sync.client import connect

from infra.local.process.ports import free_ports
from tests.integration.client import loopback_client

PROJECT = Path(__file__).resolve().parents[2]
PATIENCE = 120.0
"""For what comes in the end: a machine that runs other tests besides may take a minute to start."""

STOP_SECONDS = 5.0
"""The contract's: a stage and all that it started end in that time."""
READY = re.compile(
    r"ready http=(http://127\.0\.0\.1:\d+) ws=(ws://127\.0\.0\.1:\d+)"
    r" dynamodb=(http://127\.0\.0\.1:\d+)\n"
)
_NOT_THE_PROJECTS = shutil.ignore_patterns(
    ".git", ".venv", ".*_cache", ".hypothesis", ".coverage*", "__pycache__", "tests"
)
FREE_PORTS = ("--http-port", "0", "--ws-port", "0")
# What the shell of a developer with an AWS account may hold.
USERS_AWS = {
    "AWS_PROFILE": "no-such-profile",
    "AWS_ACCESS_KEY_ID": "AKIAUSERSOWN",
    "AWS_ENDPOINT_URL_DYNAMODB": "http://127.0.0.1:1",
    "http_proxy": "http://127.0.0.1:1",
    "SESSIONS_TABLE_NAME": "Sessions-users-own",
}

USERS_AWS_WITHOUT_TABLE = {
    name: value for name, value in USERS_AWS.items() if name != "SESSIONS_TABLE_NAME"
}


@dataclass(frozen=True)
class Running:
    """A started stage and where it is."""

    process: subprocess.Popen[str]
    http: str
    ws: str
    dynamodb: str

    def post(self, path: str, body: object) -> Any:
        request = urllib.request.Request(  # noqa: S310 - our own address
            self.http + path, json.dumps(body).encode(), {"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=PATIENCE) as response:  # noqa: S310
            return json.load(response)

    def get(self, path: str) -> Any:
        with urllib.request.urlopen(self.http + path, timeout=PATIENCE) as response:  # noqa: S310
            return json.load(response)

    def open_session(self) -> Any:
        return self.post("/sessions", {"sourceLanguage": "en"})

    def rows(self, table: str) -> list[Any]:
        with loopback_client("dynamodb", self.dynamodb) as database:
            return list(database.scan(TableName=f"{table}-local", ConsistentRead=True)["Items"])


@contextmanager
def joined(session: Any, **query: str) -> Iterator[None]:
    """A listener or the speaker, from `joined` on."""
    text = "&".join(f"{name}={value}" for name, value in query.items())
    address = f"{session['webSocketUrl']}?sessionId={session['sessionId']}&{text}"
    with connect(address, proxy=None, open_timeout=PATIENCE) as client:
        assert json.loads(client.recv(timeout=PATIENCE))["type"] == "joined"
        yield


def until(condition: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(0.02)


def start(
    command: list[str], log: Path, project: Path = PROJECT, **environment: str
) -> subprocess.Popen[str]:
    """A process in a group of its own, as a shell starts it."""
    with log.open("w") as errors:
        return subprocess.Popen(  # noqa: S603 - the project's own commands
            command,
            cwd=project,
            env={**os.environ, **environment},
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            start_new_session=True,
        )


def announced(process: subprocess.Popen[str], log: Path) -> Running:
    """Read until the ready line."""
    assert process.stdout is not None
    late = threading.Timer(PATIENCE, process.kill)
    late.start()
    lines = []
    for line in process.stdout:
        if match := READY.fullmatch(line):
            late.cancel()
            return Running(process, *match.groups())
        lines.append(line)
    late.cancel()
    raise AssertionError(f"no ready line in {lines}\n{log.read_text()}")


@contextmanager
def stage(log: Path, *arguments: str, **environment: str) -> Iterator[Running]:
    """A stage whose first line must be the ready line; it is killed if the test leaves it alive."""
    command = [sys.executable, "-m", "infra.local", *FREE_PORTS, *arguments]
    process = start(command, log, PROJECT, **environment)
    with process:
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            match = READY.fullmatch(line)
            assert match, f"not the ready line: {line!r}\n{log.read_text()}"
            yield Running(process, *match.groups())
        finally:
            if process.poll() is None:
                process.terminate()
                process.wait(PATIENCE)


def end(process: subprocess.Popen[str], number: signal.Signals = signal.SIGTERM) -> float:
    """End it by a signal; returns the seconds that it took."""
    begun = time.monotonic()
    process.send_signal(number)
    process.wait(PATIENCE)
    return time.monotonic() - begun


def descendants(pid: int) -> set[int]:
    """Every process below that one, and itself."""
    table = subprocess.check_output(["ps", "-eo", "pid=,ppid="], text=True)  # noqa: S607
    children: dict[int, list[int]] = {}
    for line in table.splitlines():
        child, parent = map(int, line.split())
        children.setdefault(parent, []).append(child)
    found, waiting = set[int](), [pid]
    while waiting:
        found.add(waiting[-1])
        waiting += children.get(waiting.pop(), [])
    return found


def alive(pids: set[int]) -> set[int]:
    def is_alive(pid: int) -> bool:
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
        except (FileNotFoundError, ProcessLookupError):
            return False
        return state != "Z"

    return {pid for pid in pids if is_alive(pid)}


def listeners(pids: set[int]) -> set[tuple[str, int]]:
    """Addresses and ports that these processes listen on."""
    output = subprocess.check_output(["ss", "-ltnupH"], text=True)  # noqa: S607
    found = set()
    for line in output.splitlines():
        if any(f"pid={pid}," in line for pid in pids):
            address, _, port = line.split()[4].rpartition(":")
            found.add((address, int(port)))
    return found


def port_of(address: str) -> int:
    return urlsplit(address).port or 0


def test_it_listens_on_loopback_alone_and_sigterm_leaves_nothing_behind(tmp_path: Path) -> None:
    with stage(tmp_path / "log") as running:
        everything = descendants(running.process.pid)
        assert len(everything) >= 5
        found = listeners(everything)
        assert {address for address, _ in found} == {"127.0.0.1"}
        wanted = {port_of(address) for address in (running.http, running.ws, running.dynamodb)}
        assert wanted <= {port for _, port in found}
        assert end(running.process) < STOP_SECONDS
        assert running.process.returncode == 0
        assert running.process.stdout is not None
        assert running.process.stdout.read() == "", "one line and no more"
        until(lambda: not alive(everything), "processes are left")


def test_sigint_ends_it_while_people_are_connected(tmp_path: Path) -> None:
    with stage(tmp_path / "log") as running:
        session = running.open_session()
        everything = descendants(running.process.pid)
        with joined(session, targetLanguage="pt"), joined(session, token=session["speakerToken"]):
            assert end(running.process, signal.SIGINT) < STOP_SECONDS
        assert running.process.returncode == 0
        until(lambda: not alive(everything), "processes are left")


def test_sigterm_while_it_starts_leaves_nothing_behind(tmp_path: Path) -> None:
    with start([sys.executable, "-m", "infra.local", *FREE_PORTS], tmp_path / "log") as process:
        until(lambda: len(descendants(process.pid)) >= 3, "nothing is started")
        everything = descendants(process.pid)
        assert end(process) < STOP_SECONDS
        assert process.stdout is not None
        # Should this process have slept meanwhile, the stage was ready.
        assert (process.returncode, process.stdout.read().count("\n") < 2) == (0, True)
        until(lambda: not alive(everything), "processes are left")


def test_the_users_own_aws_is_never_used(tmp_path: Path) -> None:
    with stage(tmp_path / "log", **USERS_AWS) as running:
        session = running.open_session()
        with joined(session, targetLanguage="pt"):
            assert running.get(f"/sessions/{session['sessionId']}")["listenerCount"] == 1


@pytest.mark.parametrize("option", ["--http-port", "--ws-port"])
def test_a_port_in_use_is_said_in_one_line_and_nothing_is_started(
    tmp_path: Path, option: str
) -> None:
    log = tmp_path / "log"
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = str(server.getsockname()[1])
        command = [sys.executable, "-m", "infra.local", *FREE_PORTS, option, port]
        with start(command, log) as process:
            output, _ = process.communicate(timeout=PATIENCE)
    assert (process.returncode, output) == (1, "")
    lines = [line for line in log.read_text().splitlines() if "apt-get install" not in line]
    assert lines == [f"infra.local: port {port} of 127.0.0.1 is already in use"]


def test_the_same_port_asked_for_twice_is_said_in_one_line(tmp_path: Path) -> None:
    port = str(next(free_ports()))
    log = tmp_path / "log"
    options = ["--http-port", port, "--ws-port", port]
    with start([sys.executable, "-m", "infra.local", *options], log) as process:
        output, _ = process.communicate(timeout=PATIENCE)
    assert (process.returncode, output) == (1, "")
    last = log.read_text().splitlines()[-1]
    assert last.startswith(f"infra.local: port {port} is asked for twice")


@pytest.mark.parametrize("reloading", ["--autoreload", "--no-autoreload"])
def test_chalice_local_says_that_its_port_is_in_use_and_fails(
    tmp_path: Path, reloading: str
) -> None:
    log = tmp_path / "log"
    chalice = str(Path(sys.executable).with_name("chalice"))
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = str(server.getsockname()[1])
        with start([chalice, "local", "--port", port, reloading], log) as process:
            output, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode != 0
    assert output == ""
    assert f"chalice local: port {port} of 127.0.0.1 is already in use" in log.read_text()


def test_data_is_kept_over_a_restart_and_lost_sockets_are_told(tmp_path: Path) -> None:
    data = ("--data-dir", str(tmp_path / "data"))
    with stage(tmp_path / "log", *data) as running:
        session = running.open_session()
        with joined(session, targetLanguage="pt"):
            end(running.process)
    with stage(tmp_path / "log", *data) as running:
        assert running.rows("Connections") == []
        until(lambda: count(running, session) == 0, "the lost listener is still counted")
        moved = {**session, "webSocketUrl": running.ws}
        with joined(moved, targetLanguage="pt"):
            assert running.get(f"/sessions/{session['sessionId']}")["listenerCount"] == 1


def children_named(pid: int, name: str) -> list[int]:
    """The processes below that one whose command has the name.

    One that has just been forked looks like its parent, until it runs its own program.
    """
    found = [child for child in descendants(pid) if name in command_of(child)]
    return [child for child in found if command_of(parent_of(child)) != command_of(child)]


def command_of(pid: int) -> str:
    """Its command line; empty where it has ended."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")
    except (FileNotFoundError, ProcessLookupError):
        return ""


def parent_of(pid: int) -> int:
    """The process that has started it; 0 where it has ended."""
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[1])
    except (FileNotFoundError, ProcessLookupError):
        return 0


def goes_on(data: Path, session: Any, log: Path) -> None:
    """A stage on the same data knows the session; whoever comes is counted exactly."""
    with stage(log, "--data-dir", str(data)) as running:
        moved = {**session, "webSocketUrl": running.ws}
        until(lambda: count(running, session) == 0, "the lost listener is still counted")
        with joined(moved, targetLanguage="pt"), joined(moved, token=session["speakerToken"]):
            assert count(running, session) == 1


def count(running: Running, session: Any) -> int:
    state = running.get(f"/sessions/{session['sessionId']}")
    assert state["isActive"]
    listeners: int = state["listenerCount"]
    return listeners


def test_a_killed_stage_takes_its_processes_with_it_and_sessions_survive(tmp_path: Path) -> None:
    log, data = tmp_path / "log", tmp_path / "data"
    with stage(log, "--data-dir", str(data)) as running:
        session = running.open_session()
        with joined(session, targetLanguage="pt"):
            everything = descendants(running.process.pid)
            running.process.kill()
            running.process.wait(PATIENCE)
            until(lambda: not alive(everything), "processes are left")
    goes_on(data, session, log)


def test_two_stages_do_not_share_a_data_directory(tmp_path: Path) -> None:
    data = ("--data-dir", str(tmp_path / "data"))
    with stage(tmp_path / "log", *data):
        command = [sys.executable, "-m", "infra.local", *FREE_PORTS, *data]
        with start(command, tmp_path / "second") as second:
            second.communicate(timeout=PATIENCE)
    assert second.returncode == 1
    assert "another stage is using" in (tmp_path / "second").read_text()


def test_an_expired_connection_is_deleted_and_its_listener_no_longer_counted(
    tmp_path: Path,
) -> None:
    with stage(tmp_path / "log") as running:
        session = running.open_session()
        with joined(session, targetLanguage="pt"):
            (row,) = running.rows("Connections")
            expire(running, row["connectionId"])
            until(lambda: running.rows("Connections") == [], "the row was not swept")
            until(
                lambda: running.get(f"/sessions/{session['sessionId']}")["listenerCount"] == 0,
                "the swept listener is still counted",
            )


def expire(running: Running, connection_id: Any) -> None:
    with loopback_client("dynamodb", running.dynamodb) as database:
        database.update_item(
            TableName="Connections-local",
            Key={"connectionId": connection_id},
            UpdateExpression="SET #ttl = :past",
            ExpressionAttributeNames={"#ttl": "ttl"},
            ExpressionAttributeValues={":past": {"N": str(int(time.time()) - 1)}},
        )


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_chalice_local_brings_up_the_whole_stage_and_takes_it_down(
    tmp_path: Path, number: signal.Signals
) -> None:
    log = tmp_path / "log"
    http, ws = 8000, 8001
    for port in (http, ws):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                pytest.skip(f"port {port} is in use")
    chalice = Path(sys.executable).with_name("chalice")
    project = tmp_path / "project"
    # It starts again whenever a file of its project changes, as other tests' caches do.
    shutil.copytree(PROJECT, project, symlinks=True, ignore=_NOT_THE_PROJECTS)
    with start([str(chalice), "local"], log, project, **USERS_AWS_WITHOUT_TABLE) as process:
        running = announced(process, log)
        everything = descendants(process.pid)
        assert (port_of(running.http), port_of(running.ws)) == (http, ws)
        session = running.open_session()
        assert session["webSocketUrl"] == running.ws
        with joined(session, targetLanguage="pt"):
            assert running.get(f"/sessions/{session['sessionId']}")["listenerCount"] == 1
        # Ctrl-C reaches everybody in the terminal's group, SIGTERM the command alone.
        if number == signal.SIGINT:
            os.killpg(process.pid, number)
        else:
            process.send_signal(number)
        process.wait(PATIENCE)
        until(lambda: not alive(everything), "processes are left")
