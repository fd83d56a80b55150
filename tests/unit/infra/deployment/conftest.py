"""A project, what its deployment says, and AWS behind it."""

from pathlib import Path

import pytest

from infra.deployment.stage_deployment import StageDeployment
from tests.unit.infra.deployment.fake_aws import FakeAws
from tests.unit.infra.deployment.fake_chalice import copied_project, deployed_to


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project as it is checked out."""
    return copied_project(tmp_path)


@pytest.fixture
def said() -> list[str]:
    """What the deployment says."""
    return []


@pytest.fixture
def aws() -> FakeAws:
    """An account without a stage."""
    return FakeAws()


@pytest.fixture
def deployment(project: Path, said: list[str], aws: FakeAws) -> StageDeployment:
    """A deployment of the project that has not run yet."""
    return deployed_to(project, said, aws)
