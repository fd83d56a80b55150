"""What a stage does when one of its processes dies: it goes on, unless that happens for ever."""

import json
import os
import signal
import time
from functools import partial
from pathlib import Path
from typing import Any
from urllib.error import HTTPError

import pytest
from websockets.sync.client import ClientConnection, connect

from chalice_app.domain.sentence import CAPTION_LIFE_MS
from infra.local.stage.processes import ChildExits
from infra.local.stage.stage import PROGRAMS
from tests.integration.client import loopback_client
from tests.integration.test_stage import (
    PATIENCE,
    Running,
    alive,
    children_named,
    descendants,
    end,
    joined,
    stage,
    until,
)


def kill(running: Running, *names: str) -> None:
    """By the hardest signal there is, and all of them at once."""
    found = [children_named(running.process.pid, PROGRAMS[name]) for name in names]
    for (child,) in found:
        os.kill(child, signal.SIGKILL)


def said(log: Path, text: str, times: int = 1) -> None:
    until(lambda: log.read_text().count(text) >= times, f"not said: {text}")


def count(running: Running, session: Any) -> int:
    listeners: int = running.get(f"/sessions/{session['sessionId']}")["listenerCount"]
    return listeners


def heard(client: ClientConnection, kind: str) -> Any:
    """The next message of that type."""
    while (message := json.loads(client.recv(timeout=PATIENCE)))["type"] != kind:
        pass
    return message


