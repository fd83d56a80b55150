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
    ".git", ".venv", ".*_cache", ".hypothesis", ".coverage", "__pycache__", "dist", "generated",
    "deployed", "deployments", "tests",
)  # fmt: skip


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project: what a deployment records must not land in the working tree."""
    copy = tmp_path_factory.mktemp("project") / "copy"
    shutil.copytree(PROJECT, copy, symlinks=True, ignore=_LEFT_OUT)
    _forget_deployments(copy / ".chalice" / "config.json")
    return copy


@pytest.fixture(scope="session")
def package(project: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The directory with `sam.json` and `deployment.zip` of the dev stage."""
    out = tmp_path_factory.mktemp("package")
    command = [sys.executable, "-m", "infra.package", "--stage", "dev", "--out", str(out)]
    done = subprocess.run(  # noqa: S603 - this project, run as its Makefile does
        command, cwd=project, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    print(done.stdout)
    return out


def _forget_deployments(config: Path) -> None:
    """The developer may have deployed; the copy starts from nothing."""
    document: dict[str, Any] = json.loads(config.read_text())
    document["stages"] = {name: {} for name in document["stages"]}
    config.write_text(json.dumps(document, indent=2) + "\n")
