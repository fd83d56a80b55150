"""An environment that holds what a lock says; what is refused, in one line with the remedy.

`tests/integration/test_install.py` has pip itself.
"""

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

from infra import install
from infra.install import (
    Host,
    InstallError,
    explain,
    is_whole,
    pip_install,
    require_host,
    require_lock,
)

HASH = "--hash=sha256:" + "a" * 64
LOCKS = sorted((Path(install.__file__).parent).glob("requirements-*.txt"))


@pytest.fixture
def lock(tmp_path: Path) -> Path:
    path = tmp_path / "lock.txt"
    path.write_text(f"# a comment\none==1.0 \\\n    {HASH}\n    # via two\ntwo==2.0 {HASH}\n")
    return path


def test_the_locks_are_found() -> None:
    assert [path.name for path in LOCKS] == [
        "requirements-audit.txt",
        "requirements-contracts.txt",
        "requirements-dev.txt",
        "requirements-oidc.txt",
        "requirements-recogniser.txt",
    ]


@pytest.mark.parametrize("path", LOCKS, ids=lambda path: path.name)
def test_every_requirement_of_the_locks_is_pinned_with_hashes(path: Path) -> None:
    require_lock(path)


@pytest.mark.parametrize("version", install.PYTHONS)
@pytest.mark.parametrize("machine", install.MACHINES)
def test_each_supported_python_and_machine_is_taken(version: str, machine: str) -> None:
    require_host(Host("CPython", version, "Linux", machine))


@pytest.mark.parametrize(
    ("host", "reason"),
    [
        (Host("CPython", "3.10", "Linux", "x86_64"), "this Python is CPython 3.10"),
        (Host("CPython", "3.14", "Linux", "x86_64"), "this Python is CPython 3.14"),
        (Host("PyPy", "3.11", "Linux", "x86_64"), "this Python is PyPy 3.11"),
        (Host("CPython", "3.12", "Darwin", "arm64"), "this machine is Darwin on arm64"),
        (Host("CPython", "3.12", "Linux", "riscv64"), "this machine is Linux on riscv64"),
    ],
)
def test_another_python_or_machine_is_refused_in_one_line(host: Host, reason: str) -> None:
    with pytest.raises(InstallError, match=reason) as refused:
        require_host(host)
    assert "\n" not in str(refused.value)


def programs(folder: Path, **exit_codes: int) -> None:
    for name, code in exit_codes.items():
        program = folder / name.replace("_", ".")
        program.write_text(f"#!/bin/sh\nexit {code}\n")
        program.chmod(0o755)


def test_a_python_that_the_machine_has_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin")
    # The first is a version manager's stand-in for a version that is not chosen.
    programs(tmp_path, python3_13=127, python3_12=0, python3_11=0)
    with pytest.raises(InstallError, match=r"run make with PYTHON=python3\.12, which this machine"):
        require_host(Host("CPython", "3.10", "Linux", "x86_64"))


def test_where_no_python_serves_the_way_to_one_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(InstallError, match="apt-get install python3 python3-venv"):
        require_host(Host("CPython", "3.10", "Linux", "x86_64"))


def test_an_older_python_can_read_the_module() -> None:
    ast.parse(Path(install.__file__).read_text(encoding="utf-8"), feature_version=(3, 7))


@pytest.mark.parametrize(
    ("edited", "line"),
    [
        ("two>=2.0 " + HASH, 5),
        ("two " + HASH, 5),
        ("two==2.0", 5),
        ("two==2.0 --hash=sha256:abc", 5),
        ("two==2.0 --hash=md5:" + "a" * 32, 5),
        ("two[extra]==2.0 " + HASH, 5),
        ("two @ file:///tmp/two.whl " + HASH, 5),
        ("-r other.txt", 5),
        ("--index-url=https://elsewhere.example/simple", 5),
        ("<<<<<<< HEAD", 5),
        ("two==2.0 \\", 5),
    ],
)
def test_a_lock_that_was_edited_is_refused_with_the_line(
    lock: Path, edited: str, line: int
) -> None:
    lock.write_text(lock.read_text().replace(f"two==2.0 {HASH}", edited))
    with pytest.raises(InstallError, match=rf"lock\.txt, line {line}: ") as refused:
        require_lock(lock)
    assert f"git checkout -- {lock}" in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_lock_that_lost_what_it_was_made_from_is_refused(lock: Path) -> None:
    lock.with_suffix(".in").write_text("# why\nOne==1.0\nthree[extra]==3.0\n")
    with pytest.raises(InstallError, match=r"lock\.txt lacks three: restore it with") as refused:
        require_lock(lock)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("content", [b"", b"# nothing\n", b"\xff\xfe"])
def test_a_lock_without_packages_is_refused(lock: Path, content: bytes) -> None:
    lock.write_bytes(content)
    with pytest.raises(InstallError, match="git checkout"):
        require_lock(lock)


def test_a_missing_lock_is_refused_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert install.main([str(tmp_path / "none.txt"), str(tmp_path / "environment")]) == 1
    assert capsys.readouterr().err.startswith("make venv: ")
    assert not (tmp_path / "environment").exists()


