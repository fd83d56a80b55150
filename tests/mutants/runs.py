"""Runs unit tests in a copy of the project; the project's own files are never touched."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import IO, TypedDict, cast

from coverage import CoverageData

from tests.mutants.coverage_map import ROOMS, TESTS, CoverageMap, file_of, from_coverage
from tests.mutants.fork_server import PIPES
from tests.mutants.mutations import Mutant
from tests.mutants.pytest_plugin import READY

_LEFT_BEHIND = (".git", ".venv", ".chalice/venv", "__pycache__", ".*_cache", ".hypothesis")
_SPARE_SECONDS = 30
_TIMES_SLOWER = 10
_PASSED = 0
_FAILED = 1
_OUTPUT = ".mutant-output.txt"
_REPORT = ".mutant-report.json"
_NO_REPORT = '{"seconds": {}, "failed": []}'
_UNWANTED = {"PYTHONDONTWRITEBYTECODE"}
"""Each run would compile the tests anew."""
_IMPORTED_BEFORE = "ignore:Module already imported:pytest.PytestAssertRewriteWarning"
"""pytest would rewrite the assertions of its plugins' packages; these are imported."""

_OPTIONS = (
    *("-q", "-m", "not thorough", "-p", "tests.mutants.pytest_plugin"),
    *("-p", "no:cacheprovider", "-W", _IMPORTED_BEFORE),
)


class Asked(TypedDict):
    """What the fork server is asked for; `output` is the file for what pytest prints."""

    arguments: list[str]
    environment: Mapping[str, str]
    output: str


class AskedOfFork(TypedDict):
    """What pytest is asked for once it has collected: a module's text, and tests in their order."""

    file: str
    before: str
    after: str
    tests: Sequence[str]


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
class Forks:
    """The pipes to a process that answers questions in forks."""

    questions: IO[str]
    answers: IO[str]

    def answered(self, asked: Asked | AskedOfFork, seconds: float | None = None) -> int:
        """The exit code of the fork that answered. It is killed after `seconds`."""
        self.questions.write(json.dumps(asked) + "\n")
        self.questions.flush()
        child = int(self.answers.readline())
        watch = threading.Timer(seconds or threading.TIMEOUT_MAX, _kill, [child])
        watch.daemon = True
        watch.start()
        try:
            return int(self.answers.readline())
        finally:
            watch.cancel()


