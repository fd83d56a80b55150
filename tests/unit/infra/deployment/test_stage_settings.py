"""Settings that a function could not start with are named before anything is deployed."""

from pathlib import Path
from typing import Any

import pytest

from infra.deployment.errors import DeploymentError
from infra.deployment.stage_names import read_config, stage_named
from infra.deployment.stage_settings import require_settings, stage_variables

WRONG = {"UNLIMITED_ADDRESSES": "203.0.113.0/99"}


def test_what_a_deployment_is_yet_to_record_is_not_missing() -> None:
    assert require_settings({}, "dev").posts_per_second == 8_000


def test_the_settings_are_those_of_the_stage() -> None:
    config = {
        "environment_variables": {"POSTS_PER_SECOND": "1", "MAX_LISTENERS": "7"},
        "stages": {
            "dev": {"environment_variables": {"POSTS_PER_SECOND": "2"}},
            "prod": {"environment_variables": {"POSTS_PER_SECOND": "3"}},
        },
    }
    settings = require_settings(config, "dev")
    assert (settings.posts_per_second, settings.limits.max_listeners) == (2, 7)
    assert stage_variables(config, "prod")["POSTS_PER_SECOND"] == "3"


@pytest.mark.parametrize(
    "config",
    [
        {"environment_variables": WRONG},
        {"stages": {"dev": {"environment_variables": WRONG}}},
        {"stages": {"dev": {"lambda_functions": {"rosters": {"environment_variables": WRONG}}}}},
    ],
)
def test_a_setting_without_sense_is_named_wherever_it_stands(config: dict[str, Any]) -> None:
    with pytest.raises(DeploymentError, match=r"UNLIMITED_ADDRESSES.*: correct it in \.chalice/"):
        require_settings(config, "dev")


def test_another_stage_s_settings_are_not_this_one_s() -> None:
    require_settings({"stages": {"prod": {"environment_variables": WRONG}}}, "dev")


@pytest.mark.parametrize(("value", "right"), [(8000, '"8000"'), (False, '"false"')])
def test_a_value_that_is_not_a_string_is_refused_with_the_string(value: object, right: str) -> None:
    config = {"stages": {"dev": {"environment_variables": {"KEEP_SENTENCES": value}}}}
    with pytest.raises(DeploymentError, match=f"must be a string, not {value!r}: write {right} in"):
        require_settings(config, "dev")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("[]", "the whole of "),
        ("null", "the whole of "),
        ('{"stages": []}', "stages in the whole of "),
        ('{"stages": {"dev": []}}', "stages.dev of "),
        (
            '{"stages": {"dev": {"lambda_functions": ["rosters"]}}}',
            "lambda_functions in stages.dev of ",
        ),
        (
            '{"lambda_functions": {"rosters": {"environment_variables": "A=1"}}}',
            "environment_variables in lambda_functions.rosters of ",
        ),
    ],
)
def test_a_configuration_of_another_shape_is_refused_with_its_place(
    tmp_path: Path, text: str, reason: str
) -> None:
    (tmp_path / ".chalice").mkdir()
    path = tmp_path / ".chalice" / "config.json"
    path.write_text(text)
    with pytest.raises(DeploymentError) as refused:
        read_config(tmp_path)
    assert str(refused.value).startswith(f"{reason}{path} must be a JSON object: ")


@pytest.mark.parametrize("text", ["{}", '{"app_name": 1}'])
def test_an_application_without_a_name_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / ".chalice").mkdir()
    (tmp_path / ".chalice" / "config.json").write_text(text)
    with pytest.raises(DeploymentError, match="app_name must be a string: "):
        stage_named("dev", tmp_path)
