"""The alarms' stack, to the message that somebody gets. The emulator evaluates alarms itself.

It looks at a metric's newest points whatever their dimensions, and at no missing ones: CloudWatch's
own rules are `infra.monitoring.alarm_rules`.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from infra.monitoring.alarm_rules import read_alarms
from tests.deploy.emulator import Emulator, running_emulator

PROJECT = Path(__file__).resolve().parents[2]
ALARMS = {alarm.name: alarm for alarm in read_alarms("dev")}
BREACHING = {
    "CacheHitRate": 29.0,
    "BroadcastSuccessRate": 94.0,
    "BufferOverflowRate": 6.0,
    "FailedLanguagesCount": 11.0,
    "FailedVoicesCount": 11.0,
    "RostersIteratorAge": 60_001.0,
    "DeadLetters": 1.0,
    "ReconcileErrors": 1.0,
    "WebsocketConnectThrottles": 1.0,
}


@pytest.fixture(scope="module")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    with running_emulator(tmp_path_factory.mktemp("emulator")) as running:
        yield running


@pytest.fixture(scope="module")
def outputs(emulator: Emulator) -> dict[str, str]:
    client = emulator.client("cloudformation")
    client.create_stack(
        StackName="alarms", TemplateBody=(PROJECT / "infra" / "alarms.yaml").read_text()
    )
    client.get_waiter("stack_create_complete").wait(
        StackName="alarms", WaiterConfig={"Delay": 0.1, "MaxAttempts": 300}
    )
    stack = client.describe_stacks(StackName="alarms")["Stacks"][0]
    return {each["OutputKey"]: each["OutputValue"] for each in stack["Outputs"]}


@pytest.fixture(scope="module")
def inboxes(emulator: Emulator, outputs: dict[str, str]) -> dict[str, str]:
    """A queue a topic, which gets what the topic's subscribers get."""
    return {
        topic: subscribed(emulator, topic, outputs[f"{topic}Arn"])
        for topic in ("AlarmTopic", "CostTopic")
    }


def subscribed(emulator: Emulator, name: str, topic_arn: str) -> str:
    url: str = emulator.client("sqs").create_queue(QueueName=name)["QueueUrl"]
    emulator.client("sns").subscribe(
        TopicArn=topic_arn, Protocol="sqs", Endpoint=f"arn:aws:sqs:us-east-1:000000000000:{name}"
    )
    return url


@pytest.mark.parametrize("name", sorted(BREACHING))
def test_somebody_is_told(emulator: Emulator, inboxes: dict[str, str], name: str) -> None:
    namespace, metric, dimensions = ALARMS[name].metric
    emulator.client("cloudwatch").put_metric_data(
        Namespace=namespace,
        MetricData=[
            {
                "MetricName": metric,
                "Dimensions": [{"Name": key, "Value": value} for key, value in dimensions],
                "Value": BREACHING[name],
            }
        ],
    )
    (topic,) = ALARMS[name].tells
    message = received(emulator, inboxes[topic], f"{name}-dev")
    assert message["NewStateValue"] == "ALARM"


def test_the_dashboard_is_valid(emulator: Emulator, outputs: dict[str, str]) -> None:
    found = emulator.client("cloudwatch").get_dashboard(DashboardName=outputs["DashboardName"])
    widgets = json.loads(found["DashboardBody"])["widgets"]
    assert len(widgets) == 14
    assert "${" not in found["DashboardBody"]


def received(emulator: Emulator, inbox: str, alarm: str) -> Any:
    """The message about an alarm; others that come before it are of other tests."""
    client = emulator.client("sqs")
    for _ in range(10):
        emulator.client("cloudwatch").describe_alarms()
        answer = client.receive_message(QueueUrl=inbox, WaitTimeSeconds=2, MaxNumberOfMessages=10)
        for raw in answer.get("Messages", []):
            client.delete_message(QueueUrl=inbox, ReceiptHandle=raw["ReceiptHandle"])
            message = json.loads(json.loads(raw["Body"])["Message"])
            if message["AlarmName"] == alarm:
                return message
    raise AssertionError(f"nobody was told of {alarm}")