def test_nothing_is_built_from_an_edited_lock(
    lock: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lock.write_text("one>=1.0\n")
    assert install.main([str(lock), str(tmp_path / "environment")]) == 1
    assert capsys.readouterr().err.count("\n") == 1
    assert not (tmp_path / "environment").exists()


@pytest.mark.parametrize("kind", ["link", "file", "folder"])
def test_what_is_not_a_virtual_environment_is_never_cleared(
    lock: Path, tmp_path: Path, kind: str, capsys: pytest.CaptureFixture[str]
) -> None:
    other, place = tmp_path / "other", tmp_path / "environment"
    other.mkdir()
    (other / "precious").write_text("kept")
    if kind == "link":
        place.symlink_to(other)
    elif kind == "file":
        place.write_text("kept")
    else:
        place = other
    assert install.main([str(lock), str(place)]) == 1
    assert capsys.readouterr().err.count("\n") == 1
    assert (other / "precious").read_text() == "kept"


# --- Whole or not ---


@pytest.fixture
def environment(tmp_path: Path, lock: Path) -> Path:
    """A whole environment, as far as its stamp tells: its Python is the running one."""
    path = tmp_path / "environment"
    (path / "bin").mkdir(parents=True)
    (path / "bin" / "python").symlink_to(sys.executable)
    for package in ("one-1.0", "two-2.0"):
        (path / "lib" / "python3" / "site-packages" / f"{package}.dist-info").mkdir(parents=True)
    (path / install.STAMP).write_text(install._stamp(install.this_host().version, path, lock))
    return path


def test_a_whole_environment_is_left_alone(
    environment: Path, lock: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert is_whole(environment, lock)
    monkeypatch.setattr(subprocess, "Popen", only_that(environment / "bin" / "python"))
    assert install.main([str(lock), str(environment)]) == 0


def only_that(program: Path) -> type[subprocess.Popen[bytes]]:
    class Watched(subprocess.Popen[bytes]):
        def __init__(self, command: list[str], **options: object) -> None:
            assert command[0] == str(program), command
            super().__init__(command, **options)  # type: ignore[call-overload]

    return Watched


def test_an_environment_that_was_broken_off_is_not_whole(environment: Path, lock: Path) -> None:
    (environment / install.STAMP).unlink()
    assert not is_whole(environment, lock)


def test_an_environment_of_another_lock_is_not_whole(environment: Path, lock: Path) -> None:
    lock.write_text(lock.read_text() + f"three==3.0 {HASH}\n")
    assert not is_whole(environment, lock)


def test_an_environment_that_lost_a_package_is_not_whole(environment: Path, lock: Path) -> None:
    (environment / "lib/python3/site-packages/two-2.0.dist-info").rmdir()
    assert install.missing_packages(environment, lock) == ["two==2.0"]
    assert not is_whole(environment, lock)


def test_an_environment_whose_python_is_gone_is_not_whole(environment: Path, lock: Path) -> None:
    (environment / "bin" / "python").unlink()
    assert not is_whole(environment, lock)


def test_an_environment_whose_python_does_not_run_is_not_whole(
    environment: Path, lock: Path
) -> None:
    programs(environment / "bin", python3_11=1)
    (environment / "bin" / "python").unlink()
    (environment / "bin" / "python").symlink_to(environment / "bin" / "python3.11")
    assert not is_whole(environment, lock)


def test_an_environment_that_was_moved_is_not_whole(environment: Path, lock: Path) -> None:
    moved = environment.rename(environment.with_name("moved"))
    assert not is_whole(moved, lock)


@pytest.mark.parametrize("content", [b"", b"\xff", b"3.11\n", b"what is this"])
def test_a_stamp_that_says_nothing_is_none(environment: Path, lock: Path, content: bytes) -> None:
    (environment / install.STAMP).write_bytes(content)
    assert not is_whole(environment, lock)


def test_another_python_has_its_own_environment_where_the_lock_is_for_it(
    environment: Path, lock: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    host = install.this_host()
    other = next(each for each in install.PYTHONS if each != host.version)
    monkeypatch.setattr(install, "this_host", lambda: host._replace(version=other))
    assert not is_whole(environment, lock)
    # But an old Python, which could not build one, need not: this one is there.
    monkeypatch.setattr(install, "this_host", lambda: host._replace(version="3.10"))
    assert is_whole(environment, lock)


# --- What pip says ---


WRONG_HASH = """\
ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE. If you have updated ...
    six==1.17.0 from https://files.example/six-1.17.0.whl#sha256=4721:
        Expected sha256 0000
             Got        4721
"""
OFFLINE = """\
WARNING: Retrying (Retry(total=0)) after connection broken by 'NewConnectionError(...)': /six/
ERROR: Could not find a version that satisfies the requirement six==1.17.0 (from versions: none)
ERROR: No matching distribution found for six==1.17.0
"""
NO_WHEEL = """\
ERROR: Could not find a version that satisfies the requirement six==9 (from versions: 1.16.0)
ERROR: No matching distribution found for six==9
"""
FULL = "ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device"


@pytest.mark.parametrize(
    ("output", "said"),
    [
        (WRONG_HASH, "the hashes of six==1.17.0 are not those of the index's file"),
        (OFFLINE, "no package index can be reached"),
        (NO_WHEEL, "the index has no wheel of six==9 for Python "),
        (FULL, "the disk is full"),
        ("Traceback\n  File\nSomethingError: odd\n\n", "pip failed: SomethingError: odd"),
        ("", "pip failed: it said nothing"),
    ],
)
def test_what_pip_says_is_explained_in_one_line(output: str, said: str, lock: Path) -> None:
    explained = explain(output, lock)
    assert said in explained
    assert "\n" not in explained


def test_no_resolver_and_no_build_stand_between_lock_and_environment(lock: Path) -> None:
    command = pip_install(Path("python"), lock)
    assert {"--no-deps", "--require-hashes"} <= set(command)
    assert command[command.index("--only-binary") + 1] == ":all:"


def test_settings_of_pip_that_lead_elsewhere_are_left_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PIP_TARGET", "elsewhere")
    monkeypatch.setenv("PIP_INDEX_URL", "https://mirror.example/simple")
    kept = install._without_detours(os.environ)
    assert "PIP_TARGET" not in kept
    assert kept["PIP_INDEX_URL"] == "https://mirror.example/simple"
