"""One Python for the functions, whoever deploys them; what must match it does, or is refused."""

import re
import sys
import warnings
from typing import Any

import pytest
from chalice.config import Config
from chalice.deploy.validate import validate_python_version

from infra import oidc_layer
from infra.deployment.errors import DeploymentError
from infra.deployment.runtime import RUNTIME, layers, require_matching_layers, use_runtime
from infra.deployment.stage_names import PROJECT, read_config
from infra.install import PYTHONS

ARN = "arn:aws:lambda:us-east-1:123456789012:layer:oidc:1"
CONFIG = {"stages": {"dev": {"lambda_functions": {"api_handler": {"layers": [ARN]}}}}}


class Lambda:
    """Its layers, by their ARN."""

    def __init__(self, **version: Any) -> None:
        self.version = version
        self.asked: list[str] = []

    def get_layer_version_by_arn(self, Arn: str) -> dict[str, Any]:  # noqa: N803
        self.asked.append(Arn)
        return self.version


@pytest.fixture
def _chalice_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """Chalice's own way to the runtime comes back after the test."""
    monkeypatch.setattr(Config, "lambda_python_version", Config.__dict__["lambda_python_version"])


@pytest.mark.usefixtures("_chalice_as_it_is")
def test_chalice_takes_the_runtime_from_here_and_advises_no_other_python() -> None:
    assert Config().lambda_python_version == "python{}.{}".format(*sys.version_info[:2])
    with warnings.catch_warnings():
        use_runtime()
        validate_python_version(Config(), "python3.11")
    assert Config().lambda_python_version == RUNTIME


def test_the_locks_and_so_the_tests_are_for_the_runtime_s_python_too() -> None:
    assert RUNTIME.removeprefix("python") in PYTHONS


@pytest.mark.parametrize(
    "config",
    [
        {"layers": [ARN]},
        {"lambda_functions": {"api_handler": {"layers": [ARN]}}},
        {"stages": {"dev": {"layers": [ARN]}}},
        CONFIG,
    ],
)
def test_a_layer_is_found_wherever_chalice_would_look(config: dict[str, Any]) -> None:
    assert list(layers(config, "dev")) == [ARN]


@pytest.mark.parametrize("config", [{}, {"stages": {"prod": {"layers": [ARN]}}}])
def test_another_stage_s_layer_is_not_this_one_s(config: dict[str, Any]) -> None:
    assert list(layers(config, "dev")) == []


def test_a_layer_for_another_python_is_refused_with_what_to_do() -> None:
    client = Lambda(CompatibleRuntimes=["python3.11", "python3.12"])
    with pytest.raises(DeploymentError, match=f"is for python3.11, python3.12, .* {RUNTIME}"):
        require_matching_layers(client, CONFIG, "dev")
    assert client.asked == [ARN]


@pytest.mark.parametrize("version", [{}, {"CompatibleRuntimes": []}, {"CompatibleRuntimes": None}])
def test_a_layer_that_names_no_runtime_is_taken(version: dict[str, Any]) -> None:
    require_matching_layers(Lambda(**version), CONFIG, "dev")


def test_a_layer_for_the_runtime_is_taken() -> None:
    require_matching_layers(Lambda(CompatibleRuntimes=["python3.11", RUNTIME]), CONFIG, "dev")


def test_a_stage_without_layers_asks_nothing() -> None:
    client = Lambda()
    require_matching_layers(client, {}, "dev")
    assert client.asked == []


def test_the_page_on_aws_publishes_the_layer_for_the_runtime() -> None:
    page = (PROJECT / "infra" / "README.md").read_text(encoding="utf-8")
    assert re.findall(r"--compatible-runtimes (\S+)", page) == [RUNTIME]


def test_the_layer_is_made_for_the_functions_architecture() -> None:
    architecture = read_config()["lambda_architecture"]
    page = (PROJECT / "infra" / "README.md").read_text(encoding="utf-8")
    assert f"--compatible-architectures {architecture} " in page
    assert oidc_layer.PLATFORMS[architecture] in oidc_layer.wheels_command(
        read_config(), oidc_layer.LAYER
    )
