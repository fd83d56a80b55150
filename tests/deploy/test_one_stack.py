"""The packaged stage, deployed as one stack and used: HTTP, sockets, streams, cache.

The emulator enforces the functions' policies (AUTH): a call that a role does not allow fails here.
"""

import asyncio
import json
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.deploy.conftest import PROJECT
from tests.deploy.deployed import BelowPath
from tests.deploy.emulator import Emulator, running_emulator
from tests.deploy.emulator_gaps import BUCKET, http_url, let_plain_connections_in, treated
from tests.deploy.voices import a_spoken_sentence, require_private
from tests.integration.client import Client, eventually, talk

STACK = "one-stack"
MESSAGE = "translation-broadcaster-dev-websocket_message"
BROADCAST = "translation-broadcaster-dev-broadcast"
VOICE = "translation-broadcaster-dev-voice"
TRIES = 10
LANGUAGES = ("pt", "pt", "es", "es", "ca")


@pytest.fixture(scope="module")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    with running_emulator(tmp_path_factory.mktemp("emulator"), authorise=True) as running:
        yield running


@pytest.fixture(scope="module")
def outputs(emulator: Emulator, package: Path) -> dict[str, str]:
    """The stack's outputs, once it stands."""
    template = json.loads((package / "sam.json").read_text())
    body = json.dumps(treated(template, emulator, package / "deployment.zip"))
    emulator.client("s3").put_object(Bucket=BUCKET, Key="sam.json", Body=body.encode())
    client = emulator.client("cloudformation")
    client.create_stack(
        StackName=STACK,
        # The template is larger than what a request may hold itself.
        TemplateURL=f"{emulator.endpoint}/{BUCKET}/sam.json",
        Capabilities=["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"],
    )
    client.get_waiter("stack_create_complete").wait(
        StackName=STACK, WaiterConfig={"Delay": 0.2, "MaxAttempts": 300}
    )
    stack = client.describe_stacks(StackName=STACK)["Stacks"][0]
    return {each["OutputKey"]: each["OutputValue"] for each in stack["Outputs"]}


@pytest.fixture(scope="module")
def stage(emulator: Emulator, outputs: dict[str, str]) -> BelowPath:
    """The deployed stage."""
    base = http_url(emulator, outputs["RestAPIId"])
    return BelowPath(emulator.endpoint, "", prefix=base.removeprefix(emulator.endpoint))


def test_every_output_of_the_design_is_there(outputs: dict[str, str]) -> None:
    tables = ("Sessions", "Connections", "CachedTranslations", "Rosters")
    expected = {f"{table}Table{kind}" for table in tables for kind in ("Name", "Arn")}
    expected |= {"ConnectionsGSIName", "AlarmTopicArn", "DeadLetterQueueArn"}
    expected |= {"ConnectionsStreamArn", "CachedTranslationsStreamArn"}
    expected |= {"SoundsBucketName", "SoundsBucketArn"}
    assert expected <= outputs.keys()


def test_the_mappings_say_what_chalice_cannot(emulator: Emulator, outputs: dict[str, str]) -> None:
    mappings = emulator.client("lambda").list_event_source_mappings()["EventSourceMappings"]
    streams = {mapping["EventSourceArn"] for mapping in mappings}
    assert streams == {outputs["ConnectionsStreamArn"], outputs["CachedTranslationsStreamArn"]}
    for mapping in mappings:
        assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
        assert mapping["BisectBatchOnFunctionError"] is True
        assert mapping["MaximumRetryAttempts"] == 20
        assert mapping["MaximumRecordAgeInSeconds"] == 6 * 3600
        destination = mapping["DestinationConfig"]["OnFailure"]["Destination"]
        assert destination == outputs["DeadLetterQueueArn"]


@pytest.mark.usefixtures("stage")
def test_the_emulator_does_enforce_the_policies(emulator: Emulator) -> None:
    # Otherwise what follows would prove nothing about them.
    name = "translation-broadcaster-dev-websocket_disconnect"
    context = {"connectionId": "x", "domainName": "here", "stage": "api", "apiId": "any"}
    event = json.dumps({"requestContext": context, "body": None})
    role = "WebsocketDisconnectRole"
    iam = emulator.client("iam")
    found = next(each for each in iam.list_roles()["Roles"] if role in each["RoleName"])
    policy = iam.list_role_policies(RoleName=found["RoleName"])["PolicyNames"][0]
    kept = iam.get_role_policy(RoleName=found["RoleName"], PolicyName=policy)["PolicyDocument"]
    client = emulator.client("lambda")
    assert failure(client, name, event) == ""
    iam.delete_role_policy(RoleName=found["RoleName"], PolicyName=policy)
    try:
        assert "the database refused" in failure(client, name, event)
    finally:
        iam.put_role_policy(
            RoleName=found["RoleName"], PolicyName=policy, PolicyDocument=json.dumps(kept)
        )


