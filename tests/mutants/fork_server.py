"""Runs pytest as often as it is asked to, each time in a fork of this process.

What the tests import from elsewhere takes longer than most of them: it is imported once, here. The
project's own modules are imported by each fork anew. A question is `runs.Asked` as JSON. The answer
is two lines: the fork's process id at its start, and pytest's exit code at its end.
"""

import gc
import json
import os
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any, NoReturn

import boto3
import chalice.app
import hypothesis.strategies
import moto.backends
import pytest

if TYPE_CHECKING:
    from tests.mutants.runs import Asked

PIPES = "MUTANT_PIPES"
BROKEN = 255
"""The exit code of a fork that could not do what it was asked for."""
_PRELOADED = (boto3, chalice.app, hypothesis.strategies, moto.backends.get_backend("dynamodb"))


def main() -> None:
    """Serves until nobody asks any more."""
    gc.collect()
    gc.freeze()
    serve(_run)


def serve(run: Callable[[Any], NoReturn], greeting: str = "") -> None:
    """Answers each line by what `run` does with it in a fork.

    `PIPES` names the two file descriptors. The fork is a process group of its own: what the tests
    have started ends with it.
    """
    reading, writing = map(int, os.environ.pop(PIPES).split(","))
    questions, answers = os.fdopen(reading), os.fdopen(writing, "w")
    print(greeting, end="", file=answers, flush=True)
    for line in questions:
        asked = json.loads(line)
        child = os.fork()
        if child == 0:
            try:
                os.setsid()
                run(asked)
            finally:
                os._exit(BROKEN)
        print(child, file=answers, flush=True)
        _, status = os.waitpid(child, 0)
        with suppress(ProcessLookupError):
            os.killpg(child, signal.SIGKILL)
        print(os.waitstatus_to_exitcode(status), file=answers, flush=True)


def _run(asked: "Asked") -> NoReturn:
    with open(os.devnull) as nothing, open(asked["output"], "w") as output:  # noqa: PTH123
        os.dup2(nothing.fileno(), 0)
        os.dup2(output.fileno(), 1)
        os.dup2(output.fileno(), 2)
    os.environ.update(asked["environment"])
    code = pytest.main(asked["arguments"])
    sys.stdout.flush()
    os._exit(code)


if __name__ == "__main__":
    main()
