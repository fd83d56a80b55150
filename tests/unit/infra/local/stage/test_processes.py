"""Child processes, and that none outlives its stage."""

import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from infra.local.stage.processes import PROJECT, Child

PATIENCE = 10.0

SERVER = "print('starting'); print('ready http://x', flush=True); import time; time.sleep(60)"


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[[str], Child]]:
    children: list[Child] = []

    def start(program: str) -> Child:
        command = [sys.executable, "-c", program]
        children.append(Child("child", command, dict(os.environ), tmp_path / "child.log"))
        return children[-1]

    yield start
    for child in children:
        child.kill()


def test_a_child_tells_when_it_is_ready(start: Callable[[str], Child]) -> None:
    child = start(SERVER)
    until(lambda: child.ready_line() is not None)
    assert child.ready_line() == "http://x"
    assert child.exit_code is None


def test_half_a_line_is_not_ready(start: Callable[[str], Child], tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    os.mkfifo(gate)
    child = start(
        f"import sys, time; sys.stdout.write('ready '); sys.stdout.flush(); open({str(gate)!r});"
        "print('http://x', flush=True); time.sleep(60)"
    )
    until(lambda: child.last_lines() == ["ready "])
    assert child.ready_line() is None
    gate.write_bytes(b"")
    until(lambda: child.ready_line() == "http://x")


def test_a_child_ends_when_it_is_asked(start: Callable[[str], Child]) -> None:
    child = start(SERVER)
    until(lambda: child.ready_line() is not None)
    child.terminate()
    assert child.wait(time.monotonic() + PATIENCE)
    assert child.exit_code == -signal.SIGTERM


def test_a_child_that_does_not_listen_is_killed_with_its_own_children(
    start: Callable[[str], Child],
) -> None:
    child = start(
        "import signal, subprocess, sys, time; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
        "below = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)']);"
        "print('ready', below.pid, flush=True); time.sleep(60)"
    )
    until(lambda: child.ready_line() is not None)
    below = int(child.ready_line() or 0)
    child.terminate()
    assert not child.wait(time.monotonic() + 0.05)
    child.kill()
    assert child.exit_code == -signal.SIGKILL
    until(lambda: not alive(below))


def test_the_last_lines_tell_why_a_child_ended(start: Callable[[str], Child]) -> None:
    child = start(
        "import sys; print('\\n'.join(map(str, range(50))), flush=True); sys.exit('no reason')"
    )
    assert child.wait(time.monotonic() + PATIENCE)
    assert child.exit_code == 1
    assert child.last_lines()[-1] == "no reason"
    assert len(child.last_lines()) == 20


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's help is Linux' own")
def test_a_child_ends_even_when_its_stage_is_killed(tmp_path: Path) -> None:
    stage = textwrap.dedent(
        f"""
        import os, pathlib, sys, time
        from infra.local.stage.processes import Child
        Child("child", [sys.executable, "-c", {SERVER!r}], dict(os.environ),
              pathlib.Path({str(tmp_path / "child.log")!r}))
        import subprocess
        print(subprocess.check_output(["ps", "-o", "pid=", "--ppid", str(os.getpid())]).split()[0]
              .decode(), flush=True)
        time.sleep(60)
        """
    )
    command = [sys.executable, "-c", stage]
    with subprocess.Popen(  # noqa: S603 - the program above
        command, cwd=PROJECT, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        child = int(process.stdout.readline())
        log = tmp_path / "child.log"
        until(lambda: "ready" in log.read_text())
        assert alive(child)
        process.kill()
    until(lambda: not alive(child))
