"""The stage as a whole: which processes, in which order, until which end.

Nothing waits that need not: the emulator, the Translate server and the gateway start at once, the
tables as soon as the emulator answers, the functions when the tables' names are known. The end goes
the other way round, so that nobody loses whom it still needs: the gateway first, which tells of its
closed connections; then the functions, which handle what the streams still hold; the emulator last,
which saves its state.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Sequence
from typing import Final

from infra.local import signals
from infra.local.environment import (
    Environment,
    Ports,
    child_environment,
    emulator_environment,
    stage_settings,
    table_settings,
    url,
)
from infra.local.processes import Child, python
from infra.local.workspace import Workspace

LOGGER = logging.getLogger(__name__)

START_SECONDS: Final = 30.0
"""Longer than the slowest laptop needs; then the stage says what it still waits for, and ends."""
LOOK_SECONDS: Final = 0.01
ENDING_ORDER: Final = (
    (("gateway",), 2.4),
    (("tables", "leftovers", "functions"), 4.0),
    (("translate_server", "dynamodb"), 4.6),
)
"""Groups of processes, and when they are killed: seconds after the stage's end was asked for, where
the contract is five for all. A group ends together, and before the next one is asked to."""
ONCE: Final = ("tables", "leftovers")
"""Processes that do their work and end, in success, by themselves."""


class StageError(Exception):
    """The stage cannot be what it should; the message says why."""


class ChildEndedError(StageError):
    """A process of the stage ended by itself."""

    def __init__(self, child: Child) -> None:
        """Tell which, how, and what it said at last."""
        last = "\n".join(child.last_lines())
        super().__init__(f"{child.name} ended with exit code {child.exit_code}\n{last}")


class Stage:
    """The processes of one stage. To be stopped after use, however far it came."""

    def __init__(self, ports: Ports, place: Workspace, user: Environment) -> None:
        """Nothing is started before `start`; `user` is the environment of whoever runs it."""
        self._ports = ports
        self._place = place
        self._user = user
        self._environment: Environment = child_environment(user, stage_settings(ports))
        self._children: dict[str, Child] = {}

    def start(self) -> Environment:
        """Start everything and return when all of it answers.

        Returns:
            The environment of the functions on this stage.

        Raises:
            StageError: something did not start.
            Interrupted: the end was asked for meanwhile.
        """
        kept = self._place.has_state
        self._start_emulator()
        tables = self._start("tables")
        translate = self._start("translate_server", "--port", str(self._ports.translate))
        to_functions = ("--functions", url(self._ports.functions))
        gateway = self._start("gateway", "--port", str(self._ports.ws), *to_functions)
        settings = table_settings(json.loads(self._ready(tables)))
        self._environment = {**self._environment, **settings}
        functions = self._start_functions()
        for child in (functions, gateway, translate):
            self._ready(child)
        if kept:
            self._ready(self._start("leftovers"))
        return self._environment

    def watch(self) -> None:
        """Wait for the end.

        Raises:
            Interrupted: a signal asked for it.
            ChildEndedError: a process of the stage ended by itself.
        """
        while True:
            signals.wait()
            self._check()

    def stop(self) -> None:
        """End every process, each group within its time."""
        begun = time.monotonic()
        for names, seconds in ENDING_ORDER:
            group = [self._children[name] for name in names if name in self._children]
            for child in group:
                child.terminate()
            for child in group:
                if not child.wait(begun + seconds):
                    LOGGER.warning("%s did not end in time and is killed", child.name)
                child.kill()

    def _start_emulator(self) -> None:
        directory = self._place.directory
        environment = emulator_environment(self._user, self._ports.dynamodb, directory)
        self._spawn("dynamodb", python("ministack"), environment)

    def _start_functions(self) -> Child:
        http = () if self._ports.http is None else ("--http-port", str(self._ports.http))
        state = ("--state-dir", str(self._place.directory))
        return self._start("functions", "--port", str(self._ports.functions), *http, *state)

    def _start(self, name: str, *arguments: str) -> Child:
        return self._spawn(name, python(f"infra.local.{name}", *arguments), self._environment)

    def _spawn(self, name: str, command: Sequence[str], environment: Environment) -> Child:
        child = Child(name, command, environment, self._place.log(name))
        self._children[name] = child
        return child

    def _ready(self, child: Child) -> str:
        deadline = time.monotonic() + START_SECONDS
        while (line := child.ready_line()) is None:
            if time.monotonic() >= deadline:
                last = "\n".join(child.last_lines())
                message = f"{child.name} was not ready in {START_SECONDS:.0f} s\n{last}"
                raise StageError(message)
            signals.pause(LOOK_SECONDS)
            self._check()
        return line

    def _check(self) -> None:
        for child in self._children.values():
            if child.exit_code is not None and not (child.name in ONCE and child.exit_code == 0):
                raise ChildEndedError(child)
