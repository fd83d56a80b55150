"""The operator's commands on a running stage, found by the options that it prints."""

import asyncio
import json
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import pytest

from chalice_app.delivery.broadcast import HANDSHAKE_GRACE_MS
from chalice_app.wire.attribute_values import encode
from tests.integration.client import (
    PATIENCE,
    PROJECT,
    TRIES,
    Session,
    Stage,
    eventually,
    loopback_client,
    talk,
)

SAYS = "the operator's commands find it by: "


@pytest.fixture
def options(stderr: Path) -> list[str]:
    """As somebody copies them from the terminal."""
    (line,) = [line for line in stderr.read_text().splitlines() if SAYS in line]
    return line.partition(SAYS)[2].split()


def run(command: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603 - the project's own commands
        [sys.executable, "-m", f"infra.{command}", *arguments],
        cwd=PROJECT, capture_output=True, text=True, timeout=3 * PATIENCE, check=False,
    )  # fmt: skip


def test_a_script_is_translated_beforehand(options: list[str], tmp_path: Path) -> None:
    script = tmp_path / "script.txt"
    script.write_text("A sentence for the operator alone.\n")
    warm = ("cache", "warm", str(script), "--to", "pt", "--budget", "100", *options)
    first, again = run(*warm), run(*warm)
    assert (first.returncode, first.stderr) == (0, "")
    assert first.stdout.startswith("1 translation made, 0 found")
    assert again.stdout.startswith("0 translations made, 1 found")


def test_one_session_is_reconciled(stage: Stage, options: list[str]) -> None:
    session = stage.open_session()
    done = run("reconcile", "--session", session.session_id, *options)
    stage.end(session)
    assert (done.returncode, done.stderr) == (0, "")
    assert '"drift": 0' in done.stdout


def test_a_listener_whom_no_socket_holds_is_counted_no_more(
    stage: Stage, options: list[str]
) -> None:
    async def scenario() -> None:
        async with talk(stage) as at:
            await at.join("es")
            await eventually(lambda: stage.counts(at.session), (1, {"es": 1}))
            only = ("--session", at.session.session_id, *options)
            for number in range(TRIES):
                ghost = f"ghost{number}"
                put_ghost(stage, at.session, ghost)
                seen = partial(is_counted_or_gone, stage, at.session, ghost)
                await eventually(seen, True)
                while is_there(stage, ghost):
                    if json.loads(run("reconcile", *only).stdout)["gone"]:
                        await eventually(lambda: stage.counts(at.session), (1, {"es": 1}))
                        return
            raise AssertionError("no ghost was left to the reconciler")

    asyncio.run(scenario())


def is_counted_or_gone(stage: Stage, session: Session, ghost: str) -> bool:
    """On a machine that is too busy to greet it in time, it goes by itself."""
    return stage.counts(session) == (2, {"es": 2}) or not is_there(stage, ghost)


def is_there(stage: Stage, ghost: str) -> bool:
    """Whether it has a row."""
    key = encode({"connectionId": ghost})
    with loopback_client("dynamodb", stage.dynamodb) as dynamodb:
        found = dynamodb.get_item(TableName="Connections-local", Key=key, ConsistentRead=True)
    return "Item" in found


def put_ghost(stage: Stage, session: Session, ghost: str) -> None:
    """The row of a listener of whom the gateway knows nothing.

    It is so young that its handshake might not be over, for some seconds more: time for the stream
    to count it and to greet nobody.
    """
    now = time.time_ns() // 10**6
    row = {
        "connectionId": ghost,
        "sessionId": session.session_id,
        "sessionEpoch": stage.state(session)["createdAt"],
        "role": "listener",
        "connectedAt": now - HANDSHAKE_GRACE_MS + 5000,
        "ttl": now // 1000 + 3600,
        "v": 1,
        "targetLanguage": "es",
    }
    with loopback_client("dynamodb", stage.dynamodb) as dynamodb:
        dynamodb.put_item(TableName="Connections-local", Item=encode(row))


def test_a_session_that_is_not_there_is_told(options: list[str]) -> None:
    done = run("reconcile", "--session", "no-such-100", *options)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("reconcile: stage local has no session 'no-such-100': ")


def test_a_file_with_a_line_that_is_no_record_is_told(options: list[str], tmp_path: Path) -> None:
    path = tmp_path / "failures.jsonl"
    path.write_text("{\n")
    done = run("redrive", "--file", str(path), *options)
    assert (done.returncode, done.stdout) == (1, "0 records handled, 1 failed again\n")
    assert done.stderr == (
        f"redrive: line 1 of {path} is not an entry of a failure destination, "
        "and is left as it is\n"
    )