def failure(client: Any, function: str, event: str) -> str:
    """What a function fails with; nothing when it does not."""
    invoked = client.invoke(FunctionName=function, Payload=event)
    return invoked["Payload"].read().decode() if "FunctionError" in invoked else ""


def test_a_talk(stage: BelowPath, emulator: Emulator, outputs: dict[str, str]) -> None:
    asyncio.run(a_talk(stage, emulator, outputs))


async def a_talk(stage: BelowPath, emulator: Emulator, outputs: dict[str, str]) -> None:
    async with talk(stage) as running:
        speaker = await running.join_speaker()
        listeners = await running.join_all(LANGUAGES)
        await eventually(lambda: stage.counts(running.session), (5, {"ca": 1, "es": 2, "pt": 2}))
        # A function that has to be started may be too late for a caption.
        report = await running.say_translated(speaker, "Good morning, everyone.")
        assert {code: each["delivered"] for code, each in report["languages"].items()} == {
            "ca": 1, "es": 2, "pt": 2,
        }  # fmt: skip
        captions = [
            await listener.expect("caption", sequence=running.sequence) for listener in listeners
        ]
        assert [caption["language"] for caption in captions] == list(LANGUAGES)
        assert not any(caption.get("untranslated") for caption in captions)
        assert len({caption["text"] for caption in captions}) == 3
        await eventually(lambda: cached(emulator, outputs), {"en:ca", "en:es", "en:pt"})

        for tries in count(1):
            again = await running.say(speaker, "Good morning, everyone.")
            if all(each["cached"] for each in again["languages"].values()):
                break
            assert tries < TRIES, f"the cache is not read: {again}"

        for leaver in (listeners[0], listeners[4]):
            await leaver.socket.close()
        await eventually(lambda: stage.counts(running.session), (3, {"es": 2, "pt": 1}))
        last = await running.say(speaker, "Thank you.")
        assert last["languages"].keys() == {"es", "pt"}

        session = running.session.session_id
        number = running.sequence + 1
        said = {"sequence": number, "text": "Good night."}
        speak_by_invocation(emulator, outputs, session, said)
        await listeners[1].expect("caption", sequence=number)


def speak_by_invocation(
    emulator: Emulator, outputs: dict[str, str], session_id: str, sentence: dict[str, Any]
) -> None:
    """A sentence by the Lambda API: the emulator keeps no log of what its gateway invokes."""
    found = emulator.client("dynamodb").get_item(
        TableName=outputs["SessionsTableName"], Key={"sessionId": {"S": session_id}}
    )
    context = {
        "connectionId": found["Item"]["speakerConnectionId"]["S"],
        "domainName": "here",
        "stage": "api",
        "apiId": "any",
        "requestId": "by-invocation",
        "requestTimeEpoch": round(time.time() * 1000),
    }
    event = {"requestContext": context, "body": json.dumps({"action": "speak", **sentence})}
    assert failure(emulator.client("lambda"), MESSAGE, json.dumps(event)) == ""


def cached(emulator: Emulator, outputs: dict[str, str]) -> set[str]:
    """The language pairs of the entries in the cache."""
    scanned = emulator.client("dynamodb").scan(TableName=outputs["CachedTranslationsTableName"])
    keys = [item["cacheKey"]["S"] for item in scanned["Items"]]
    return {key.rpartition(":")[0] for key in keys if not key.startswith("hit#")}


def test_a_hall_too_large_for_one_function_is_served_in_batches(
    stage: BelowPath, emulator: Emulator
) -> None:
    set_variable(emulator, MESSAGE, SLICE_LISTENERS="1")
    try:
        asyncio.run(a_batchd_talk(stage))
    finally:
        set_variable(emulator, MESSAGE, SLICE_LISTENERS="5000")
    # Otherwise the function that cut them would have sent them all by itself.
    asyncio.run(eventually(lambda: invocations(emulator, BROADCAST) > 0, True))


async def a_batchd_talk(stage: BelowPath) -> None:
    async with talk(stage) as running:
        speaker = await running.join_speaker()
        listeners = await running.join_all(LANGUAGES)
        await eventually(lambda: stage.counts(running.session), (5, {"ca": 1, "es": 2, "pt": 2}))
        report: dict[str, Any] = {}
        for tries in count(1):
            # Functions that have to be started may report later than it is waited for.
            with suppress(AssertionError):
                report = (await running.say(speaker, "Good morning, everyone."))["languages"]
            if not report:
                assert tries < TRIES, "no sentence was reported"
                continue
            assert {code: each["listeners"] for code, each in report.items()} == Counter(LANGUAGES)
            # What a busy machine would send too late is dropped, and that is told, too.
            if all(each["delivered"] == each["listeners"] for each in report.values()):
                break
            assert tries < TRIES, f"no sentence reached everyone: {report}"
        for listener, language in zip(listeners, LANGUAGES, strict=True):
            caption = await listener.expect("caption", sequence=running.sequence)
            assert caption["language"] == language
            await listener.settle()
            assert len(listener.sequences()) == len(set(listener.sequences()))


