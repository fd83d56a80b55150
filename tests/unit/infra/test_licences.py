"""What is pinned and under which licence."""

import re
from pathlib import Path

import pytest

from infra import licences

PIN = re.compile(r"^[A-Za-z0-9._-]+==\S+", re.M)


def test_every_pinned_package_is_listed_with_a_licence(capsys: pytest.CaptureFixture[str]) -> None:
    assert licences.main() == 0
    lines = capsys.readouterr().out.splitlines()
    pinned = [pin for list_ in licences.LISTS.values() for pin in PIN.findall(list_.read_text())]
    assert len(lines) == len(pinned) > 100
    assert [line for line in lines if line.startswith("shipped")] != []


@pytest.mark.parametrize(
    ("package", "name"),
    [("hypothesis", "MPL-2.0"), ("chalice", "Apache Software License"), ("nobodys", "not inst")],
)
def test_the_licence_is_what_the_package_declares(package: str, name: str) -> None:
    assert licences.licence_of(package, "1").name.startswith(name)


@pytest.mark.parametrize("requirements", licences.LISTS.values())
def test_every_requirement_is_pinned_exactly_with_hashes(requirements: Path) -> None:
    text = "\n".join(
        line for line in requirements.read_text().splitlines() if not line.lstrip().startswith("#")
    )
    for requirement in text.replace("\\\n", " ").splitlines():
        if requirement.strip():
            assert PIN.match(requirement), requirement
            assert "--hash=sha256:" in requirement, requirement
