"""`python -m infra.licences`: every package in use, its version and its licence, as a table.

Read from what is installed, as its authors have declared it. First what the functions carry: what
`requirements.txt` names, and Chalice's runtime; then what a developer's machine needs. Exit code 1
if an installed package declares no licence.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Final

from infra.interruption import run_command

PROJECT: Final = Path(__file__).parents[1]
LISTS: Final = {
    "shipped": PROJECT / "requirements.txt",
    "development": PROJECT / "infra" / "requirements-dev.txt",
}
_PIN: Final = re.compile(r"^([A-Za-z0-9][A-Za-z0-9._-]*)==([^\s;\\]+)", re.M)
RUNTIME: Final = "chalice"
"""`chalice.app` is copied into every zip."""
_CLASSIFIER: Final = "License :: "
_LONGEST: Final = 60
"""Characters of a licence's name; some packages put the whole text there."""


@dataclass(frozen=True)
class Licence:
    """A pinned package; `name` is empty where it declares none."""

    package: str
    version: str
    name: str


def pins(requirements: Path) -> Iterator[tuple[str, str]]:
    """The packages of a list and their versions."""
    yield from _PIN.findall(requirements.read_text(encoding="utf-8"))


def licence_of(package: str, version: str) -> Licence:
    """What the installed package declares: an SPDX expression, its classifiers, or a name."""
    try:
        found = distribution(package).metadata
    except PackageNotFoundError:
        return Licence(package, version, "not installed here")
    classified = [
        each.rpartition(" :: ")[2]
        for each in found.get_all("Classifier", [])
        if each.startswith(_CLASSIFIER) and each != "License :: OSI Approved"
    ]
    (expression,) = found.get_all("License-Expression", [""])
    name = found.get_all("License", [""])[0].partition("\n")[0].strip()[:_LONGEST]
    named = expression or " / ".join(classified) or name or _first_line(package)
    return Licence(package, version, str(named))


def _first_line(package: str) -> str:
    """Of its licence's file, where the metadata say nothing."""
    for file in distribution(package).files or ():
        if file.name.upper().startswith("LICEN"):
            return file.read_text().strip().partition("\n")[0][:_LONGEST]
    return ""


def main() -> int:
    """Print the table; returns the exit code."""
    unknown = 0
    for use, requirements in LISTS.items():
        for package, version in pins(requirements):
            licence = licence_of(package, version)
            unknown += not licence.name
            carried = "shipped" if package == RUNTIME else use
            print(f"{carried:12} {package:28} {version:12} {licence.name or '?'}")
    if unknown:
        print(f"{unknown} packages declare no licence", file=sys.stderr)
    return int(unknown > 0)


if __name__ == "__main__":
    run_command("licences", main)
