"""The stage's child processes: start, wait until ready, stop; none outlives the stage.

A child prints to its log. A line of it that begins with `ready` says that the child serves.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections import defaultdict, deque
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Final

from infra.local.process.parent import end_with_parent
from infra.local.stage.child_log import ChildLog

PROJECT: Final = Path(__file__).parents[3]
_LAST_WORDS_SECONDS: Final = 0.5


class Child:
    """One process of the stage, in a process group of its own."""

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        environment: Mapping[str, str],
        log: Path,
        descriptors: Sequence[int] = (),
    ) -> None:
        """Start it in the project's directory, with exactly that environment.

        It gets those `descriptors` of the stage under the same numbers.
        """
        self.name = name
        source, output = os.pipe()
        try:
            self._process = subprocess.Popen(
                command,
                cwd=PROJECT,
                env=dict(environment),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                # A Ctrl-C of the terminal is the stage's to handle: it ends its children in order.
                start_new_session=True,
                preexec_fn=_in_child(os.getpid()),
                pass_fds=descriptors,
            )
        except BaseException:
            os.close(source)
            raise
        finally:
            os.close(output)
        self._log = ChildLog(name, source, log)
        self._log.start()

    @property
    def exit_code(self) -> int | None:
        """None while it runs; negative: the signal that ended it."""
        return self._process.poll()

    def ready_line(self) -> str | None:
        """What it said when it was ready, without the word `ready`.

        A line counts when it has ended: unbuffered, `print` writes each of its words by itself.
        """
        self._read_to_the_end()
        return self._log.ready

    def last_lines(self) -> list[str]:
        """The end of its log."""
        self._read_to_the_end()
        return self._log.last_lines()

    def terminate(self) -> None:
        """Ask it to end."""
        if self.exit_code is None:
            self._process.terminate()

    def wait(self, deadline: float) -> bool:
        """Wait for its end until the deadline (monotonic); returns whether it came."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(max(0.0, deadline - time.monotonic()))
        return self.exit_code is not None

    def kill(self) -> None:
        """End it, if it is still there, and whatever processes it has left behind."""
        # macOS refuses where only the dead are left.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._read_to_the_end()

    def _read_to_the_end(self) -> None:
        """What it printed before its end, if it has ended; what it left behind may print on."""
        if self.exit_code is not None:
            self._log.join(_LAST_WORDS_SECONDS)


class ChildExits:
    """When each process died: one that dies again and again is not started again."""

    LIMIT: Final = 3
    SECONDS: Final = 30.0

    def __init__(self) -> None:
        """No process has died yet."""
        self._times: defaultdict[str, deque[float]] = defaultdict(partial(deque, maxlen=self.LIMIT))

    def are_too_many(self, name: str, now: float) -> bool:
        """Note a death; returns whether it is the last of LIMIT within SECONDS (`now`, too)."""
        times = self._times[name]
        times.append(now)
        return len(times) == self.LIMIT and now - times[0] < self.SECONDS


def _in_child(stage: int) -> Callable[[], None]:
    """What a child does before it becomes its program."""

    def prepare() -> None:
        end_with_parent(stage)
        # The stage blocks the signals that it waits for; children inherit what is blocked.
        signal.pthread_sigmask(signal.SIG_SETMASK, [])

    return prepare


def python(module: str, *arguments: str) -> list[str]:
    """The command that runs a module in this very environment."""
    return [sys.executable, "-m", module, *arguments]
