"""Which unit tests run which lines, and in which order they are asked about a mutant."""

import hashlib
import json
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path, PurePosixPath

from coverage import CoverageData

from tests.mutants.mutations import Mutant

ROOMS = ("chalice_app", "streams")
"""What is mutated."""
TESTS = (
    *(f"tests/unit/{room}" for room in ROOMS),
    "tests/unit/infra/deployment",
    "tests/unit/infra/monitoring",
    *(
        f"tests/unit/test_{each}.py"
        for each in ("limits", "defaults", "log_lines", "protocol_page", "documentation")
    ),
)
"""What is asked: the mirrors of what is mutated, what deploys and watches it, and what holds the
whole of it against others' limits and the pages."""
_READ_BY_TESTS = (*ROOMS, "infra", "tests/fakes", "tests/unit", "app.py", "pyproject.toml")
_FEW = 25
_MANY = 250
_SLOW_SECONDS = 0.5
_IMPORT = ""


@dataclass(frozen=True, slots=True)
class CoverageMap:
    """What one run of all unit tests showed."""

    seconds: Mapping[str, float]
    """How long each test took."""
    lines: Mapping[str, Mapping[str, Sequence[str]]]
    """By module and line, the tests that run it; an empty name for who imports the module."""

    def rounds(self, mutant: Mutant) -> list[list[str]]:
        """The tests that can notice a mutant, in rounds.

        A line that tests run is left to these tests. What an import makes, such as a constant or a
        decorator, can be used by any of them: the likeliest go first, because their modules must
        be imported anew.
        """
        of_module = self.lines.get(mutant.module, {})
        running = self._running(mutant)
        near = {test for tests in of_module.values() for test in tests}
        asked = self.seconds.keys() if self.at_import(mutant) else running
        ordered = sorted(
            asked & self.seconds.keys(),
            key=lambda test: (
                self.seconds[test] > _SLOW_SECONDS,
                -mirroring(mutant.module, test),
                test not in running,
                test not in near,
                self.seconds[test],
            ),
        )
        bounds = (0, _FEW, _MANY, None)
        parts = (ordered[start:end] for start, end in pairwise(bounds))
        return [part for part in parts if part]

    def at_import(self, mutant: Mutant) -> bool:
        """Whether an import runs a mutant's line, so that any test can be the one to notice it."""
        return _IMPORT in (self._running(mutant) or {_IMPORT})

    def _running(self, mutant: Mutant) -> set[str]:
        of_module = self.lines.get(mutant.module, {})
        return {test for line in mutant.lines for test in of_module.get(str(line), ())}

    def renewed(self, files: Collection[str], newer: "CoverageMap") -> "CoverageMap":
        """With what a newer run of some test files showed in the place of what is known of them."""
        seconds = {test: each for test, each in self.seconds.items() if file_of(test) not in files}
        lines = {
            module: {
                number: [test for test in tests if file_of(test) not in files]
                for number, tests in of_module.items()
            }
            for module, of_module in self.lines.items()
        }
        for module, of_module in newer.lines.items():
            for number, tests in of_module.items():
                known = lines.setdefault(module, {}).setdefault(number, [])
                known += [test for test in tests if test != _IMPORT]
        return CoverageMap({**seconds, **newer.seconds}, lines)


def file_of(test: str) -> str:
    """The file of a test."""
    return test.partition("::")[0]


def mirroring(module: str, test: str) -> int:
    """How near a test's file is to the mirror of a module: 2 for the mirror, 1 for its room."""
    mirror = PurePosixPath("tests/unit", module)
    file = PurePosixPath(file_of(test))
    if file.parent != mirror.parent:
        return 0
    return 2 if file.stem == f"test_{mirror.stem}" else 1


def from_coverage(data: CoverageData, tree: Path, seconds: Mapping[str, float]) -> CoverageMap:
    """The map of a run under coverage with a context a test (`--cov-context=test`).

    What ran in a fixture counts for the test that it ran for; outside of all tests, an import ran.
    """
    lines: dict[str, dict[str, list[str]]] = {}
    for file in sorted(data.measured_files()):
        module = Path(file).relative_to(tree).as_posix()
        if module.startswith(ROOMS):
            lines[module] = {
                str(line): sorted({_test(context) for context in contexts})
                for line, contexts in data.contexts_by_lineno(file).items()
            }
    return CoverageMap(seconds, lines)


def _test(context: str) -> str:
    return context.rpartition("|")[0]


def digests(root: Path) -> dict[str, str]:
    """Of every file that the unit tests import."""
    return {
        path.relative_to(root).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in _sources(root, _READ_BY_TESTS)
    }


def modules(root: Path) -> list[Path]:
    """The modules that are mutated."""
    return _sources(root, ROOMS)


def _sources(root: Path, names: Iterable[str]) -> list[Path]:
    found: list[Path] = []
    for name in names:
        path = root / name
        found += sorted(path.rglob("*.py")) if path.is_dir() else [path]
    return found


def outdated(before: Mapping[str, str], now: Mapping[str, str]) -> set[str] | None:
    """The test files that must run again since a map was made; None for all of them."""
    changed = {file for file, _ in before.items() ^ now.items()}
    tests = {file for file in changed if re.fullmatch(r"tests/unit/.*/test_\w+\.py", file)}
    return tests if tests == changed else None


def kept(path: Path) -> tuple[CoverageMap, dict[str, str]] | None:
    """The map that an earlier run kept, and the digests of its files."""
    if not path.exists():
        return None
    content = json.loads(path.read_text(encoding="utf-8"))
    return CoverageMap(content["seconds"], content["lines"]), content["digests"]


def keep(path: Path, tests: CoverageMap, files: Mapping[str, str]) -> None:
    """Keeps a map for the next run."""
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps({"digests": files, **asdict(tests)}), encoding="utf-8")
