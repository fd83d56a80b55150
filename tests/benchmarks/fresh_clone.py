"""From a clean clone to the ready line: `.venv/bin/python tests/benchmarks/fresh_clone.py`.

The last commit is cloned into a temporary folder, and `make run` is called there with an empty
HOME, as a newcomer does. Two times are taken: the whole, which is mostly pip's and apt's, and the
project's own part, from the environment's stamp to the ready line, when Python compiles the modules
for the first time. Debian's packages that the machine has already are not installed again; the note
then says so.
"""

import argparse
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # run as a script, from anywhere

from tests.benchmarks.results import RESULTS, Figure, report

PROJECT = Path(__file__).resolve().parents[2]
WHOLE_SECONDS, OWN_SECONDS = 180.0, 5.0
_GIVE_UP_SECONDS = 900.0
_ENDING_SECONDS = 30.0


def main() -> None:
    """Measures one clone, prints and appends."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--results", type=Path, default=RESULTS)
    options = parser.parse_args()
    had_engines = shutil.which("apertium") is not None
    with tempfile.TemporaryDirectory() as folder:
        clone = Path(folder) / "clone"
        begun = time.time()
        git = ["git", "clone", "--quiet", "--no-hardlinks", str(PROJECT), str(clone)]
        subprocess.run(git, check=True)  # noqa: S603
        with made(clone, Path(folder) / "home") as ready:
            if not ready:
                raise SystemExit("make run ended without a ready line")
            done = time.time()
        built = (clone / ".venv" / "built").stat().st_mtime
    note = "(Debian's packages were there)" if had_engines else ""
    report(
        [
            Figure("clean clone to ready", done - begun, "s", WHOLE_SECONDS, note=note),
            Figure("clean clone to ready, own part", done - built, "s", OWN_SECONDS),
        ],
        options.results,
    )


@contextmanager
def made(clone: Path, home: Path) -> Iterator[bool]:
    """`make run` in the clone; tells whether it became ready, and ends it."""
    home.mkdir()
    dropped = (
        "VIRTUAL_ENV",
        "PYTHONPATH",
        "PYTHONHOME",
        "PIP_CACHE_DIR",
        "XDG_CACHE_HOME",
        "MAKEFLAGS",
    )
    environment = {name: value for name, value in os.environ.items() if name not in dropped}
    command = ["make", "run", "ARGS=--http-port 0 --ws-port 0"]
    with subprocess.Popen(  # noqa: S603
        command,
        cwd=clone,
        env={**environment, "HOME": str(home)},
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as stage:
        signal.signal(signal.SIGALRM, lambda *_: end(stage))
        signal.setitimer(signal.ITIMER_REAL, _GIVE_UP_SECONDS)
        try:
            yield any(line.startswith("ready http=") for line in stage.stdout or ())
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            end(stage)
            stage.wait(_ENDING_SECONDS)


def end(stage: subprocess.Popen[str]) -> None:
    """Ends make and what it runs, unless they have ended by themselves."""
    with suppress(ProcessLookupError):
        os.killpg(stage.pid, signal.SIGTERM)


if __name__ == "__main__":
    main()
