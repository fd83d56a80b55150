"""The stage as a whole: which processes, in which order, until which end.

Each process starts as early as it can: the emulator, the Translate server and the gateway at the
beginning, the tables as soon as the emulator answers, the functions when the tables' names are
known. The end goes the other way round, so that each process ends before those that it needs: the
gateway first, which invokes `disconnect` for its connections; then the functions, which handle what
the streams still hold; the emulator last, which saves its state.

A process that dies is started again. The emulator holds the tables, and has on disk what it has
answered. Its socket is the stage's: who asks meanwhile waits, and is not refused. The others hold
nothing that the tables do not, and their clients reconnect. Those that have to know the hall's
address are started again when it changes.
"""

from __future__ import annotations

import json
import logging
import socket
import time
from collections.abc import Container, Sequence
from typing import Final

from chalice_app.settings import ConfigurationError, require_settings
from infra.local.hall.keeper import HallKeeper
from infra.local.hall.place import HallPlace
from infra.local.process.ports import listening
from infra.local.stage import signals
from infra.local.stage.environment import (
    Environment,
    Ports,
    admission_settings,
    child_environment,
    emulator_environment,
    hall_settings,
    table_settings,
)
from infra.local.stage.gateway_options import gateway_options
from infra.local.stage.processes import Child, ChildExits, python
from infra.local.stage.workspace import Workspace

LOGGER = logging.getLogger(__name__)

START_SECONDS: Final = 30.0
"""Longer than the slowest laptop needs; then the stage says what it still waits for, and ends."""
LOOK_SECONDS: Final = 0.01
FOLLOW_SECONDS: Final = 2.0
"""How often the stage looks where the hall is: phones notice a lost Wi-Fi much later."""
ENDING_ORDER: Final = (
    (("gateway",), 2.4),
    (("tables", "stale_connections", "functions"), 4.0),
    (("polly_server", "transcribe_server", "translate_server", "dynamodb"), 4.6),
)
"""Groups of processes, and when they are killed: seconds after the stage's end was asked for, where
the contract is five for all. A group ends together, and before the next one is asked to."""
ONCE: Final = ("tables", "stale_connections")
"""Processes that do their work and end, in success, by themselves."""
PROGRAMS: Final = {
    "dynamodb": "infra.local.dynamodb",
    "tables": "infra.local.dynamodb.tables",
    "stale_connections": "infra.local.gateway.stale_connections",
    "translate_server": "infra.local.translate.server",
    "transcribe_server": "infra.local.transcribe.server",
    "polly_server": "infra.local.polly.server",
    "functions": "infra.local.functions",
    "gateway": "infra.local.gateway",
}
"""What each process runs: `python -m` and one of these."""
RESTARTED: Final = (
    *("dynamodb", "translate_server", "transcribe_server", "polly_server"),
    *("functions", "gateway"),
)
"""Processes that are started again when they die, in the order in which they need each other."""
TOLD_THE_HALL: Final = ("gateway", "functions", "polly_server")
"""Processes that are told the hall's address, in the order in which they end for a new one: the
gateway invokes `disconnect` for its connections."""
MOVE_SECONDS: Final = 2.4
"""What each of them gets for that, as at the end."""
MORTAL: Final = (*RESTARTED, *ONCE)


class StageError(Exception):
    """The stage cannot be what it should; the message says why."""


class ChildEndedError(StageError):
    """A process of the stage ended by itself."""

    def __init__(self, child: Child, so_often: str = "") -> None:
        """The message names the process, its exit code and the end of its log."""
        last = "\n".join(child.last_lines())
        super().__init__(f"{child.name} ended with exit code {child.exit_code}{so_often}\n{last}")