def invocations(emulator: Emulator, function: str) -> int:
    """How often a function ran, by Lambda's own lines in its log."""
    return sum(text.startswith("START RequestId") for text in log_of(emulator, function))


def logged(emulator: Emulator, function: str, begins: str) -> list[Any]:
    """The lines of a function's log that are JSON and begin so."""
    return [json.loads(text) for text in log_of(emulator, function) if text.startswith(begins)]


def log_of(emulator: Emulator, function: str) -> list[str]:
    """A function's log, line by line."""
    events = emulator.client("logs").filter_log_events(logGroupName=f"/aws/lambda/{function}")
    return [line for event in events["events"] for line in event["message"].splitlines()]


def measured(emulator: Emulator, function: str) -> set[str]:
    """The names of what a function has measured, among others of its log."""
    return {name for line in logged(emulator, function, '{"_aws"') for name in line}


def set_variable(emulator: Emulator, function: str, **variables: str) -> None:
    """Changes a function's environment, and waits for that."""
    client = emulator.client("lambda")
    has = client.get_function_configuration(FunctionName=function)["Environment"]["Variables"]
    client.update_function_configuration(
        FunctionName=function, Environment={"Variables": {**has, **variables}}
    )
    client.get_waiter("function_updated_v2").wait(
        FunctionName=function, WaiterConfig={"Delay": 0.2, "MaxAttempts": 100}
    )


