"""Runs unit tests in a copy of the project; the project's own files are never touched."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

from coverage import CoverageData

from tests.mutants.coverage_map import ROOMS, TESTS, CoverageMap, file_of, from_coverage
from tests.mutants.mutations import Mutant

_LEFT_BEHIND = (".git", ".venv", ".chalice/venv", "__pycache__", ".*_cache", ".hypothesis")
_SPARE_SECONDS = 60
_TIMES_SLOWER = 5
_PASSED = 0
_OUTPUT = ".mutant-output.txt"
_UNWANTED = {"PYTHONDONTWRITEBYTECODE"}
"""Each run would compile the tests anew."""
_IMPORTED_BEFORE = "ignore:Module already imported:pytest.PytestAssertRewriteWarning"
"""pytest would rewrite the assertions of its plugins' packages; these are imported."""


class Asked(TypedDict):
    """What the fork server is asked for; `output` is the file for what pytest prints."""

    arguments: list[str]
    environment: Mapping[str, str]
    output: str


class _Report(TypedDict):
    """What `pytest_plugin` writes."""

    seconds: dict[str, float]
    failed: list[str]


@dataclass(frozen=True, slots=True)
class Verdict:
    """Which test noticed a mutant; None where all that were asked passed."""

    mutant: Mutant
    killed_by: str | None
    asked: int


class NoTests(Exception):
    """No unit test passes even without a mutant."""


@dataclass(frozen=True, slots=True)
class Copy:
    """A copy of the project, for one run at a time."""

    tree: Path
    server: subprocess.Popen[str]

    def coverage_map(self, workers: int, tests: Iterable[str] = TESTS) -> CoverageMap:
        """Runs the unit tests of some files or folders but the `thorough` ones.

        A test that fails without a mutant proves nothing: it is named and not asked.
        """
        covered = [argument for room in ROOMS for argument in ("--cov", room)]
        options = ["-n", str(workers), *covered, "--cov-context=test", "--cov-report=", *tests]
        _, report = self._pytest(options)
        for test in report["failed"]:
            print(f"fails without a mutant, and is not asked: {test}", file=sys.stderr)
        seconds = {
            test: each for test, each in report["seconds"].items() if test not in report["failed"]
        }
        if not seconds:
            raise NoTests((self.tree / _OUTPUT).read_text(encoding="utf-8"))
        data = CoverageData(str(self.tree / ".coverage"))
        data.read()
        return from_coverage(data, self.tree, seconds)

    def verdict(self, mutant: Mutant, tests: CoverageMap) -> Verdict:
        """Asks the tests that can notice a mutant, until one does."""
        asked = 0
        path = self.tree / mutant.module
        source = path.read_text(encoding="utf-8")
        path.write_text(mutant.applied(source), encoding="utf-8")
        try:
            for chosen in tests.rounds(mutant):
                asked += len(chosen)
                seconds = sum(tests.seconds[test] for test in chosen)
                if killed_by := self._noticed(path, chosen, seconds):
                    return Verdict(mutant, killed_by, asked)
        finally:
            path.write_text(source, encoding="utf-8")
            _forget_bytecode(path)
        return Verdict(mutant, None, asked)

    def _noticed(self, path: Path, chosen: Sequence[str], seconds: float) -> str | None:
        """The test that failed first, or what else happened; None where all pass."""
        _forget_bytecode(path)
        files = dict.fromkeys(file_of(test) for test in chosen)
        limit = _SPARE_SECONDS + _TIMES_SLOWER * seconds
        code, report = self._pytest(["-x", *files], chosen, limit)
        if code == _PASSED:
            return None
        if code == -signal.SIGKILL:
            return f"no end within {limit:.0f} s"
        return next(iter(report["failed"]), f"pytest's exit code {code}")

    def _pytest(
        self,
        arguments: Sequence[str],
        tests: Sequence[str] | None = None,
        seconds: float | None = None,
    ) -> tuple[int, _Report]:
        """One run, killed after `seconds`: its exit code, and what the plugin reported."""
        report = self.tree / ".mutant-report.json"
        environment = {"MUTANT_REPORT": str(report)}
        if tests is not None:
            chosen = self.tree / ".mutant-tests.json"
            chosen.write_text(json.dumps(tests), encoding="utf-8")
            environment["MUTANT_TESTS"] = str(chosen)
        report.write_text('{"seconds": {}, "failed": []}', encoding="utf-8")
        options = ["-q", "-m", "not thorough", "-p", "tests.mutants.pytest_plugin"]
        options += ["-p", "no:cacheprovider", "-W", _IMPORTED_BEFORE, *arguments]
        asked = Asked(arguments=options, environment=environment, output=str(self.tree / _OUTPUT))
        code = self._answered(asked, seconds)
        return code, json.loads(report.read_text(encoding="utf-8"))

    def _answered(self, asked: Asked, seconds: float | None) -> int:
        """The exit code of what the fork server was asked for."""
        server_input, server_output = self.server.stdin, self.server.stdout
        assert server_input is not None
        assert server_output is not None
        server_input.write(json.dumps(asked) + "\n")
        server_input.flush()
        child = int(server_output.readline())
        watch = threading.Timer(seconds or threading.TIMEOUT_MAX, _kill, [child])
        watch.daemon = True
        watch.start()
        try:
            return int(server_output.readline())
        finally:
            watch.cancel()


def _kill(child: int) -> None:
    """Ends a run and whatever it has started."""
    with suppress(ProcessLookupError):
        os.killpg(child, signal.SIGKILL)


def _forget_bytecode(path: Path) -> None:
    """Python tells a changed module by its size and its second, and both may be the same."""
    for compiled in (path.parent / "__pycache__").glob(f"{path.stem}.*.pyc"):
        compiled.unlink()


@contextmanager
def copy_of(root: Path) -> Iterator[Copy]:
    """A copy of the project that uses its `.venv`, and is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="mutants-") as folder:
        tree = Path(folder).resolve() / "project"
        ignored = shutil.ignore_patterns(*_LEFT_BEHIND)
        shutil.copytree(root, tree, ignore=ignored, symlinks=True)
        (tree / ".venv").symlink_to(root / ".venv")
        with served(tree) as copy:
            yield copy


@contextmanager
def served(tree: Path) -> Iterator[Copy]:
    """The project in a folder, with a fork server that ends afterwards."""
    environment = {name: value for name, value in os.environ.items() if name not in _UNWANTED}
    with subprocess.Popen(
        [sys.executable, "-m", "tests.mutants.fork_server"],
        cwd=tree,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as server:
        try:
            yield Copy(tree, server)
        finally:
            server.terminate()
