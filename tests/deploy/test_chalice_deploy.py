"""`make deploy` against the emulator: first, again, after a table was made anew; and by hand.

The emulator has no ImportRestApi, so the HTTP function is invoked directly; sockets and streams are
its own. It enforces the functions' policies (AUTH).
"""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.deploy.deployed import ByInvocation
from tests.deploy.emulator import Emulator, running_emulator
from tests.deploy.emulator_gaps import endpoints, for_chalice, let_plain_connections_in
from tests.deploy.voices import a_spoken_sentence, require_private
from tests.integration.client import eventually, talk

HTTP = "translation-broadcaster-dev"
QUOTAS = ("enough for 1 large hall at once", "Service Quotas, Lambda, L-B99A9384")
"""The emulator has what accounts usually have of API Gateway, and less of Lambda."""


@pytest.fixture(scope="module")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    with running_emulator(tmp_path_factory.mktemp("emulator"), authorise=True) as running:
        yield running


@pytest.fixture(scope="module")
def shell(
    emulator: Emulator, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Mapping[str, str]]:
    """The environment of whoever deploys."""
    with for_chalice(emulator, tmp_path_factory.mktemp("waiters")) as environment:
        yield environment


@pytest.fixture(scope="module")
def first(emulator: Emulator, shell: Mapping[str, str], project: Path) -> str:
    """What the first deployment says."""
    refused = chalice(project, shell, "deploy", "--stage", "dev")
    assert refused.returncode == 1
    assert refused.stderr.endswith("run: make deploy STAGE=dev\n")
    assert "Traceback" not in refused.stderr
    set_variables(project, endpoints(emulator, "not-yet"))
    first = deploy(project, shell)
    set_variables(project, endpoints(emulator, recorded(project)["WEBSOCKET_API_ID"]))
    deploy(project, shell)
    return first


def test_each_step_is_told(first: str) -> None:
    steps = [line for line in first.splitlines() if line.startswith("deploy: ")]
    assert [step.rsplit(": ", 1)[1] for step in steps] == [
        "stage dev in account 000000000000, us-east-1",
        "created", "created", "recorded", *QUOTAS,
        "chalice deploy --stage dev", "recorded", "they go to the functions",
        "chalice deploy --stage dev",
        "1,000 a second, updated", "updated", "updated", "updated", "updated", "updated",
    ]  # fmt: skip


@pytest.mark.usefixtures("first")
def test_a_rerun_changes_nothing(
    emulator: Emulator, shell: Mapping[str, str], project: Path
) -> None:
    before = state(emulator, project)
    again = deploy(project, shell)
    assert state(emulator, project) == before
    told = [line.rsplit(": ", 1)[1] for line in again.splitlines() if line.startswith("deploy: ")]
    assert told[1:] == [
        "unchanged", "unchanged", "unchanged", *QUOTAS,
        "chalice deploy --stage dev", "unchanged",
        "1,000 a second, unchanged", "unchanged", "unchanged", "unchanged", "unchanged",
        "unchanged",
    ]  # fmt: skip


@pytest.mark.usefixtures("first")
def test_the_deployed_stage_serves_a_talk(emulator: Emulator) -> None:
    asyncio.run(a_talk(ByInvocation("", "", emulator=emulator, function=HTTP)))


async def a_talk(stage: ByInvocation) -> None:
    async with talk(stage) as running:
        speaker = await running.join_speaker()
        listeners = await running.join_all(("pt", "pt", "es"))
        await eventually(lambda: stage.counts(running.session), (3, {"es": 1, "pt": 2}))
        # A function that has to be started may be too late for a caption.
        await running.say_translated(speaker, "Good morning, everyone.")
        for listener in listeners:
            await listener.expect("caption", sequence=running.sequence)
        await listeners[0].socket.close()
        await eventually(lambda: stage.counts(running.session), (2, {"es": 1, "pt": 1}))


@pytest.mark.usefixtures("first")
def test_the_deployed_stage_is_heard(emulator: Emulator, project: Path) -> None:
    stage = ByInvocation("", "", emulator=emulator, function=HTTP)
    bucket = recorded(project)["SOUNDS_BUCKET_NAME"]
    let_plain_connections_in(emulator, bucket)
    asyncio.run(a_heard_talk(stage, emulator, bucket))


async def a_heard_talk(stage: ByInvocation, emulator: Emulator, bucket: str) -> None:
    async with talk(stage) as running:
        speaker = await running.join_speaker()
        listener = await running.join("pt", voice="true")
        await eventually(lambda: stage.counts(running.session), (1, {"pt": 1}))
        speech = await a_spoken_sentence(running, speaker, listener, "Good evening, everyone.")
        require_private(emulator, speech, bucket)


