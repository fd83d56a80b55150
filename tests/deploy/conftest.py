"""What is deployed, built once: the package, and a copy of the project to deploy from."""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

PROJECT = Path(__file__).resolve().parents[2]

_LEFT_OUT = shutil.ignore_patterns(
    ".git", ".venv", ".*_cache", ".hypothesis", ".coverage*", "__pycache__", "packaged",
    "generated", "deployed", "deployments", "tests",
)  # fmt: skip


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project: what a deployment records must not land in the working tree."""
    return _copy(tmp_path_factory.mktemp("project") / "copy")


@pytest.fixture(scope="session")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The directory with `sam.json` and `deployment.zip` of the dev stage."""
    out = tmp_path_factory.mktemp("package")
    project = _copy(out / "project")
    command = [sys.executable, "-m", "infra.package", "--stage", "dev", "--out", str(out)]
    done = subprocess.run(  # noqa: S603 - this project, run as its Makefile does
        command, cwd=project, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    print(done.stdout)
    return out


def _copy(to: Path) -> Path:
    """The project as it is checked out, without what the developer may have deployed."""
    shutil.copytree(PROJECT, to, symlinks=True, ignore=_LEFT_OUT)
    config = to / ".chalice" / "config.json"
    document: dict[str, Any] = json.loads(config.read_text())
    document["stages"] = {name: {} for name in document["stages"]}
    config.write_text(json.dumps(document, indent=2) + "\n")
    return to
