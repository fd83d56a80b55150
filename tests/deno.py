"""The pages' modules without DOM, run by deno: 20 ms to start, and no browser.

with running_deno("speaker/event-stream.js") as deno:
    deno.evaluate("({ encodeMessage }, text) => ...", "a text")
"""

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from chalice_app.web import pages

PATIENCE_SECONDS = 60
_DENO = str(Path(sys.executable).with_name("deno"))
_BRIDGE = str(Path(__file__).with_suffix(".js"))


class Deno:
    """One process of deno, which has imported some modules."""

    def __init__(self, process: "subprocess.Popen[str]", requests: IO[str], answers: IO[str]):
        self._process = process
        self._requests = requests
        self._answers = answers

    def evaluate(self, source: str, *args: object) -> Any:
        """What a JavaScript function returns, or its promise.

        The function gets what the modules export, as one object, and then `args`. Arguments and
        result pass as JSON. A function that throws fails the test with its stack.
        """
        patience = threading.Timer(PATIENCE_SECONDS, self._process.kill)
        patience.start()
        try:
            self._requests.write(json.dumps({"source": source, "args": args}) + "\n")
            self._requests.flush()
            line = self._answers.readline()
        finally:
            patience.cancel()
        assert line, f"deno ended, or did not answer within {PATIENCE_SECONDS} s"
        answer = json.loads(line)
        assert "error" not in answer, answer["error"]
        return answer["result"]


@contextmanager
def running_deno(*modules: str) -> Iterator[Deno]:
    """A process that has imported these modules of `chalice_app/web/`, such as `speaker/api.js`."""
    files = [(pages.WEB / module).resolve().as_uri() for module in modules]
    command = [_DENO, "run", "--quiet", "--no-remote", "--no-config", "--no-lock"]
    permissions = [f"--allow-read={pages.WEB},{Path(__file__).parent}"]
    with subprocess.Popen(  # noqa: S603  the project's own deno and files
        [*command, *permissions, _BRIDGE, *files],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            yield Deno(process, process.stdin, process.stdout)
        finally:
            process.stdin.close()
            process.wait()
