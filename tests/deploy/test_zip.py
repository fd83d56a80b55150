"""The zip that Lambda gets: everything the handlers need, and nothing else."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest

MEGABYTE = 1_000_000
FOREIGN = ("boto3", "botocore", "infra", "tests", "moto", "ministack", "aiohttp")

RESOLVE = """
import importlib, json, sys
for handler in sys.argv[1:]:
    module, _, name = handler.rpartition(".")
    assert callable(getattr(importlib.import_module(module), name)), handler
here = sorted(name.partition(".")[0] for name, module in sys.modules.items()
              if (getattr(module, "__file__", None) or "").startswith(sys.path[0]))
print(json.dumps(sorted(set(here))))
"""


@pytest.fixture(scope="module")
def names(package: Path) -> list[str]:
    """The files in the zip."""
    with ZipFile(package / "deployment.zip") as archive:
        return archive.namelist()


def test_both_packages_and_chalice_are_in_it(names: list[str]) -> None:
    packages = {name.partition("/")[0] for name in names}
    assert packages == {"app.py", "chalice", "chalice_app", "streams"}


def test_every_source_file_is_in_it(names: list[str], project: Path) -> None:
    sources = {
        str(path.relative_to(project))
        for package in ("chalice_app", "streams")
        for path in (project / package).rglob("*")
        if path.is_file()
    }
    assert sources <= set(names)


def test_neither_tests_nor_compiled_files_nor_the_sdk_are_in_it(names: list[str]) -> None:
    assert not [name for name in names if "__pycache__" in name or name.endswith(".pyc")]
    assert not [name for name in names if name.split("/")[0] in FOREIGN or "test" in name]


def test_it_is_small(package: Path, capsys: pytest.CaptureFixture[str]) -> None:
    archive = package / "deployment.zip"
    with ZipFile(archive) as opened:
        unpacked = sum(entry.file_size for entry in opened.infolist())
    size = archive.stat().st_size
    with capsys.disabled():
        count = len(ZipFile(archive).namelist())
        print(f"\nthe zip: {size:,} bytes, {unpacked:,} unpacked, {count} files")
    assert size < 5 * MEGABYTE


def test_every_handler_resolves_when_it_is_unpacked_alone(package: Path, tmp_path: Path) -> None:
    template = json.loads((package / "sam.json").read_text())
    handlers = sorted(set(handler_strings(template)))
    assert {"app.app", "app.connect", "app.message", "app.disconnect"} < set(handlers)
    with ZipFile(package / "deployment.zip") as archive:
        archive.extractall(tmp_path)
    # -P and -I keep the working directory and the environment off the path; boto3 is Lambda's own.
    start = f"import sys; sys.path.insert(0, {str(tmp_path)!r})\n"
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-I", "-c", start + RESOLVE, *handlers],
        capture_output=True, text=True, cwd=tmp_path, env={}, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == ["app", "chalice", "chalice_app", "streams"]


def handler_strings(template: dict[str, Any]) -> Iterator[str]:
    """The handlers of all functions of a template."""
    for resource in template["Resources"].values():
        if resource["Type"] == "AWS::Serverless::Function":
            yield resource["Properties"]["Handler"]
