"""Runs pytest once a line of standard input, each time in a fork of this process.

What the tests import from elsewhere takes longer than most of them: it is imported once, here. The
project's own modules are imported by each fork anew. A line is `runs.Asked` as JSON. The answer is
two lines: the fork's process id at its start, and pytest's exit code at its end.
"""

import gc
import json
import os
import sys
from typing import TYPE_CHECKING

import boto3
import chalice.app
import hypothesis.strategies
import moto.backends
import pytest

if TYPE_CHECKING:
    from tests.mutants.runs import Asked

_PRELOADED = (boto3, chalice.app, hypothesis.strategies, moto.backends.get_backend("dynamodb"))


def main() -> None:
    """Serves until standard input ends."""
    gc.collect()
    gc.freeze()
    for line in sys.stdin:
        asked: Asked = json.loads(line)
        child = os.fork()
        if child == 0:
            _run(asked)
        print(child, flush=True)
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


def _run(asked: "Asked") -> None:
    """Never returns. A process group of its own: what the tests start ends with it."""
    os.setsid()
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
