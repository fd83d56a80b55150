"""Runs unit tests in a copy of the project; the project's own files are never touched."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
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

    def coverage_map(self, workers: int, tests: Iterable[str] = TESTS) -> CoverageMap:
        """Runs the unit tests of some files or folders but the `thorough` ones.

        A test that fails without a mutant proves nothing: it is named and not asked.
        """
        covered = [argument for room in ROOMS for argument in ("--cov", room)]
        options = ["-n", str(workers), *covered, "--cov-context=test", "--cov-report=", *tests]
        output, _, report = self._pytest(options, tests=None, seconds=None)
        for test in report["failed"]:
            print(f"fails without a mutant, and is not asked: {test}", file=sys.stderr)
        seconds = {
            test: each for test, each in report["seconds"].items() if test not in report["failed"]
        }
        if not seconds:
            raise NoTests(output)
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
        try:
            _, code, report = self._pytest(["-x", *files], chosen, limit)
        except subprocess.TimeoutExpired:
            return f"no end within {limit:.0f} s"
        if code == _PASSED:
            return None
        return next(iter(report["failed"]), f"pytest's exit code {code}")

    def _pytest(
        self, arguments: Sequence[str], tests: Sequence[str] | None, seconds: float | None
    ) -> tuple[str, int, _Report]:
        """One run: its output, its exit code and what the plugin reported."""
        report = self.tree / ".mutant-report.json"
        chosen = self.tree / ".mutant-tests.json"
        environment = {**os.environ, "MUTANT_REPORT": str(report)}
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        if tests is not None:
            chosen.write_text(json.dumps(tests), encoding="utf-8")
            environment["MUTANT_TESTS"] = str(chosen)
        report.write_text('{"seconds": {}, "failed": []}', encoding="utf-8")
        command = [sys.executable, "-m", "pytest", "-q", "-m", "not thorough"]
        command += ["-p", "tests.mutants.pytest_plugin", "-p", "no:cacheprovider", *arguments]
        with subprocess.Popen(  # noqa: S603 - the command is this function's own
            command,
            cwd=self.tree,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        ) as process:
            try:
                output, _ = process.communicate(timeout=seconds)
            finally:
                _end(process)
        return output, process.returncode, json.loads(report.read_text(encoding="utf-8"))


def _end(process: subprocess.Popen[str]) -> None:
    """Ends a run that has not ended, and whatever it has started."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)


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
        yield Copy(tree)