@dataclass(frozen=True, slots=True)
class Copy:
    """A copy of the project, for one run at a time."""

    tree: Path
    imported: Forks
    """Of a process that has imported what others wrote."""
    collected: Callable[[], Forks]
    """Of a process that has collected all tests, and so has imported the project, too."""

    @property
    def report(self) -> Path:
        """The file that `pytest_plugin` writes."""
        return self.tree / _REPORT

    def coverage_map(self, workers: int, tests: Iterable[str] = TESTS) -> CoverageMap:
        """Runs the unit tests of some files or folders but the `thorough` ones.

        A test that fails without a mutant proves nothing: it is named and not asked.
        """
        covered = [argument for room in ROOMS for argument in ("--cov", room)]
        options = ["-n", str(workers), *covered, "--cov-context=test", "--cov-report=", *tests]
        self._pytest(options)
        report = self._reported()
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

    def verdict(
        self, mutant: Mutant, tests: CoverageMap, most_rounds: int | None = None
    ) -> Verdict:
        """Asks the tests that can notice a mutant, until one does."""
        asked = 0
        ask = self._by_import
        if not tests.at_import(mutant):
            self.collected()  # before the change: it imports the project as it is
            ask = self._by_code
        path = self.tree / mutant.module
        source = path.read_text(encoding="utf-8")
        path.write_text(mutant.applied(source), encoding="utf-8")
        try:
            for chosen in tests.rounds(mutant)[:most_rounds]:
                asked += len(chosen)
                limit = _SPARE_SECONDS + _TIMES_SLOWER * sum(map(tests.seconds.__getitem__, chosen))
                if killed_by := ask(path, source, chosen, limit):
                    return Verdict(mutant, killed_by, asked)
        finally:
            path.write_text(source, encoding="utf-8")
            _forget_bytecode(path)
        return Verdict(mutant, None, asked)

    def _by_code(self, path: Path, before: str, chosen: Sequence[str], limit: float) -> str | None:
        """What `_by_import` says, in a process that has imported the module before its change."""
        asked = AskedOfFork(
            file=str(path), before=before, after=path.read_text(encoding="utf-8"), tests=chosen
        )
        self.report.write_text(_NO_REPORT, encoding="utf-8")
        code = self.collected().answered(asked, limit)
        if code not in (_PASSED, _FAILED, -signal.SIGKILL):
            return self._by_import(path, before, chosen, limit)
        return self._noticed(code, limit)

    def _by_import(
        self, path: Path, before: str, chosen: Sequence[str], limit: float
    ) -> str | None:
        """The test that failed first, or what else happened; None where all pass."""
        _forget_bytecode(path)
        files = dict.fromkeys(file_of(test) for test in chosen)
        return self._noticed(self._pytest(["-x", *files], chosen, limit), limit)

    def _noticed(self, code: int, limit: float) -> str | None:
        if code == _PASSED:
            return None
        if code == -signal.SIGKILL:
            return f"no end within {limit:.0f} s"
        report = self._reported()
        return next(iter(report["failed"]), f"pytest's exit code {code}")

    def _reported(self) -> _Report:
        return cast(_Report, json.loads(self.report.read_text(encoding="utf-8")))

    def _pytest(
        self,
        arguments: Sequence[str],
        tests: Sequence[str] | None = None,
        seconds: float | None = None,
    ) -> int:
        """The exit code of one run, killed after `seconds`."""
        self.report.write_text(_NO_REPORT, encoding="utf-8")
        environment = {"MUTANT_REPORT": str(self.report)}
        if tests is not None:
            chosen = self.tree / ".mutant-tests.json"
            chosen.write_text(json.dumps(tests), encoding="utf-8")
            environment["MUTANT_TESTS"] = str(chosen)
        asked = Asked(
            arguments=[*_OPTIONS, *arguments],
            environment=environment,
            output=str(self.tree / _OUTPUT),
        )
        return self.imported.answered(asked, seconds)


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
def served(tree: Path, tests: Sequence[str] = TESTS) -> Iterator[Copy]:
    """The project in a folder, with processes that end afterwards."""
    environment = {name: value for name, value in os.environ.items() if name not in _UNWANTED}
    environment["MUTANT_REPORT"] = str(tree / _REPORT)
    with ExitStack() as stack:
        imported = stack.enter_context(
            _forks(["-m", "tests.mutants.fork_server"], tree, environment)
        )

        @cache
        def collected() -> Forks:
            options = [
                "-m",
                "pytest",
                *_OPTIONS,
                *filter(lambda each: (tree / each).exists(), tests),
            ]
            forks = stack.enter_context(_forks(options, tree, environment))
            if forks.answers.readline().strip() != READY:
                raise NoTests((tree / _OUTPUT).read_text(encoding="utf-8"))
            return forks

        yield Copy(tree, imported, collected)


@contextmanager
def _forks(options: Sequence[str], tree: Path, environment: Mapping[str, str]) -> Iterator[Forks]:
    """A Python process that answers through the pipes that `PIPES` of its environment names."""
    asked_from, questions = os.pipe()
    answers, answered_to = os.pipe()
    theirs = (asked_from, answered_to)
    with (
        os.fdopen(questions, "w") as writing,
        os.fdopen(answers) as reading,
        (tree / _OUTPUT).open("w") as output,
        subprocess.Popen(  # noqa: S603 - this very interpreter
            [sys.executable, *options],
            cwd=tree,
            env={**environment, PIPES: f"{asked_from},{answered_to}"},
            pass_fds=theirs,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
        ) as process,
    ):
        for each in theirs:
            os.close(each)
        try:
            yield Forks(writing, reading)
        finally:
            process.terminate()