def test_a_batch_that_nobody_can_send_is_put_aside_and_let_go(
    emulator: Emulator, outputs: dict[str, str]
) -> None:
    client = emulator.client("lambda")
    config = client.get_function_event_invoke_config(FunctionName=BROADCAST, Qualifier="$LATEST")
    assert config["MaximumRetryAttempts"] == 1
    assert config["MaximumEventAgeInSeconds"] == 300
    destination = config["DestinationConfig"]["OnFailure"]["Destination"]
    assert destination == outputs["DeadLetterQueueArn"]
    client.invoke(FunctionName=BROADCAST, InvocationType="Event", Payload=b'{"part": "es.0"}')
    queue = outputs["DeadLetterQueueUrl"]
    asyncio.run(eventually(lambda: waiting(emulator, queue), 1))

    def tries() -> list[tuple[str, str]]:
        lines = logged(emulator, BROADCAST, '{"time"')
        failed = [line for line in lines if line["message"] == "the function failed"]
        return [(line["function"], line["exception"]["type"]) for line in failed]

    asyncio.run(eventually(tries, [(BROADCAST, "builtins.KeyError")] * 2))
    done = subprocess.run(  # noqa: S603 - this project, run as its README says
        [sys.executable, "-m", "infra.redrive", "--stage", "dev", "--queue", queue],
        cwd=PROJECT, env=dict(emulator.environment), capture_output=True, text=True, timeout=60,
        check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == (
        "0 records handled, 0 failed again; batches of old sentences let go: 1\n"
    )
    assert waiting(emulator, queue) == 0


def test_the_bucket_of_sounds_is_private_and_pages_may_read_it(
    emulator: Emulator, outputs: dict[str, str]
) -> None:
    s3, bucket = emulator.client("s3"), outputs["SoundsBucketName"]
    (rule,) = s3.get_bucket_cors(Bucket=bucket)["CORSRules"]
    assert (rule["AllowedMethods"], rule["AllowedOrigins"]) == (["GET", "HEAD"], ["*"])
    blocked = s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"]
    assert len(blocked) == 4
    assert all(blocked.values())


def test_the_voice_function_knows_the_bucket_and_is_tried_once(
    emulator: Emulator, outputs: dict[str, str]
) -> None:
    client = emulator.client("lambda")
    found = client.get_function_configuration(FunctionName=VOICE)
    assert found["Environment"]["Variables"]["SOUNDS_BUCKET_NAME"] == outputs["SoundsBucketName"]
    assert found["Handler"] == "streams.voice.handler"
    config = client.get_function_event_invoke_config(FunctionName=VOICE, Qualifier="$LATEST")
    assert config["MaximumRetryAttempts"] == 0
    assert config["MaximumEventAgeInSeconds"] == 60
    assert not config.get("DestinationConfig", {}).get("OnFailure")


def test_who_listens_hears_the_sentence_and_nobody_else_does(
    stage: BelowPath, emulator: Emulator, outputs: dict[str, str]
) -> None:
    asyncio.run(a_heard_talk(stage, emulator, outputs["SoundsBucketName"]))
    set_variable(emulator, MESSAGE, SLICE_LISTENERS="1")
    try:
        asyncio.run(a_heard_hall(stage, emulator))
    finally:
        set_variable(emulator, MESSAGE, SLICE_LISTENERS="5000")
    wanted = {"FailedVoicesCount", "CharactersSpoken"}
    asyncio.run(eventually(lambda: measured(emulator, VOICE) >= wanted, True))


async def a_heard_talk(stage: BelowPath, emulator: Emulator, bucket: str) -> None:
    async with talk(stage) as running:
        speaker = await running.join_speaker()
        reader = await running.join("es")
        listeners = [await running.join("es", voice="true") for _ in range(2)]
        await eventually(lambda: stage.counts(running.session), (3, {"es": 3}))
        await running.say_translated(
            speaker, "Nobody hears this one: the bucket refuses plain connections."
        )
        failed = await speaker.expect("speechFailed", sequence=running.sequence)
        assert (failed["language"], failed["reason"]) == ("es", "failed")
        let_plain_connections_in(emulator, bucket)
        speech = await a_spoken_sentence(running, speaker, listeners[0], "Good morning, everyone.")
        heard_by_another = await listeners[1].expect("speech", sequence=speech["sequence"])
        assert heard_by_another == speech  # one URL for all
        require_private(emulator, speech, bucket)
        # What the page may fetch is what it is told to fetch.
        page = stage.request("GET", f"/s/{running.session.session_id}")
        origin = "{0.scheme}://{0.netloc}".format(urlsplit(speech["url"]))
        policy = page.headers["Content-Security-Policy"]
        assert all(origin in each for each in directives(policy, "connect-src", "media-src"))

        asked = len(emulator.polly.asked)
        assert emulator.polly.asked[-1]["OutputFormat"] == "mp3"
        await a_spoken_sentence(running, speaker, listeners[0], "Good morning, everyone.")
        assert len(emulator.polly.asked) == asked
        await reader.settle()
        assert reader.of("speech") == []
        assert running.sequence in reader.sequences()


async def a_heard_hall(stage: BelowPath, emulator: Emulator) -> None:
    """Each listener is a batch of its own, whose function asks for the voice by its own policy."""
    async with talk(stage) as running:
        speaker = await running.join_speaker()
        listeners = [await running.join("es", voice="true") for _ in range(3)]
        await eventually(lambda: stage.counts(running.session), (3, {"es": 3}))
        asked, sounds = len(emulator.polly.asked), [""]
        for _ in range(TRIES):  # a busy machine may start a function too late
            await running.say(speaker, f"This is sentence {running.sequence + 1} of the evening.")
            sounds = await asyncio.gather(
                *(heard(listener, running.sequence) for listener in listeners)
            )
            if all(sounds):
                break
        assert all(sounds), "no sentence was heard by everyone"
        assert len({urlsplit(url).path for url in sounds}) == 1
        # One function makes each sentence's sound, and the two others find it.
        assert 1 <= len(emulator.polly.asked) - asked <= running.sequence


async def heard(listener: Client, sequence: int) -> str:
    """The address of a sentence's sound; empty where it came too late to be sent."""
    try:
        return str((await listener.expect("speech", sequence=sequence))["url"])
    except AssertionError:
        return ""


def directives(policy: str, *names: str) -> list[str]:
    """Directives of a content security policy, each of which must be there."""
    found = {each.split()[0]: each for each in policy.split("; ")}
    return [found[name] for name in names]


def waiting(emulator: Emulator, queue: str) -> int:
    """Messages in a queue, those that somebody is looking at included."""
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    found = emulator.client("sqs").get_queue_attributes(QueueUrl=queue, AttributeNames=names)
    return sum(int(found["Attributes"][name]) for name in names)


@pytest.mark.parametrize(
    ("function", "metrics"),
    [
        (MESSAGE, {"CacheHitRate", "BroadcastSuccessRate", "FailedLanguagesCount"}),
        ("translation-broadcaster-dev-rosters", {"ListenerCount"}),
        ("translation-broadcaster-dev-cache_access", {"CharactersTranslated"}),
    ],
)
def test_what_the_functions_measured_is_in_their_logs(
    emulator: Emulator, function: str, metrics: set[str]
) -> None:
    asyncio.run(eventually(lambda: measured(emulator, function) >= metrics, True))
    assert {line["Stage"] for line in logged(emulator, function, '{"_aws"')} == {"dev"}
