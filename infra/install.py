"""`python -I infra/install.py LOCK ENVIRONMENT`: a virtual environment that holds what a lock says.

No resolver stands between the lock and the environment: pip installs the named wheels with
`--no-deps` and compares their hashes, and `pip check` then checks that the lock was complete.
With a resolver, a release of tomorrow decides: it takes the newest `coverage` for somebody's
`coverage[toml]`, of which the lock has no hash.

The environment is whole when its stamp says so, which is written last. Everything else (an
installation that was broken off, another lock, a folder that was moved, a Python that is gone) is
built again from nothing.

This module runs before anything is installed: it uses the standard library alone, and its syntax is
Python 3.7's, so that an older Python says in one line what is wrong instead of a traceback.
"""

from __future__ import annotations

import argparse
import contextlib
import fcntl
import hashlib
import os
import platform
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

PYTHONS = ("3.11", "3.12", "3.13")
"""CPython versions that the locks are resolved for; a test resolves each on both machines."""
MACHINES = ("x86_64", "aarch64")
STAMP = "built"
LOG = "install.log"

_PIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*==[A-Za-z0-9][A-Za-z0-9.+!_-]*")
_HASH = re.compile(r"--hash=sha256:[0-9a-f]{64}")
_OFFLINE = re.compile(
    r"NewConnectionError|NameResolutionError|ConnectTimeout|ReadTimeout|ProxyError|SSLError"
    r"|Max retries exceeded|Temporary failure in name resolution|Connection (?:refused|reset)"
)
_WRONG_HASH = re.compile(r"DO NOT MATCH THE HASHES.*?^ +(\S+) from ", re.S | re.M)
_NO_WHEEL = re.compile(r"No matching distribution found for (\S+)")


class InstallError(Exception):
    """The environment cannot be built; the message says why and what to do, in one line."""


class Host(NamedTuple):
    """What the environment would run on."""

    implementation: str
    version: str
    system: str
    machine: str


def this_host() -> Host:
    """The running Python and its machine."""
    version = "{}.{}".format(*sys.version_info[:2])
    return Host(platform.python_implementation(), version, platform.system(), platform.machine())


def require_host(host: Host) -> None:
    """Refuse a Python or a machine that the locks were not resolved for.

    Raises:
        InstallError: the host is of another kind.
    """
    if host.system != "Linux" or host.machine not in MACHINES:
        raise InstallError(
            f"this machine is {host.system} on {host.machine}, and the project runs on Linux on "
            f"{' or '.join(MACHINES)}: use such a machine, or a virtual one"
        )
    if host.implementation != "CPython" or host.version not in PYTHONS:
        others = [name for name in (f"python{each}" for each in reversed(PYTHONS)) if _runs(name)]
        remedy = (
            f"run make with PYTHON={others[0]}, which this machine has"
            if others
            else f"install one (on Debian 12 or newer: apt-get install python3 python3-venv) and "
            f"run make with PYTHON=python{PYTHONS[0]}"
        )
        raise InstallError(
            f"this Python is {host.implementation} {host.version}, and the project needs CPython "
            f"{', '.join(PYTHONS[:-1])} or {PYTHONS[-1]}: {remedy}"
        )


def _runs(program: str) -> bool:
    found = shutil.which(program)
    # A version manager may have a program of that name that only says how to install the real one.
    return found is not None and _run([found, "-I", "-c", "import ensurepip"]).returncode == 0


def require_lock(lock: Path) -> None:
    """Refuse a lock that leaves something open, or lacks what it was made from (its `.in` file).

    Raises:
        InstallError: a requirement has no version, no hash or no line, or there is no lock.
    """
    try:
        text = lock.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InstallError(f"{lock} cannot be read ({error}): {_restore(lock)}") from None
    requirements = list(_requirements(text))
    if not requirements:
        raise InstallError(f"{lock} names no package: {_restore(lock)}")
    for number, requirement in requirements:
        pin = re.split(r" --|;", requirement)[0]
        hashes = re.findall(r"--\S+", requirement)
        if not _PIN.fullmatch(pin.strip()) or not hashes or not all(map(_HASH.fullmatch, hashes)):
            raise InstallError(
                f"{lock}, line {number}: {requirement[:60].strip()!r} is not of the form "
                f"name==version --hash=sha256:...: {_restore(lock)}"
            )
    names = {_normal(re.split(r"==", requirement)[0]) for _, requirement in requirements}
    for wanted in _wanted(lock.with_suffix(".in")):
        if _normal(wanted) not in names:
            raise InstallError(f"{lock} lacks {wanted}: {_restore(lock)}")


