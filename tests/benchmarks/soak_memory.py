"""The memory of a stage's processes, and what each has gained since it was warm.

A process that is killed starts anew, so a tree's size at two moments says little. What says
whether memory is lost is what every process gains between the moment it is warm and its end; over
all the processes of one name that adds up, however many there were.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

_PAGE = os.sysconf("SC_PAGE_SIZE")
_MODULES = {"ministack": "dynamodb", "infra.local.translate_server": "translate_server"}
_MODULES |= {f"infra.local.{name}": name for name in ("functions", "gateway", "leftovers")}


def children(pid: int) -> dict[str, int]:
    """A stage's own processes, by name."""
    found = {}
    for child in _children(pid):
        command = _read(child, "cmdline").split("\0")
        for module in command[2:3]:
            if module in _MODULES:
                found[_MODULES[module]] = child
    return found


def resident(pid: int) -> int:
    """Bytes of a process and everything below it; shared pages count for each."""
    fields = _read(pid, "statm").split()
    own = int(fields[1]) * _PAGE if fields else 0
    return own + sum(map(resident, _children(pid)))


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
    """One process: when it was first seen, its size when warm, and its size now."""

    name: str
    since: float
    warm: int | None = None
    now: int = 0


@dataclass
class Memory:
    """Follows a stage's processes; one is warm `warm_seconds` after it was first seen."""

    pid: int
    warm_seconds: float
    _lives: dict[int, _Life] = field(default_factory=dict)

    def look(self, now: float) -> int:
        """Measures; returns the bytes of all together."""
        total = 0
        for name, pid in children(self.pid).items():
            life = self._lives.setdefault(pid, _Life(name, now))
            size = resident(pid)
            # One that is just being killed has none left: what it had before counts.
            life.now = size or life.now
            total += size
            if life.warm is None and now - life.since >= self.warm_seconds:
                life.warm = size or None
        return total

    def growth(self, *names: str) -> tuple[int, float]:
        """Bytes gained by the processes of these names, and that in percent of their warm size."""
        gained, first = 0, dict[str, int]()
        for life in self._lives.values():
            if life.name in names and life.warm is not None:
                gained += life.now - life.warm
                first.setdefault(life.name, life.warm)
        return gained, 100 * gained / max(1, sum(first.values()))