class Stage:
    """The processes of one stage. To be stopped after use, however far it came."""

    def __init__(
        self,
        ports: Ports,
        place: Workspace,
        user: Environment,
        settings: Environment,
        hall: HallPlace | None = None,
    ) -> None:
        """Nothing is started before `start`.

        `user` is the environment of the user who runs it, `settings` (`environment.stage_settings`)
        are what its processes find each other by. In a `hall` phones reach it.
        """
        self._ports = ports
        self._place = place
        self._user = user
        self._environment: Environment = child_environment(
            user, settings, admission_settings(user, ports, hall), hall_settings(hall)
        )
        self._hall = hall
        try:
            require_settings(self._environment)
        except ConfigurationError as mistake:
            raise StageError(str(mistake)) from mistake
        self._children: dict[str, Child] = {}
        self._database_socket: socket.socket | None = None
        self._arguments: dict[str, tuple[str, ...]] = {}
        self._exits = ChildExits()
        self._reported_dead: dict[str, Child] = {}
        self._coming_back: list[Child] = []

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
        # People may be waiting at its door: none is let in before the former ones are out.
        gateway = None if kept else self._start_gateway()
        settings = table_settings(json.loads(self._ready(tables)))
        self._environment = {**self._environment, **settings}
        functions = self._start_functions()
        if self._ports.transcribe is not None:
            # Not waited for: nobody dictates before the page is open.
            self._start("transcribe_server", "--port", str(self._ports.transcribe))
        if self._ports.polly is not None:
            self._start_voices()
        for child in (functions, translate):
            self._ready(child)
        if kept:
            self._ready(self._start("stale_connections"))
        self._ready(gateway or self._start_gateway())
        return self._environment

    def watch(self, hall: HallKeeper | None = None) -> None:
        """Wait for the end; start again what dies before, and follow the hall.

        Raises:
            Interrupted: a signal asked for it.
            ChildEndedError: a process ended again and again.
            StageError: a process did not come back.
        """
        while True:
            self._check(MORTAL)
            dead = [name for name in RESTARTED if self._has_ended(name)]
            if dead:
                self._restart(self._children[dead[0]])
            elif self._coming_back:
                self._await_return(self._coming_back.pop(0))
            elif hall is None:
                signals.wait()
            else:
                signals.pause(FOLLOW_SECONDS)
                self._follow(hall)

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
        if self._database_socket is not None:
            self._database_socket.close()

    def _has_ended(self, name: str) -> bool:
        """Whether a process that was started is not there any more."""
        child = self._children.get(name)
        return child is not None and child.exit_code is not None

    def _restart(self, dead: Child) -> None:
        """Start a process again; if that fails because another has died, `watch` comes back."""
        if self._reported_dead.get(dead.name) is not dead:
            self._report_death(dead)
        if dead.name == "gateway" and not self._clean_up():
            return
        if dead.name == "dynamodb":
            self._await_return(self._start_emulator())
        else:
            self._await_return(self._start(dead.name, *self._arguments[dead.name]))

    def _await_return(self, child: Child) -> None:
        """Say that it is back; later, if one that it may need has died meanwhile."""
        if self._children[child.name] is not child:
            return  # it died again, and was replaced
        before = RESTARTED[: RESTARTED.index(child.name)]
        needed = [self._children[name] for name in before if name in self._children]
        if self._await(child, MORTAL, needed) is not None:
            LOGGER.warning("%s was restarted", child.name)
        elif child.exit_code is None:
            self._coming_back.append(child)

    def _report_death(self, dead: Child) -> None:
        """Log the end of its log, or raise ChildEndedError if it has died too often."""
        self._reported_dead[dead.name] = dead
        if self._exits.are_too_many(dead.name, time.monotonic()):
            raise ChildEndedError(dead, f", {ChildExits.LIMIT} times in {ChildExits.SECONDS:.0f} s")
        last = "\n".join(dead.last_lines())
        LOGGER.warning("%s ended with exit code %s:\n%s", dead.name, dead.exit_code, last)

    def _clean_up(self) -> bool:
        """Disconnect the dead gateway's sockets; returns whether all that this needs live.

        Before a new gateway has sockets of its own: their rows look the same.
        """
        needed = [self._children["dynamodb"], self._children["functions"]]
        stale_connections = self._start("stale_connections")
        ready = self._await(stale_connections, MORTAL, needed)
        all_live = all(child.exit_code is None for child in needed)
        if ready is None and all_live:
            last = "\n".join(stale_connections.last_lines())
            LOGGER.warning("the lost connections go when they are next posted to:\n%s", last)
        return all_live

    def _follow(self, hall: HallKeeper) -> None:
        """Start again what is told the hall's address; what dies meanwhile is for `watch`."""
        place = hall.look()
        if place is None:
            return
        self._hall = place
        admission = admission_settings(self._user, self._ports, place)
        self._environment = {**self._environment, **admission, **hall_settings(place)}
        self._arguments["gateway"] = self._gateway_options()
        self._end([name for name in TOLD_THE_HALL if name in self._children])
        if self._ports.polly is not None:
            self._start_voices()
        functions = self._await(self._start_functions(), MORTAL, [self._children["dynamodb"]])
        # A gateway that was killed has not said goodbye for its connections.
        if functions is not None and (self._children["gateway"].exit_code == 0 or self._clean_up()):
            self._await(self._start_gateway(), MORTAL)
        hall.announce()

    def _end(self, names: Sequence[str]) -> None:
        for child in (self._children[name] for name in names):
            child.terminate()
            if not child.wait(time.monotonic() + MOVE_SECONDS):
                LOGGER.warning("%s did not end in time and is killed", child.name)
            child.kill()

    def _start_gateway(self) -> Child:
        return self._start("gateway", *self._gateway_options())

    def _gateway_options(self) -> tuple[str, ...]:
        return tuple(gateway_options(self._ports, self._environment, self._hall))

    def _start_emulator(self) -> Child:
        if self._database_socket is None:
            self._database_socket = listening(self._ports.dynamodb)
        descriptor = self._database_socket.fileno()
        directory = self._place.directory
        environment = emulator_environment(self._user, self._ports.dynamodb, directory)
        outlives = ("--outlives",) if self._place.is_kept else ()
        command = python(PROGRAMS["dynamodb"], "--listen-fd", str(descriptor), *outlives)
        return self._spawn("dynamodb", command, environment, [descriptor])

    def _start_functions(self) -> Child:
        state = ("--state-dir", str(self._place.directory))
        return self._start("functions", "--port", str(self._ports.functions), *state)

    def _start_voices(self) -> None:
        """Not waited for either: nobody listens before there is a caption."""
        ports = ("--port", str(self._ports.polly), "--sounds-port", str(self._ports.sounds))
        folder = ("--sounds", str(self._place.directory / "sounds"))
        self._start("polly_server", *ports, *folder)

    def _start(self, name: str, *arguments: str) -> Child:
        self._arguments[name] = arguments
        return self._spawn(name, python(PROGRAMS[name], *arguments), self._environment)

    def _spawn(
        self,
        name: str,
        command: Sequence[str],
        environment: Environment,
        descriptors: Sequence[int] = (),
    ) -> Child:
        if name in self._children:
            # What it has left behind goes before anything takes its place.
            self._children[name].kill()
        child = Child(name, command, environment, self._place.log(name), descriptors)
        self._children[name] = child
        return child

    def _ready(self, child: Child) -> str:
        """What it says when it is ready; every process has to live until then."""
        line = self._await(child)
        if line is None:
            raise ChildEndedError(child)
        return line

    def _await(
        self, child: Child, mortal: Container[str] = (), needed: Sequence[Child] = ()
    ) -> str | None:
        """Wait for its ready line; None: it has ended without, or one that it needs has."""
        # Counted in looks: a stage that was stopped meanwhile, with its processes, has not waited.
        looks = round(START_SECONDS / LOOK_SECONDS)
        while (line := child.ready_line()) is None:
            if looks == 0:
                last = "\n".join(child.last_lines())
                message = f"{child.name} was not ready in {START_SECONDS:.0f} s\n{last}"
                raise StageError(message)
            looks -= 1
            signals.pause(LOOK_SECONDS)
            self._check(mortal)
            if any(each.exit_code is not None for each in (child, *needed)):
                # What it said last may have come after the look above.
                return child.ready_line()
        return line

    def _check(self, mortal: Container[str] = ()) -> None:
        """Raise if a process has ended that must not; those that are `mortal` may."""
        for child in self._children.values():
            if child.exit_code is None or child.name in mortal:
                continue
            if child.name not in ONCE or child.exit_code != 0:
                raise ChildEndedError(child)
