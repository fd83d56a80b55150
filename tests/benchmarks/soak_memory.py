"""The memory of a stage's processes, and what each has gained since it was warm.

Measured is the proportional set size: of a page that several processes share (a translator's
dictionaries, Python itself) each has its part. A process that is killed starts anew and has a life
of its own; a life says something if it went on for long enough after it was warm. Its gain is the
median of its last fifth less that of its first, after the warm-up.

The first time that the whole hall comes back at once, pools grow to what that takes, and stay so
(2 to 3 MB; the second time adds nothing): from then on it is another life, with a warm-up of its
own. Whatever a second crowd adds is a gain.
"""

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from infra.local.stage.stage import PROGRAMS
from tests.benchmarks.results import Figure

_MODULES = {module: name for name, module in PROGRAMS.items() if name != "tables"}
"""All but the one that ends when it has created the tables."""

_PSS = re.compile(r"^Pss:\s+(\d+) kB$", re.MULTILINE)
FEWEST_LOOKS = 15
GROWTH_PERCENT = 5.0


def children(pid: int) -> dict[str, int]:
    """A stage's own processes, by name."""
    found = {}
    for child in _children(pid):
        command = _read(child, "cmdline").split("\0")
        for module in command[2:3]:
            if module in _MODULES:
                found[_MODULES[module]] = child
    return found


def proportional(pid: int) -> int:
    """Bytes of a process and everything below it."""
    found = _PSS.search(_read(pid, "smaps_rollup"))
    own = int(found.group(1)) * 1024 if found else 0
    return own + sum(map(proportional, _children(pid)))


def _children(pid: int) -> Iterator[int]:
    for task in Path(f"/proc/{pid}/task").glob("*"):
        yield from map(int, _read(pid, f"task/{task.name}/children").split())


def _read(pid: int, name: str) -> str:
    try:
        return Path(f"/proc/{pid}/{name}").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return ""


@dataclass
class _Life:
    """One process: when it was first seen, and its sizes since it was warm."""

    name: str
    since: float
    sizes: list[int] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Growth:
    """Bytes at first and what was gained, in one life."""

    first: float
    gained: float

    @property
    def percent(self) -> float:
        """The gain in percent of what was there at first."""
        return 100 * self.gained / self.first


@dataclass
class Memory:
    """Follows a stage's processes; one is warm `warm_seconds` after it was first seen."""

    pid: int
    warm_seconds: float
    _lives: dict[tuple[int, bool], _Life] = field(default_factory=dict)
    _crowded: set[int] = field(default_factory=set)

    def crowd(self) -> None:
        """To be told when everybody is about to come back at once."""
        self._crowded.update(children(self.pid).values())

    def look(self, now: float) -> int:
        """Measures; returns the bytes of all together."""
        total = 0
        for name, pid in children(self.pid).items():
            life = self._lives.setdefault((pid, pid in self._crowded), _Life(name, now))
            size = proportional(pid)
            total += size
            # One that is just being killed has none left.
            if size and now - life.since >= self.warm_seconds:
                life.sizes.append(size)
        return total

    @property
    def names(self) -> list[str]:
        """Of the processes that were seen."""
        return sorted({life.name for life in self._lives.values()})

    def growth(self, name: str) -> Growth | None:
        """The greatest of all lives of that name; None if none was warm for long."""
        lives = [life.sizes for life in self._lives.values() if life.name == name]
        grown = [_growth(sizes) for sizes in lives if len(sizes) >= FEWEST_LOOKS]
        return max(grown, key=lambda each: each.percent, default=None)


def _growth(sizes: Sequence[int]) -> Growth:
    fifth = max(1, len(sizes) // 5)
    first = median(sizes[:fifth])
    return Growth(first, median(sizes[-fifth:]) - first)


def memory_figures(
    about: str, memory: Memory, names: Sequence[str], held: Collection[str]
) -> Iterator[Figure]:
    """What each process has gained; those that are `held` to it, against GROWTH_PERCENT."""
    for name in names:
        growth = memory.growth(name)
        if growth is None:
            yield Figure(f"{about}, {name}", 0.0, "%", note="(never warm for long enough)")
            continue
        note = f"({growth.gained / 1e6:+.1f} of {growth.first / 1e6:.0f} MB)"
        target = GROWTH_PERCENT if name in held else None
        yield Figure(f"{about}, {name}", growth.percent, "%", target, note=note)