@pytest.mark.usefixtures("first")
def test_chalice_alone_deploys_what_is_recorded(
    emulator: Emulator, shell: Mapping[str, str], project: Path
) -> None:
    before = state(emulator, project)
    done = chalice(project, shell, "deploy", "--stage", "dev")
    assert done.returncode == 0, done.stderr
    assert state(emulator, project) == before


@pytest.mark.usefixtures("first")
def test_a_mapping_to_a_stream_that_is_no_more_is_mended(
    emulator: Emulator, shell: Mapping[str, str], project: Path
) -> None:
    client = emulator.client("lambda")
    right = mapping_of(client, "rosters")
    client.delete_event_source_mapping(UUID=right["UUID"])
    # As it stands after the table was deleted and made anew: Chalice would never look at it.
    old = right["EventSourceArn"].rpartition("/")[0] + "/2020-01-01T00:00:00.000"
    client.create_event_source_mapping(
        FunctionName=right["FunctionArn"], EventSourceArn=old, StartingPosition="TRIM_HORIZON"
    )
    said = deploy(project, shell)
    assert f"rosters: let go of {old}" in said
    mended = mapping_of(client, "rosters")
    assert mended["EventSourceArn"] == right["EventSourceArn"]
    assert mended["FunctionResponseTypes"] == ["ReportBatchItemFailures"]


@pytest.mark.usefixtures("first")
def test_without_its_record_the_stage_is_not_deployed_a_second_time(
    emulator: Emulator, shell: Mapping[str, str], project: Path
) -> None:
    record = project / ".chalice" / "deployed" / "dev.json"
    aside = record.rename(record.with_suffix(".aside"))
    try:
        done = run(project, shell, "-m", "infra.deploy")
    finally:
        aside.rename(record)
    assert done.returncode == 1
    assert "copy that file from where the stage was deployed" in done.stderr


@pytest.mark.usefixtures("first")
def test_another_region_than_the_recorded_one_is_refused(
    emulator: Emulator, shell: Mapping[str, str], project: Path
) -> None:
    elsewhere = {**shell, "AWS_DEFAULT_REGION": "eu-west-1"}
    done = run(project, elsewhere, "-m", "infra.deploy")
    assert done.returncode == 1
    assert done.stderr == (
        "deploy: stage dev is recorded in account 000000000000, us-east-1, not in 000000000000, "
        "eu-west-1: set AWS_REGION=us-east-1, or use another STAGE\n"
    )


@pytest.mark.usefixtures("first")
def test_a_domain_leads_to_the_stage_stays_and_goes_when_it_is_taken_away(
    emulator: Emulator, shell: Mapping[str, str], project: Path
) -> None:
    certificate = emulator.client("acm").request_certificate(
        DomainName="talk.example.org", SubjectAlternativeNames=["*.talk.example.org"]
    )["CertificateArn"]
    domain = ("--domain", "talk.example.org", "--certificate", certificate)
    done = run(project, shell, "-m", "infra.deploy", "--stage", "dev", *domain)
    assert done.returncode == 1
    assert "and the domain would replace it: remove it there" in done.stderr

    sockets = endpoints(emulator, recorded(project)["WEBSOCKET_API_ID"])
    unset_variable(project, "WEBSOCKET_URL")
    said = deploy(project, shell, *domain)
    assert said.count("deploy: DNS: ") == 2
    assert recorded(project)["WEBSOCKET_URL"] == "wss://ws.talk.example.org"
    assert recorded(project)["PAGE_ORIGIN"].startswith("https://talk.example.org,https://")
    (http,) = mappings_of(emulator, "talk.example.org")
    (socket,) = mappings_of(emulator, "ws.talk.example.org")
    assert socket == (recorded(project)["WEBSOCKET_API_ID"], "api")
    assert http[1] == "api"
    environment = emulator.client("lambda").get_function_configuration(FunctionName=HTTP)
    assert environment["Environment"]["Variables"]["WEBSOCKET_URL"] == "wss://ws.talk.example.org"

    before = state(emulator, project)
    assert deploy(project, shell).count("deploy: DNS: ") == 2
    assert state(emulator, project) == before

    deploy(project, shell, "--domain", "none")
    assert "WEBSOCKET_URL" not in recorded(project)
    assert emulator.client("apigatewayv2").get_domain_names()["Items"] == []
    set_variables(project, sockets)


