"""The composition root: what the handlers use, and when it is built."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import app as functions
from chalice_app.bootstrap.adapters import aws_adapters
from chalice_app.bootstrap.application import Application
from chalice_app.bootstrap.process import composed, current
from chalice_app.domain.sentence import Claim
from chalice_app.domain.session import Session
from tests.fakes.domain import sentence
from tests.fakes.world import SETTINGS, World

ENVIRONMENT = {
    "SESSIONS_TABLE_NAME": "Sessions-test",
    "CONNECTIONS_TABLE_NAME": "Connections-test",
    "CACHED_TRANSLATIONS_TABLE_NAME": "CachedTranslations-test",
    "ROSTERS_TABLE_NAME": "SessionRosters-test",
    "SENTENCES_TABLE_NAME": "Sentences-test",
    "WEBSOCKET_API_ID": "abc123",
}


def test_the_handlers_use_the_last_application_composed() -> None:
    outer, inner = World().app, World().app
    with composed(outer):
        with composed(inner):
            assert current(Application) is inner
        assert current(Application) is outer


def test_an_application_is_taken_away_though_its_test_failed() -> None:
    outer = World().app
    with composed(outer):
        with pytest.raises(ZeroDivisionError), composed(World().app):
            raise ZeroDivisionError
        assert current(Application) is outer


def test_each_part_is_built_once(world: World) -> None:
    assert world.app.sessions is world.app.sessions
    assert world.app.engine is world.app.sentence_translator.engine
    assert world.app.broadcast is world.app.sending.broadcast


def run(code: str, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Runs code in a process of its own, which has no application yet."""
    return subprocess.run(  # noqa: S603 - this interpreter, on code from here
        [sys.executable, "-W", "error", "-c", code],
        cwd=Path(functions.__file__).parent,
        env={"PATH": os.environ["PATH"], **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_process_composes_its_application_once_and_opens_nothing_for_it() -> None:
    # No credentials and no network: composing asks for neither.
    code = (
        "import socket\n"
        "socket.socket.connect = None\n"
        "from chalice_app.bootstrap.application import Application\n"
        "from chalice_app.bootstrap.process import current\n"
        "assert current(Application) is current(Application)\n"
        "print(current(Application).settings.management_endpoint)"
    )
    done = run(code, ENVIRONMENT)
    assert done.stderr == ""
    assert done.stdout == "https://abc123.execute-api.us-east-1.amazonaws.com/api\n"


def test_a_process_without_settings_says_which_one_is_missing() -> None:
    code = (
        "from chalice_app.bootstrap.application import Application\n"
        "from chalice_app.bootstrap.process import current\n"
        "current(Application)"
    )
    done = run(code, {})
    assert done.returncode == 1
    assert "ConfigurationError: SESSIONS_TABLE_NAME is not set" in done.stderr


def test_importing_the_handlers_needs_no_environment() -> None:
    assert run("import app", {}).stderr == ""


@pytest.mark.parametrize(
    ("function", "unneeded"),
    [
        ("rosters", ["speech.speech", "cache.update", "sessions.joining", "transcription.grants"]),
        ("rosters", ["rosters.repair", "transcription.minutes"]),
        (
            "cache_access",
            ["speech.speech", "rosters.update", "translation.engine", "transcription.grants"],
        ),
        (
            "broadcast",
            ["rosters.update", "cache.update", "sessions.joining", "transcription.grants"],
        ),
    ],
)
def test_a_function_imports_what_it_needs_alone(function: str, unneeded: list[str]) -> None:
    # Its cold start pays for every module: `make bench BENCHMARKS=cold_start`.
    modules = {f"chalice_app.{each}" for each in unneeded}
    done = run(f"import sys, streams.{function}; print({modules} & set(sys.modules))", {})
    assert (done.stdout, done.stderr) == ("set()\n", "")


def test_on_lambda_the_routes_functions_import_no_stream() -> None:
    code = "import sys, app; print([each for each in sys.modules if each.startswith('streams')])"
    assert run(code, {"AWS_LAMBDA_FUNCTION_NAME": "message"}).stdout == "[]\n"
    assert "streams.rosters" in run(code, {}).stdout


def test_no_function_loads_what_makes_transcripts_before_one_is_asked_for() -> None:
    code = (
        "import sys, app\n"
        "from chalice_app.bootstrap.process import current\n"
        "from chalice_app.bootstrap.routes import RouteParts\n"
        "assert current(RouteParts).speech\n"
        "room = {each for each in sys.modules if each.startswith('chalice_app.transcripts.')}\n"
        "print(sorted(each.rpartition('.')[2] for each in room))"
    )
    done = run(code, {**ENVIRONMENT, "AWS_LAMBDA_FUNCTION_NAME": "message"})
    assert (done.stdout, done.stderr) == ("['export_ports', 'ports']\n", "")


def test_no_function_loads_cryptography_before_a_token_comes() -> None:
    code = (
        "import sys, app\n"
        "from chalice_app.bootstrap.application import Application\n"
        "from chalice_app.bootstrap.process import current\n"
        "assert current(Application).adapters.owners is not None\n"
        "assert not {'jwt', 'cryptography'} & set(sys.modules)"
    )
    oidc = {
        "SPEAKER_JWKS_URL": "https://issuer.example/keys",
        "SPEAKER_ISSUER": "https://issuer.example",
        "SPEAKER_AUDIENCE": "broadcaster",
    }
    assert run(code, {**ENVIRONMENT, **oidc}).stderr == ""


# --- Over the tables, in moto --------------------------------------------------------------------


@pytest.fixture
def on_aws(tables: dict[str, Any]) -> Iterator[Application]:
    with composed(Application(SETTINGS, aws_adapters(SETTINGS))) as application:
        yield application


def get(session_id: str) -> int:
    """The status of `GET /sessions/{id}`, called as API Gateway calls it: the id is decoded."""
    context = {"httpMethod": "GET", "resourcePath": "/sessions/{session_id}", "requestId": "r"}
    answer = functions.app(
        {
            "requestContext": context,
            "headers": {},
            "multiValueQueryStringParameters": None,
            "pathParameters": {"session_id": session_id},
            "stageVariables": None,
            "body": None,
            "isBase64Encoded": False,
        },
        None,
    )
    return int(answer["statusCode"])


@pytest.fixture
def opened(on_aws: Application) -> Session:
    session = Session("golden-eagle-427", "en", "0" * 64, *lives_now(on_aws))
    on_aws.adapters.sessions.put_session(session)
    return session


def lives_now(application: Application) -> tuple[int, int]:
    now = application.adapters.clock.now_ms()
    return now, now // 1000 + 3600


def test_a_session_in_the_table_is_found(opened: Session) -> None:
    assert get(opened.session_id) == 200
    assert get("silver-fox-100") == 404


def test_the_row_of_a_sentence_is_no_session(on_aws: Application, opened: Session) -> None:
    spoken = sentence(1, spoken_at=opened.created_at)
    assert on_aws.adapters.sentences.claim_sequence(opened, spoken) is Claim.ACQUIRED
    assert get(f"{opened.session_id}#{opened.created_at}#1") == 404


def test_threads_bear_the_name_of_what_they_do(world: World) -> None:
    executors: list[Any] = [world.app.flow_control.executor, world.app.large_halls.executor]
    executors.append(world.app.engine.executor)
    names = [(each._thread_name_prefix, each._max_workers) for each in executors]
    assert names == [("flow-control", 32), ("large-halls", 32), ("translation", 64)]


def test_a_process_that_has_composed_writes_its_hits_before_it_stops() -> None:
    code = (
        "import signal\n"
        "from chalice_app.bootstrap.process import current\n"
        "from chalice_app.bootstrap.rosters import RosterParts\n"
        "assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL\n"
        "current(RosterParts)\n"
        "print(signal.getsignal(signal.SIGTERM).__qualname__)"
    )
    done = run(code, ENVIRONMENT)
    assert (done.stderr, done.stdout) == ("", "before_stop.<locals>.stop\n")


def test_a_process_that_has_composed_logs_lines_of_json() -> None:
    code = (
        "import logging\n"
        "from chalice_app.bootstrap.cache import CacheParts\n"
        "from chalice_app.bootstrap.process import current\n"
        "current(CacheParts)\n"
        "logging.getLogger('chalice_app').info('here')"
    )
    done = run(code, ENVIRONMENT)
    assert done.stderr == ""
    assert json.loads(done.stdout)["message"] == "here"
