"""Least privilege, both ways: what each function asks of AWS is allowed, and nothing else is."""

from collections.abc import Mapping
from contextvars import copy_context
from typing import Any

import pytest
from moto import mock_aws

import app as functions
from chalice_app.aws.clients import Clients
from infra.deployment.policies import read_policies, with_arns, with_references
from infra.deployment.stage_names import API_HANDLER, PROJECT
from infra.local.dynamodb.tables import Table, ensure_tables
from tests.unit.chalice_app.aws.posting.scripted_gateway import ScriptedGateway
from tests.unit.infra.deployment.policy_scenario import Scenario
from tests.unit.infra.deployment.recorded_calls import Need, Recorder

POLICIES = read_policies(PROJECT)
FUNCTIONS = sorted(POLICIES)

LOGS: set[Need] = {
    ("logs:CreateLogStream", "${LogGroupArn}:log-stream:*"),
    ("logs:PutLogEvents", "${LogGroupArn}:log-stream:*"),
}

WITHOUT_RESOURCES = {
    *("translate:TranslateText", "translate:ListLanguages"),
    *("cloudwatch:DescribeAlarms", "cloudwatch:GetMetricData"),
    "transcribe:StartStreamTranscriptionWebSocket",
    "polly:SynthesizeSpeech",
}
"""Actions that AWS authorises for `*` alone or, as DescribeAlarms, for all alarms of an account.

Sources: https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazontranslate.html,
list_amazoncloudwatch.html, list_amazontranscribe.html and list_amazonpolly.html there; Polly's are
for lexicons where a call names any.
"""


def reads_stream(table: str) -> set[Need]:
    """What Lambda does by the role of a function that a stream drives.

    Source: https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-eventsourcemapping.html
    """
    actions = ("DescribeStream", "GetRecords", "GetShardIterator")
    return {
        *((f"dynamodb:{action}", f"${{{table}StreamArn}}") for action in actions),
        ("dynamodb:ListStreams", f"${{{table}TableArn}}/stream/*"),
        ("sqs:SendMessage", "${DeadLetterQueueArn}"),
    }


BY_LAMBDA: Mapping[str, set[Need]] = {
    "rosters": reads_stream("Connections"),
    "cache_access": reads_stream("CachedTranslations"),
    "broadcast": {("sqs:SendMessage", "${DeadLetterQueueArn}")},
}


@pytest.fixture(scope="module")
def needs(clients: Clients, templates: list[Table]) -> dict[str, set[Need]]:
    """What each function asked for in the scenario."""
    asked: dict[str, set[Need]] = {}
    gateway = ScriptedGateway()
    with pytest.MonkeyPatch.context() as patch, mock_aws():
        patch.setenv("AWS_REGION", "us-east-1")
        ensure_tables(clients.dynamodb, templates)
        recorder = Recorder(gateway, asked)
        # In a context of its own: what the functions bind to their log lines stays there.
        copy_context().run(Scenario(recorder, clients.dynamodb).play)
        recorder.close()
    gateway.close()
    return asked


def test_the_scenario_uses_every_function(needs: dict[str, set[Need]]) -> None:
    assert sorted(needs) == FUNCTIONS


@pytest.mark.parametrize("function", FUNCTIONS)
def test_what_a_function_asks_for_is_allowed(function: str, needs: dict[str, set[Need]]) -> None:
    asked = needs[function] | BY_LAMBDA.get(function, set()) | LOGS
    assert asked - allowed(POLICIES[function]) == set()


@pytest.mark.parametrize("function", FUNCTIONS)
def test_nothing_is_allowed_that_no_function_asks_for(
    function: str, needs: dict[str, set[Need]]
) -> None:
    asked = needs[function] | BY_LAMBDA.get(function, set()) | LOGS
    assert allowed(POLICIES[function]) - asked == set()


def test_every_function_has_a_policy_of_its_own() -> None:
    application = functions.app
    declared = {each.name for each in application.pure_lambda_functions}
    declared |= {each.name for each in application.event_sources}
    sockets = {"websocket_connect", "websocket_message", "websocket_disconnect"}
    assert {*declared, *sockets, API_HANDLER} == set(POLICIES)


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_star_stands_only_where_aws_has_nothing_finer(function: str) -> None:
    for action, resource in allowed(POLICIES[function]):
        assert "*" not in action
        if resource == "*":
            assert action in WITHOUT_RESOURCES
        elif "*" in resource:
            kinds = ("/@connections/*", ":log-stream:*", "/stream/*", "/sounds/*", "/transcripts/*")
            assert resource.endswith(kinds)


def test_what_an_unknown_api_would_allow_is_left_out() -> None:
    arns = dict.fromkeys(
        ("SessionsTableArn", "ConnectionsTableArn", "LogGroupArn"), "arn:aws:x:us-east-1:1:y"
    )
    left = with_arns(POLICIES["api_handler"], arns)
    sids = {statement["Sid"] for statement in left["Statement"]}
    assert "ConnectionsAreNamedByTheGateway" not in sids
    assert {"Sessions", "Listeners", "ForgetGone", "Log"} <= sids


def test_a_template_s_policy_refers_to_the_template_s_own_resources() -> None:
    policy = with_references(POLICIES["rosters"], "${ApplicationName}-${Stage}-rosters")
    by_sid = {each["Sid"]: each["Resource"] for each in policy["Statement"]}
    assert by_sid["ReadStream"] == {"Fn::GetAtt": ["ConnectionsTable", "StreamArn"]}
    assert by_sid["ListStreamsNamesTheTable"] == {"Fn::Sub": "${ConnectionsTable.Arn}/stream/*"}
    assert by_sid["TranslateHasNoResourcesForThese"] == "*"
    assert by_sid["Log"]["Fn::Sub"].endswith("${Stage}-rosters:log-stream:*")


def test_tracing_is_allowed_where_it_is_asked_for() -> None:
    traced = read_policies(PROJECT, traced=True)
    added = {name: allowed(policy) - allowed(POLICIES[name]) for name, policy in traced.items()}
    wanted = {("xray:PutTraceSegments", "*"), ("xray:PutTelemetryRecords", "*")}
    assert all(each == wanted for each in added.values())


def allowed(policy: Mapping[str, Any]) -> set[Need]:
    """Every action with every resource that a policy allows."""
    return {
        (action, resource)
        for statement in policy["Statement"]
        for action in statement["Action"]
        for resource in _listed(statement["Resource"])
    }


def _listed(resource: str | list[str]) -> list[str]:
    return [resource] if isinstance(resource, str) else resource