def _wanted(source: Path) -> list[str]:
    """The packages that a lock is made for, by name."""
    text = source.read_text(encoding="utf-8") if source.is_file() else ""
    return re.findall(r"^[A-Za-z0-9][A-Za-z0-9._-]*", text, re.M)


def _requirements(text: str) -> Iterator[tuple[int, str]]:
    """Each requirement with the number of its first line; its continuation lines are joined."""
    joined, first = "", 0
    for number, line in enumerate(text.splitlines(), 1):
        content = line.strip()
        if content.startswith("#") or (not content and not joined):
            continue
        first = first or number
        joined += " " + content.rstrip("\\")
        if not content.endswith("\\"):
            yield first, joined.strip()
            joined, first = "", 0
    if joined:
        yield first, joined.strip()


def _restore(lock: Path) -> str:
    return f"restore it with `git checkout -- {lock}`, or rebuild it with `make lock`"


def is_whole(environment: Path, lock: Path) -> bool:
    """Whether the environment was built to its end, here, from this very lock, and still runs.

    One of another Python than the running one serves only where the locks are not for the latter.
    """
    python, running = environment / "bin" / "python", this_host().version
    try:
        stamp = (environment / STAMP).read_text(encoding="utf-8")
        version = stamp.split()[0]
        replaced = running in PYTHONS and running != version
        if replaced or stamp != _stamp(version, environment, lock):
            return False
        script = "import sys; print('{}.{}'.format(*sys.version_info[:2]))"
        printed = subprocess.run(
            [str(python), "-I", "-c", script], stdout=subprocess.PIPE, check=True
        )
    except (OSError, IndexError, UnicodeDecodeError, subprocess.CalledProcessError):
        return False
    return printed.stdout.decode().strip() == version and not missing_packages(environment, lock)


def missing_packages(environment: Path, lock: Path) -> list[str]:
    """What the lock names for every machine and the environment does not have, at that version.

    pip's configuration may have it install elsewhere, and somebody may have uninstalled a package:
    `pip check` finds nothing wrong with an environment that is empty.
    """
    pattern = "lib/python*/site-packages/*.dist-info"
    found = {_normal(path.name[: -len(".dist-info")]) for path in environment.glob(pattern)}
    requirements = [each for _, each in _requirements(lock.read_text(encoding="utf-8"))]
    pins = [re.split(r" --", each)[0].strip() for each in requirements if ";" not in each]
    return [pin for pin in pins if _normal(pin.replace("==", "-")) not in found]


def _normal(pin: str) -> str:
    """A name and version as https://peps.python.org/pep-0503/ compares them."""
    return re.sub(r"[-_.]+", "-", pin).lower()


def _stamp(version: str, environment: Path, lock: Path) -> str:
    """What is written into a whole environment; its scripts name its folder, so it does, too."""
    digest = hashlib.sha256(lock.read_bytes()).hexdigest()
    return f"{version} {digest} {environment.resolve()}\n"


def pip_install(python: Path, lock: Path) -> list[str]:
    """The command that installs what the lock says, all of it, and nothing else.

    Wheels alone: a source distribution would run its build, with requirements of its own. Options
    of the user's pip configuration that would lead elsewhere are overruled; its index is kept.
    """
    return [
        *(str(python), "-I", "-m", "pip", "install", "--quiet", "--disable-pip-version-check"),
        *("--no-user", "--no-input", "--no-deps", "--require-hashes", "--only-binary", ":all:"),
        *(
            "--retries",
            "3",
        ),  # pip prints why each failed; with none it would only say that the package is missing
        *("--requirement", str(lock)),
    ]


def build(environment: Path, lock: Path) -> None:
    """Build the environment from nothing.

    Raises:
        InstallError: it could not be built to its end; it has no stamp then.
    """
    require_host(this_host())
    require_lock(lock)
    require_place(environment)
    stamp = _stamp(this_host().version, environment, lock)  # of the lock that pip will read
    count = sum(1 for _ in _requirements(lock.read_text(encoding="utf-8")))
    if environment.exists():
        print(f"{environment} is unfinished, or of another lock, folder or Python: it is rebuilt")
    print(f"installing {count} packages into {environment}: two to three minutes", flush=True)
    _create(environment)
    python = environment / "bin" / "python"
    done = _run(pip_install(python, lock))
    (environment / LOG).write_text(done.stdout, encoding="utf-8")
    if done.returncode:
        raise InstallError(f"{explain(done.stdout, lock)} ({environment / LOG} has all of it)")
    checked = _run([str(python), "-I", "-m", "pip", "--disable-pip-version-check", "check"])
    if checked.returncode:
        lacking = checked.stdout.strip().splitlines()[0]
        raise InstallError(f"{lock} is not complete ({lacking}): {_restore(lock)}")
    missing = missing_packages(environment, lock)
    if missing:
        raise InstallError(
            f"pip did not install {missing[0]} into {environment}: look for target, prefix, root "
            "or dry-run in its configuration (pip config list)"
        )
    unfinished = environment / f"{STAMP}.new"
    unfinished.write_text(stamp, encoding="utf-8")
    unfinished.rename(environment / STAMP)


