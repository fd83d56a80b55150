"""What must stand in no log of a stage: tokens, what was said, and connections' ids."""

import asyncio
import os
import signal
import socket
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import websockets

from tests.integration.client import Stage, Talk, eventually, loopback_client, running_stage, talk
from tests.integration.test_stage import children_named

TEXT = "This sentence is for the hall and for nobody else"


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def stage(tmp_path: Path, directory: Path) -> Iterator[Stage]:
    """One of its own: all that it has ever written is read."""
    with running_stage(tmp_path / "log", "--data-dir", str(directory)) as running:
        yield running


def connection_ids(stage: Stage) -> list[str]:
    with loopback_client("dynamodb", stage.dynamodb) as dynamodb:
        rows = dynamodb.scan(TableName="Connections-local")["Items"]
    return [row["connectionId"]["S"] for row in rows]


def send_raw(url: str, request: str) -> None:
    """A request that no client would send; whatever comes back."""
    address = urlsplit(url)
    with socket.create_connection((address.hostname or "", address.port or 0), 10) as plain:
        plain.sendall(request.encode())
        plain.recv(65_536)


def ask_wrongly(stage: Stage, token: str) -> None:
    """A token where it does not belong, in every kind of request that fails."""
    send_raw(stage.http, f"GET /languages?token={token} HTTP/9.9.9\r\n\r\n")
    send_raw(stage.http, f"GET /?token={token}\r\n\r\n")
    send_raw(stage.http, f"BREW /sessions?token={token} HTTP/1.1\r\nHost: a\r\n\r\n")
    send_raw(stage.ws, f"GET /?token={token} HTTP/1.1\r\nHost: a\r\n\r\n")
    send_raw(stage.ws, f"GET /?token={token} HTTP/9.9.9\r\n\r\n")
    for path in (f"/languages?token={token}", f"/nowhere?token={token}", f"/sessions/{token}"):
        stage.request("GET", path)
        stage.request("POST", path, TEXT.encode())
    stage.request("DELETE", "/sessions/golden-eagle-427", headers={"Authorization": token})


async def speak_wrongly(at: Talk) -> None:
    """A talk in which the speaker is displaced, and functions are asked for nonsense and killed."""
    token = at.session.token
    former = await at.join_speaker()
    speaker = await at.join_speaker()
    await former.closed()
    await at.join_all(["pt", "en"])
    await at.say(speaker, f"{TEXT}.")
    for nonsense in (TEXT, f'{{"action":"speak","text":"{TEXT}"}}', f'{{"action":"{TEXT}"}}'):
        await speaker.send_raw(nonsense)
        await speaker.expect("error")
    for query in ({"token": token + "x"}, {"token": token, "targetLanguage": "pt"}):
        with pytest.raises(websockets.InvalidStatus):
            await at.enter(**query)


async def kill_functions(at: Talk, log: Path) -> None:
    """The gateway finds nobody to hand a message to, nor a handshake or a request, and says so."""
    speaker = await at.join_speaker()
    assert at.stage.pid is not None
    (functions,) = children_named(at.stage.pid, "infra.local.functions")
    os.kill(functions, signal.SIGSTOP)
    await speaker.send("speak", sequence=50, text=f"{TEXT} once more.")
    entering = asyncio.create_task(at.enter(token=at.session.token))
    path = f"/languages?token={at.session.token}"
    asking = asyncio.create_task(asyncio.to_thread(at.stage.request, "GET", path))
    os.kill(functions, signal.SIGKILL)
    await asking
    with suppress(websockets.InvalidHandshake):
        await entering
    await eventually(lambda: "functions was restarted" in log.read_text(), True)
    said = log.parent / "data" / "logs" / "gateway.log"
    await eventually(lambda: "message of" in said.read_text(), True)
    await eventually(lambda: "HTTP: " in said.read_text(), True)


def test_no_log_has_a_token_a_word_or_a_connection_s_id(
    stage: Stage, directory: Path, tmp_path: Path
) -> None:
    async def scenario() -> list[str]:
        async with talk(stage) as at:
            await asyncio.to_thread(ask_wrongly, stage, at.session.token)
            await speak_wrongly(at)
            # The displaced speaker's row goes a moment after its socket.
            await eventually(lambda: len(connection_ids(stage)), 3)
            ids = connection_ids(stage)
            await kill_functions(at, tmp_path / "log")
            return [at.session.token, TEXT, *ids, *connection_ids(stage)]

    secrets = asyncio.run(scenario())
    logs = [tmp_path / "log", *(directory / "logs").iterdir()]
    assert {"functions.log", "gateway.log", "translate_server.log"} <= {each.name for each in logs}
    said = {each.name: each.read_text() for each in logs}
    for name, text in said.items():
        for secret in secrets:
            assert secret not in text, f"{name} tells {secret}"
