"""A stage that cannot be what it should says so before anything starts."""

from pathlib import Path

import pytest

from infra.local.stage.environment import Ports, stage_settings
from infra.local.stage.stage import Stage, StageError
from infra.local.stage.workspace import workspace

PORTS = Ports(http=8000, ws=8001, dynamodb=1, translate=2, functions=3)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("UNLIMITED_ADDRESSES", "203.0.113.5/33"),
        ("KEEP_SENTENCES", "off"),
        ("MAX_LISTENERS", "many"),
        ("ALLOWED_ORIGINS", "talks.example.org"),
    ],
)
def test_a_setting_without_sense_is_refused_at_the_start(
    name: str, text: str, tmp_path: Path
) -> None:
    with workspace(tmp_path) as place, pytest.raises(StageError, match=f"{name} must be "):
        Stage(PORTS, place, {name: text}, stage_settings(PORTS))


def test_an_address_with_a_length_is_no_mistake(tmp_path: Path) -> None:
    with workspace(tmp_path) as place:
        Stage(PORTS, place, {"UNLIMITED_ADDRESSES": "203.0.113.5/24"}, stage_settings(PORTS))
