"""A hall: the stage on a laptop's host, as its user, and as people with phones, find it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from tests.integration.client import PATIENCE, PROJECT, Stage, running_stage
from tests.network.hosts import PHONES, Hosts
from tests.network.people import Person, Talk, talk

PORT = 8000
ONE_PORT = ("--http-port", str(PORT))


@dataclass(frozen=True, slots=True)
class Hall:
    """The stage by both of its addresses; `log` is what its user sees in the terminal."""

    hosts: Hosts
    at_home: Stage
    in_the_hall: Stage
    log: Path

    @property
    def laptop(self) -> Person:
        """Whoever uses the laptop itself."""
        return Person(self.hosts.laptop)

    def phone(self, number: int = 0) -> Person:
        """One of the phones, each with an address of its own."""
        return Person(self.hosts.phones, PHONES[number])

    @asynccontextmanager
    async def talk(self, **wanted: object) -> AsyncIterator[Talk]:
        """A session whose speaker is at the laptop."""
        async with talk(self.laptop, self.at_home, self.in_the_hall, **wanted) as begun:
            yield begun

    def says(self, words: str) -> bool:
        """Whether the terminal has shown that."""
        return words in self.log.read_text()


@contextmanager
def hall(
    hosts: Hosts,
    directory: Path,
    *arguments: str,
    names: Path | None = None,
    ports: tuple[str, ...] = ONE_PORT,
    **settings: str,
) -> Iterator[Hall]:
    """A stage with `--hall` and these arguments on the laptop."""
    log = directory / "stage.log"
    within = hosts.laptop.program(names)
    options = ("--hall", *arguments, "--data-dir", str(directory / "data"))
    with running_stage(log, *options, ports=ports, within=within, **settings) as stage:
        yield Hall(hosts, at_home(stage), stage, log)


def at_home(stage: Stage) -> Stage:
    """The same stage by the laptop's loopback."""
    http, ws = (urlsplit(each).port for each in (stage.http, stage.ws))
    return Stage(f"http://127.0.0.1:{http}", f"ws://127.0.0.1:{ws}", stage.pid, stage.dynamodb)


def refusal(hosts: Hosts, *arguments: str, names: Path | None = None) -> str:
    """What a stage says that cannot start; the last line of it."""
    command = [*hosts.laptop.program(names), sys.executable, "-m", "infra.local", *arguments]
    done = subprocess.run(  # noqa: S603 - this project, started as its README says
        command, cwd=PROJECT, capture_output=True, text=True, check=False, timeout=2 * PATIENCE
    )
    assert done.returncode == 1, done
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    return done.stderr.strip().splitlines()[-1]