def require_place(environment: Path) -> None:
    """Refuse to clear what is not a virtual environment: `venv --clear` deletes all that it finds.

    Raises:
        InstallError: a link, a file or a folder of something else is in the way.
    """
    if environment.is_symlink() or (environment.exists() and not environment.is_dir()):
        raise InstallError(f"{environment} is a link or a file, not a folder: remove it")
    made = (environment / "pyvenv.cfg").exists() or (environment / "bin").exists()
    if environment.is_dir() and not made and any(environment.iterdir()):
        raise InstallError(
            f"{environment} holds something else than a virtual environment: move it elsewhere"
        )


def _create(environment: Path) -> None:
    """An empty environment with pip, whatever was there before."""
    done = _run([sys.executable, "-I", "-m", "venv", "--clear", str(environment)])
    if done.returncode == 0:
        return
    if "ensurepip" in done.stdout:
        raise InstallError(
            f"{sys.executable} cannot make virtual environments: install its venv module (on "
            "Debian, as root: apt-get install python3-venv)"
        )
    raise InstallError(f"{environment} could not be made: {_last_line(done.stdout)}")


def explain(output: str, lock: Path) -> str:
    """What pip's output means, in one line with the remedy."""
    wrong, unmatched = _WRONG_HASH.search(output), _NO_WHEEL.search(output)
    if wrong:
        return (
            f"{lock}: the hashes of {wrong[1]} are not those of the index's file; if the lock was "
            f"edited, {_restore(lock)}, else distrust the index"
        )
    if "No space left on device" in output:
        return "the disk is full: the environment needs 1.4 GB"
    # Before "no matching distribution", which pip also says of a name that it could not look up.
    if _OFFLINE.search(output):
        return (
            "no package index can be reached: connect this machine to the network, or name an "
            "index that it reaches in PIP_INDEX_URL"
        )
    if unmatched:
        host = this_host()
        return (
            f"the index has no wheel of {unmatched[1]} for Python {host.version} on "
            f"{host.machine}: if the lock was edited, {_restore(lock)}"
        )
    return f"pip failed: {_last_line(output)}"


def _last_line(output: str) -> str:
    lines = [line for line in output.splitlines() if line.strip()]
    return lines[-1].strip() if lines else "it said nothing"


def _run(command: Sequence[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        env=_without_detours(os.environ),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
        close_fds=False,  # the lock is held as long as a child lives: see _alone
        check=False,
    )


_DETOURS = ("TARGET", "PREFIX", "ROOT", "REQUIREMENT", "NO_BINARY", "DRY_RUN", "PYTHON", "EDITABLE")


def _without_detours(environ: Mapping[str, str]) -> dict[str, str]:
    """The environment without what would make pip install elsewhere, or something else."""
    detours = {f"PIP_{name}" for name in _DETOURS}
    return {name: value for name, value in environ.items() if name not in detours}


@contextlib.contextmanager
def _alone(lock: Path) -> Iterator[None]:
    """One builder at a time: `make run` in one terminal and `make test` in another are usual.

    pip inherits the lock, so that a builder that is killed is followed by another only when its pip
    has ended, too. The lock's folder is held, for the file itself may be replaced meanwhile.
    """
    folder = os.open(str(lock.parent), os.O_RDONLY)
    try:
        os.set_inheritable(folder, True)
        try:
            fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print("another process is installing; waiting for it", flush=True)
            fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)


def main(arguments: Sequence[str] | None = None) -> int:
    """Build the environment unless it is whole; returns the exit code."""
    parser = argparse.ArgumentParser(prog="infra/install.py", description=__doc__)
    parser.add_argument("lock", type=Path)
    parser.add_argument("environment", type=Path)
    chosen = parser.parse_args(arguments)
    try:
        if not chosen.lock.is_file():
            require_lock(chosen.lock)
        with _alone(chosen.lock):
            if not is_whole(chosen.environment, chosen.lock):
                build(chosen.environment, chosen.lock)
    except (InstallError, OSError) as error:
        print(f"make venv: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("make venv: interrupted; the next run starts from the beginning", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
