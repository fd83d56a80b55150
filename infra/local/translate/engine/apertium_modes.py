"""Apertium's modes on this machine: which programs translate from one language to another."""

import shlex
import shutil
from collections.abc import Sequence
from pathlib import Path

MODES = Path("/usr/share/apertium/modes")

Command = Sequence[str]


def find_mode(name: str, modes: Path = MODES) -> tuple[Command, ...] | None:
    """The mode's programs, or None if it, one of its programs or one of its files is missing.

    `cg-proc` is such a program that Debian's packages do not ask for (it is in `cg3`).
    """
    path = modes / f"{name}.mode"
    if not path.is_file():
        return None
    commands = _with_constraint_grammar(name, _read_mode(path))
    files = [Path(word) for command in commands for word in command if word.startswith("/")]
    programs = [command[0] for command in commands]
    complete = all(map(shutil.which, programs)) and all(file.is_file() for file in files)
    return commands if complete else None


def _read_mode(path: Path) -> tuple[Command, ...]:
    """A mode file as a pipe needs it.

    `$1` is the place of the marking option: `-n` prints unknown words bare, without `*`, `@`, `#`.
    `$2` would make the tagger show its reasoning.
    """
    commands: list[list[str]] = [[]]
    for word in shlex.split(path.read_text("utf-8")):
        if word == "|":
            commands.append([])
        elif word != "$2":
            commands[-1].append("-n" if word == "$1" else word)
    return tuple([program, "-z", *arguments] for program, *arguments in commands)


def _with_constraint_grammar(name: str, commands: tuple[Command, ...]) -> tuple[Command, ...]:
    """Use a package's constraint grammar where its mode forgets it.

    spa-ita 0.2.1 ships one; without it every "para" (for) becomes "partorisca" (may give birth).
    """
    grammar = Path(commands[0][-1]).with_name(f"{name}.rlx.bin")
    if not grammar.is_file() or any(command[0] == "cg-proc" for command in commands):
        return commands
    return commands[0], ["cg-proc", "-z", str(grammar)], *commands[1:]