def test_functions_that_die_come_back_and_nobody_has_to_reconnect(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with stage(log, "--data-dir", str(tmp_path / "data")) as running:
        session = running.open_session()
        address = f"{session['webSocketUrl']}?sessionId={session['sessionId']}"
        with (
            connect(f"{address}&targetLanguage=pt", proxy=None, open_timeout=PATIENCE) as listener,
            connect(
                f"{address}&token={session['speakerToken']}", proxy=None, open_timeout=PATIENCE
            ) as speaker,
        ):
            heard(listener, "joined")
            heard(speaker, "joined")
            kill(running, "functions")
            said(log, "infra.local: functions was restarted")
            assert "infra.local: functions ended with exit code -9:\nready " in log.read_text()
            with joined(session, targetLanguage="pt"):
                assert count(running, session) == 2
            until(lambda: count(running, session) == 1, "who left is still counted")
            speaker.send(json.dumps({"action": "speak", "sequence": 1, "text": "Good morning."}))
            assert heard(listener, "caption")["sequence"] == 1
        everything = descendants(running.process.pid)
        end(running.process)
        assert running.process.returncode == 0
        until(lambda: not alive(everything), "processes are left")


def test_a_sentence_whose_function_was_killed_on_the_way_is_heard_when_it_is_sent_again(
    tmp_path: Path,
) -> None:
    log = tmp_path / "log"
    with stage(log) as running:
        session = running.open_session()
        address = f"{session['webSocketUrl']}?sessionId={session['sessionId']}"
        with (
            connect(f"{address}&targetLanguage=pt", proxy=None, open_timeout=PATIENCE) as listener,
            connect(
                f"{address}&token={session['speakerToken']}", proxy=None, open_timeout=PATIENCE
            ) as speaker,
        ):
            heard(listener, "joined")
            heard(speaker, "joined")
            sequence, first = speak_and_stop(running, speaker)
            kill(running, "functions")
            said(log, "infra.local: functions was restarted")
            refusals = send_until_reported(speaker, spoken(sequence))
            assert {each["code"] for each in refusals} <= {"BAD_MESSAGE", "INTERNAL"}
            while (caption := heard(listener, "caption"))["sequence"] != sequence:
                pass
            assert caption["language"] == "pt"
            assert caption["spokenAt"] >= first + CAPTION_LIFE_MS
            speaker.send(spoken(sequence))
            assert "retryAfterMs" not in heard(speaker, "error")


def spoken(sequence: int) -> str:
    text = f"Good evening to all {sequence} of you."
    return json.dumps({"action": "speak", "sequence": sequence, "text": text})


def speak_and_stop(running: Running, speaker: ClientConnection) -> tuple[int, int]:
    """Speaks until the functions are stopped on a sentence's way; its number and time (ms).

    An engine that hangs holds it up, but for two seconds: a busy machine may need some tries.
    """
    pid = running.process.pid
    (translate,) = children_named(pid, "infra.local.translate.server")
    (functions,) = children_named(pid, "infra.local.functions")
    for sequence in range(1, 20):
        os.kill(translate, signal.SIGSTOP)
        first = round(time.time() * 1000)
        speaker.send(spoken(sequence))
        until(partial(is_claimed, running, sequence), "the sentence was not taken up")
        os.kill(functions, signal.SIGSTOP)
        os.kill(translate, signal.SIGCONT)
        if "settled" not in (claim(running, sequence) or {}):
            return sequence, first
        os.kill(functions, signal.SIGCONT)
    raise AssertionError("every sentence was sent before the functions could be stopped")


def is_claimed(running: Running, sequence: int) -> bool:
    return claim(running, sequence) is not None


def claim(running: Running, sequence: int) -> Any:
    """The row by which a function has taken the sentence up; None before."""
    rows = running.rows("Sentences")
    return next((row for row in rows if row["sequence"]["N"] == str(sequence)), None)


def send_until_reported(speaker: ClientConnection, message: str) -> list[Any]:
    """Sends a message again whenever the server says, as the page does; the errors on the way."""
    refusals = []
    speaker.send(message)
    while (answer := json.loads(speaker.recv(timeout=PATIENCE))).get("type") != "spoken":
        if answer.get("type") == "error":
            refusals.append(answer)
            if "retryAfterMs" in answer:
                time.sleep(answer["retryAfterMs"] / 1000)
                speaker.send(message)
    return refusals


def test_a_gateway_that_dies_comes_back_without_its_former_connections(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with stage(log, "--data-dir", str(tmp_path / "data")) as running:
        session = running.open_session()
        with joined(session, targetLanguage="pt"), joined(session, token=session["speakerToken"]):
            kill(running, "gateway")
            said(log, "infra.local: gateway was restarted")
            assert running.rows("Connections") == []
            until(lambda: count(running, session) == 0, "the lost listener is still counted")
        with joined(session, targetLanguage="pt"):
            assert count(running, session) == 1
            assert len(running.rows("Connections")) == 1


@pytest.mark.parametrize("kept", [True, False])
def test_a_database_that_dies_comes_back_and_knows_all_that_it_has_answered(
    tmp_path: Path, kept: bool
) -> None:
    log = tmp_path / "log"
    data = ("--data-dir", str(tmp_path / "data")) if kept else ()
    with stage(log, *data) as running:
        sessions = []
        for times in range(1, ChildExits.LIMIT):
            sessions.append(running.open_session())
            with joined(sessions[0], targetLanguage="pt"):
                kill(running, "dynamodb")
                # Nobody waits: who asks now is answered when it is back.
                counts = [first_count(running, each) for each in sessions]
                assert counts == [1, *[0] * (times - 1)]
            said(log, "infra.local: dynamodb was restarted", times)
            until(partial(is_empty, running, sessions[0]), "who left is still counted")
        end(running.process)
        assert running.process.returncode == 0


def first_count(running: Running, session: Any) -> int:
    """By the first answer: a very busy machine may have the database back after a 503."""
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            return count(running, session)
        except HTTPError as refused:
            with refused:
                if refused.code != 503:
                    raise
        assert time.monotonic() < deadline, "the database is not back"


def is_empty(running: Running, session: Any) -> bool:
    return count(running, session) == 0


def test_all_at_once_come_back(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with stage(log) as running:
        session = running.open_session()
        with joined(session, targetLanguage="pt"):
            names = ("gateway", "dynamodb", "translate_server", "functions")
            kill(running, *names)
            for name in names:
                said(log, f"infra.local: {name} was restarted")
            until(lambda: count(running, session) == 0, "the lost listener is still counted")
        assert "pt" in {each["code"] for each in running.get("/languages")["languages"]}
        with joined(session, targetLanguage="pt"):
            assert count(running, session) == 1


def test_what_dies_again_and_again_ends_the_stage(tmp_path: Path) -> None:
    log = tmp_path / "log"
    killed = set[int]()
    with stage(log) as running:
        kill(running, "translate_server")
        said(log, "infra.local: translate_server was restarted")
        everything = descendants(running.process.pid)

        def has_ended() -> bool:
            """Each is killed as soon as it is there: a busy machine takes long to have it ready."""
            there = children_named(running.process.pid, PROGRAMS["translate_server"])
            for child in set(there) - killed:
                os.kill(child, signal.SIGKILL)
                killed.add(child)
            return running.process.poll() is not None

        until(has_ended, "it is started for ever")
        assert running.process.returncode == 1
        assert len(killed) >= ChildExits.LIMIT - 1
        reason = "infra.local: translate_server ended with exit code -9, 3 times in 30 s"
        assert reason in log.read_text()
        until(lambda: not alive(everything), "processes are left")


def test_connections_that_a_former_run_left_are_disconnected_before_ready(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with stage(tmp_path / "log", "--data-dir", str(data)) as running:
        session = running.open_session()
        with joined(session, targetLanguage="pt"):
            (row,) = running.rows("Connections")
        until(lambda: running.rows("Connections") == [], "who left is still there")
        # One that this run's gateway knows nothing of, as after a power cut.
        with loopback_client("dynamodb", running.dynamodb) as database:
            left = {**row, "connectionId": {"S": "left"}}
            database.put_item(TableName="Connections-local", Item=left)
        until(lambda: count(running, session) == 1, "not counted")
        end(running.process)
    with stage(tmp_path / "log", "--data-dir", str(data)) as running:
        assert running.rows("Connections") == []
        until(lambda: count(running, session) == 0, "the lost listener is still counted")


@pytest.mark.parametrize(
    ("times", "too_many"),
    [
        ([0.0, 1.0, 2.0], [False, False, True]),
        ([0.0, 20.0, 40.0, 49.0], [False, False, False, True]),
        ([0.0, 15.0, 30.0, 60.0], [False, False, False, False]),
    ],
)
def test_three_deaths_within_half_a_minute_are_too_many(
    times: list[float], too_many: list[bool]
) -> None:
    exits = ChildExits()
    assert [exits.are_too_many("a", now) for now in times] == too_many
    assert not exits.are_too_many("b", times[-1])