def mappings_of(emulator: Emulator, domain: str) -> list[tuple[str, str]]:
    """The APIs and stages that a custom domain leads to."""
    items = emulator.client("apigatewayv2").get_api_mappings(DomainName=domain)["Items"]
    return [(each["ApiId"], each["Stage"]) for each in items]


@pytest.mark.usefixtures("first")
def test_a_broken_off_first_deployment_goes_on(
    emulator: Emulator, shell: Mapping[str, str], project: Path
) -> None:
    # As one leaves it that failed after the mappings: they exist, and Chalice has no record.
    (project / ".chalice" / "deployed" / "dev.json").unlink()
    said = deploy(project, shell, "--again")
    assert "rosters: let go of the mapping" in said
    assert mapping_of(emulator.client("lambda"), "rosters")["BisectBatchOnFunctionError"] is True


@pytest.mark.usefixtures("first")
def test_after_chalice_delete_a_bare_deployment_is_refused_and_make_deploy_makes_the_stage(
    emulator: Emulator, shell: Mapping[str, str], project: Path
) -> None:
    former = recorded(project)["WEBSOCKET_API_ID"]
    deleted = chalice(project, shell, "delete", "--stage", "dev")
    assert deleted.returncode == 0, deleted.stderr
    done = chalice(project, shell, "deploy", "--stage", "dev")
    assert done.returncode == 1
    assert done.stderr == (
        "chalice deploy: stage dev was deleted, or never deployed to its end: no API is recorded: "
        "run: make deploy STAGE=dev\n"
    )
    deploy(project, shell)
    assert recorded(project)["WEBSOCKET_API_ID"] != former
    assert mapping_of(emulator.client("lambda"), "rosters")["BisectBatchOnFunctionError"] is True
    assert chalice(project, shell, "deploy", "--stage", "dev").returncode == 0


def run(
    project: Path, environment: Mapping[str, str], *arguments: str
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603 - this project, run as its Makefile does
        [sys.executable, *arguments],
        cwd=project, env=dict(environment), capture_output=True, text=True, timeout=300,
        check=False,
    )  # fmt: skip


def deploy(project: Path, environment: Mapping[str, str], *options: str) -> str:
    """Runs `make deploy STAGE=dev`'s command; returns what it said."""
    command = ("-m", "infra.deploy", "--stage", "dev", "--poll-seconds", "0.1", *options)
    done = run(project, environment, *command)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def chalice(
    project: Path, environment: Mapping[str, str], *arguments: str
) -> subprocess.CompletedProcess[str]:
    return run(project, environment, str(Path(sys.executable).with_name("chalice")), *arguments)


def state(emulator: Emulator, project: Path) -> Any:
    """Everything that a deployment makes, without the times at which it was last touched."""
    functions = emulator.client("lambda").list_functions()["Functions"]
    mappings = emulator.client("lambda").list_event_source_mappings()["EventSourceMappings"]
    apis = emulator.client("apigatewayv2").get_apis()["Items"]
    touched = {"LastModified", "LastProcessingResult", "RevisionId", "StateTransitionReason"}
    kept = [
        {name: value for name, value in each.items() if name not in touched}
        for each in [*functions, *mappings]
    ]
    config = (project / ".chalice" / "config.json").read_text()
    return kept, [api["ApiId"] for api in apis], config


def mapping_of(client: Any, function: str) -> Any:
    mappings = client.list_event_source_mappings(FunctionName=f"{HTTP}-{function}")
    (only,) = mappings["EventSourceMappings"]
    return only


def recorded(project: Path) -> dict[str, str]:
    """The stage's recorded environment."""
    config = json.loads((project / ".chalice" / "config.json").read_text())
    variables: dict[str, str] = config["stages"]["dev"]["environment_variables"]
    return variables


def set_variables(project: Path, variables: Mapping[str, str]) -> None:
    """A setting of the stage's owner, beside what deployments record."""
    path = project / ".chalice" / "config.json"
    config = json.loads(path.read_text())
    config["stages"]["dev"].setdefault("environment_variables", {}).update(variables)
    path.write_text(json.dumps(config, indent=2) + os.linesep)


def unset_variable(project: Path, name: str) -> None:
    """Removes a setting of the stage's owner."""
    path = project / ".chalice" / "config.json"
    config = json.loads(path.read_text())
    del config["stages"]["dev"]["environment_variables"][name]
    path.write_text(json.dumps(config, indent=2) + os.linesep)
