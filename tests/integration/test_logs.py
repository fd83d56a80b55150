"""What the functions of a real stage log while its tables vanish one after the other."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
import websockets

from tests.integration.client import Stage, eventually, loopback_client, running_stage, talk

TEXT = "Nobody is to read this in a log."


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def stage(tmp_path: Path, directory: Path) -> Any:
    """One of its own: it does not survive the test."""
    with running_stage(tmp_path / "stage.log", "--data-dir", str(directory)) as running:
        yield running


def test_lines_can_be_followed_and_give_nobody_away(stage: Stage, directory: Path) -> None:
    log = directory / "logs" / "functions.log"
    secrets: list[str] = [TEXT]

    async def scenario(dynamodb: Any) -> str:
        async with talk(stage) as at:
            speaker = await at.join_speaker()
            listeners = await at.join_all(["pt", "en"])
            rows = dynamodb.scan(TableName="Connections-local")["Items"]
            assert len(rows) == 3
            secrets.extend(row["connectionId"]["S"] for row in rows)
            secrets.append(at.session.token)
            await at.say(speaker, TEXT)
            caption = await listeners[0].expect("caption")
            secrets.append(caption["text"])
            dynamodb.delete_table(TableName="CachedTranslations-local")
            await at.say(speaker, f"{TEXT} Twice.")
            dynamodb.delete_table(TableName="SessionRosters-local")
            report = await at.say(speaker, f"{TEXT} Thrice.")
            assert report["languages"]["pt"]["delivered"] == 0
            await at.enter(targetLanguage="pt")
            await eventually(lambda: "rosters" in functions(log), True)
            dynamodb.delete_table(TableName="Connections-local")
            with pytest.raises(websockets.InvalidStatus, match="503"):
                await at.join("pt")
            await speaker.send("speak", sequence=4, text=TEXT)
            await speaker.expect("error", code="INTERNAL")
            assert stage.end(at.session).status == 503
            return at.session.session_id

    with loopback_client("dynamodb", stage.dynamodb) as dynamodb:
        session = asyncio.run(scenario(dynamodb))
    # The last sockets have just been closed.
    everyone = {"api_handler", "connect", "message", "disconnect"}
    asyncio.run(eventually(lambda: functions(log) >= everyone, True))
    for line in lines(log):
        assert not [secret for secret in secrets if secret in json.dumps(line)], line
    told = [line for line in lines(log) if line["message"] == "the roster could not be read"]
    assert {line["language"] for line in told} == {"pt", "en"}
    for line in told:
        assert (line["session"], line["sequence"]) == (session, 3)
        assert line["exception"]["cause"]["code"] == "ResourceNotFoundException"
        assert {"time", "requestId", "gatewayRequestId", "connection"} <= line.keys()


def lines(log: Path) -> list[dict[str, Any]]:
    """Every line but the host's own first one and the metrics; each must be JSON.

    A line counts when it has ended.
    """
    first, *rest = log.read_text().split("\n")[:-1]
    assert first.startswith("ready ")
    return [line for text in rest if "_aws" not in (line := json.loads(text))]


def functions(log: Path) -> set[str]:
    return {line["function"] for line in lines(log) if "function" in line}
