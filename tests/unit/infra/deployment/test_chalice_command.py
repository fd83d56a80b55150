"""`chalice deploy` and `chalice package` by hand: refused in one line while nothing is recorded."""

import json
from pathlib import Path

import pytest

from infra.deployment.chalice_command import (
    Command,
    building_command,
    prepare,
    refusal,
    remove_bytecode,
)

RECORDED = {
    "SESSIONS_TABLE_NAME": "Sessions-dev",
    "CONNECTIONS_TABLE_NAME": "Connections-dev",
    "CACHED_TRANSLATIONS_TABLE_NAME": "CachedTranslations-dev",
    "ROSTERS_TABLE_NAME": "SessionRosters-dev",
    "SENTENCES_TABLE_NAME": "Sentences-dev",
    "CONNECTIONS_STREAM_ARN": "arn:aws:dynamodb:eu:1:table/Connections-dev/stream/1",
    "CACHED_TRANSLATIONS_STREAM_ARN": "arn:aws:dynamodb:eu:1:table/CachedTranslations-dev/stream/1",
}


@pytest.fixture
def command(tmp_path: Path) -> Command:
    """`chalice deploy` of a stage whose policies are there."""
    policies = tmp_path / ".chalice" / "generated" / "dev"
    policies.mkdir(parents=True)
    (policies / "rosters.json").write_text("{}")
    return Command("deploy", "dev", tmp_path)


@pytest.mark.parametrize(
    ("arguments", "name", "stage"),
    [
        (["deploy"], "deploy", "dev"),
        (["deploy", "--stage", "prod"], "deploy", "prod"),
        (["--debug", "deploy", "--stage=staging"], "deploy", "staging"),
        (["package", "--stage", "prod", "out"], "package", "prod"),
    ],
)
def test_a_command_that_builds_is_known_with_its_stage(
    arguments: list[str], name: str, stage: str
) -> None:
    command = building_command(arguments)
    assert command is not None
    assert (command.name, command.stage) == (name, stage)


@pytest.mark.parametrize(
    "arguments",
    [
        ["local"],
        ["local", "--port", "0"],
        ["delete"],
        ["url"],
        ["logs"],
        [],
        ["--help"],
        ["deploi"],
    ],
)
def test_any_other_command_is_none_of_its_business(arguments: list[str]) -> None:
    assert building_command(arguments) is None


def test_what_is_recorded_is_deployed(command: Command) -> None:
    assert refusal(command, RECORDED) is None


@pytest.mark.parametrize("missing", sorted(RECORDED))
def test_whatever_is_not_recorded_is_told_with_what_to_run(command: Command, missing: str) -> None:
    told = refusal(command, {**RECORDED, missing: ""})
    assert told == (
        f"stage dev has no recorded outputs ({missing} is not set); run: make deploy STAGE=dev"
    )


def test_outputs_of_another_stage_are_told(command: Command) -> None:
    told = refusal(Command("package", "prod", command.project), RECORDED)
    assert told == (
        "SESSIONS_TABLE_NAME is Sessions-dev, of another stage than prod; "
        "run: make package STAGE=prod"
    )


def test_a_stream_of_another_stage_is_told(command: Command) -> None:
    stream = RECORDED["CONNECTIONS_STREAM_ARN"].replace("-dev", "-prod")
    told = refusal(command, {**RECORDED, "CONNECTIONS_STREAM_ARN": stream})
    assert told == (
        f"CONNECTIONS_STREAM_ARN is {stream}, of another stage than dev; run: make deploy STAGE=dev"
    )


def test_policies_that_were_not_generated_are_told(tmp_path: Path) -> None:
    told = refusal(Command("deploy", "dev", tmp_path), RECORDED)
    assert told is not None
    assert "the functions' policies are not in" in told


def test_the_command_ends_with_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", ["chalice", "deploy", "--stage", "dev"])
    for name in RECORDED:
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(SystemExit, match="chalice deploy: stage dev has no recorded outputs"):
        prepare()


def test_compiled_files_are_kept_out_of_the_zip(tmp_path: Path) -> None:
    for package in ("chalice_app/aws", "streams", "infra"):
        compiled = tmp_path / package / "__pycache__"
        compiled.mkdir(parents=True)
        (compiled / "x.pyc").write_bytes(b"")
    remove_bytecode(tmp_path)
    assert [str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*.pyc")] == [
        "infra/__pycache__/x.pyc"
    ]


LAYER = ["arn:aws:lambda:us-east-1:123456789012:layer:oidc:1"]


@pytest.mark.parametrize(
    ("config", "refused"),
    [
        ({}, True),
        ({"stages": {"prod": {"layers": LAYER}}}, True),
        ({"lambda_functions": {"rosters": {"layers": LAYER}}}, True),
        ({"layers": LAYER}, False),
        ({"lambda_functions": {"api_handler": {"layers": LAYER}}}, False),
        ({"stages": {"dev": {"lambda_functions": {"api_handler": {"layers": LAYER}}}}}, False),
    ],
)
def test_a_provider_s_tokens_are_not_deployed_without_what_verifies_them(
    command: Command, config: dict[str, object], refused: bool
) -> None:
    (command.project / ".chalice" / "config.json").write_text(json.dumps(config))
    assert refusal(command, RECORDED) is None
    reason = refusal(command, {**RECORDED, "SPEAKER_JWKS_URL": "https://issuer.example/keys"})
    assert bool(reason and "make oidc-layer" in reason) is refused
