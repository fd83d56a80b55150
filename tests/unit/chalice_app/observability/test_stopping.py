"""What is only in memory is written when the process is told to stop."""

import signal
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from chalice_app.bootstrap import process
from chalice_app.bootstrap.application import Application
from chalice_app.bootstrap.process import composed
from chalice_app.observability import stopping
from chalice_app.observability.stopping import GRACE_SECONDS, before_stop
from tests.fakes.cache import MemoryCache
from tests.fakes.domain import PATIENCE
from tests.fakes.world import World

ROOT = Path(__file__).parents[4]

PROGRAM = """
import os, signal
from chalice_app.observability.stopping import before_stop
# Not by print: the signal may come while the main thread's own holds the lock of standard output.
before_stop(lambda: os.write(1, b"done\\n"), grace_seconds=60)
print("ready", flush=True)
signal.pause()
"""


def test_sigterm_has_it_done_and_ends_the_process_as_ever() -> None:
    with subprocess.Popen(  # noqa: S603 - this very interpreter
        [sys.executable, "-c", PROGRAM], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        process.terminate()
        assert process.stdout.read() == "done\n"
        assert process.wait(PATIENCE) == -signal.SIGTERM


def test_another_handler_is_left_alone() -> None:
    previous = signal.signal(signal.SIGTERM, signal.SIG_IGN)
    try:
        before_stop(lambda: None)
        assert signal.getsignal(signal.SIGTERM) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGTERM, previous)


def test_another_thread_changes_nothing() -> None:
    before = signal.getsignal(signal.SIGTERM)
    thread = threading.Thread(target=before_stop, args=(lambda: None,))
    thread.start()
    thread.join(PATIENCE)
    assert signal.getsignal(signal.SIGTERM) is before


def test_closing_writes_the_hits(world: World) -> None:
    cache = MemoryCache()
    application = Application(world.settings, replace(world.app.adapters, hits=cache))
    with composed(application):
        process.close()  # nothing was ever asked of the cache: nothing is built for it
        assert cache.calls == []
        application.hit_buffer.count(["en:es:x"])
        process.close()
    assert len(cache.rows) == 1


WAITING = """
import os, signal
from chalice_app.observability.stopping import before_stop

def action():
    os.write(1, b"begun\\n")
    os.read(0, 1)
    os.write(1, b"done\\n")

before_stop(action, grace_seconds={grace_seconds})
print("ready", flush=True)
signal.pause()
"""


def waiting(grace_seconds: float) -> subprocess.Popen[bytes]:
    """A process whose action waits for a byte."""
    return subprocess.Popen(  # noqa: S603 - this very interpreter
        [sys.executable, "-c", WAITING.format(grace_seconds=grace_seconds)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )


def test_the_process_waits_for_what_is_done() -> None:
    with waiting(grace_seconds=60) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        process.terminate()
        assert process.stdout.readline() == b"begun\n"
        process.stdin.write(b"x")
        process.stdin.close()
        assert process.stdout.read() == b"done\n"
        assert process.wait(PATIENCE) == -signal.SIGTERM


def test_the_process_waits_no_longer_than_its_grace() -> None:
    with waiting(grace_seconds=0.01) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        process.terminate()
        assert process.wait(PATIENCE) == -signal.SIGTERM


def test_the_grace_is_less_than_lambda_gives() -> None:
    assert GRACE_SECONDS < 0.5


def test_the_signal_has_it_done_in_a_thread_that_holds_nothing_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    done: list[Any] = []

    class NotedThread:
        def __init__(self, **how: object) -> None:
            done.append(how)

        def start(self) -> None:
            done.append("start")

        def join(self, seconds: float) -> None:
            done.append(("join", seconds))

    def action() -> None:
        """Nothing."""

    monkeypatch.setattr(threading, "Thread", NotedThread)
    monkeypatch.setattr(signal, "getsignal", lambda _: signal.SIG_DFL)
    monkeypatch.setattr(signal, "signal", lambda *what: done.append(what))
    monkeypatch.setattr(signal, "raise_signal", lambda number: done.append(number))
    stopping.before_stop(action)
    number, stop = done.pop()
    stop(number, None)
    assert done == [
        {"target": action, "name": "before stop", "daemon": True},
        "start",
        ("join", 0.4),
        (signal.SIGTERM, signal.SIG_DFL),
        signal.SIGTERM,
    ]
