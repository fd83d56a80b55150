"""What a Chalice application declares."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.local.functions.registry import Application, HandlerError, Schedule, StreamMapping, load
from infra.local.invocation import invoke
from tests.unit.infra.project import APP, project


@pytest.fixture
def application(tmp_path: Path) -> Iterator[Application]:
    with project(tmp_path) as directory:
        yield load(directory)


def test_every_kind_of_function_is_found_by_its_name(application: Application) -> None:
    assert application.functions.keys() == {
        *("connect", "message", "disconnect"),
        *("echo", "tidy", "noon", "rosters", "api_handler"),
    }


def test_handlers_are_what_lambda_would_import(
    application: Application, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    event = (
        '{"requestContext": {"apiId": "local", "stage": "api", "connectionId": "unwanted",'
        ' "domainName": "127.0.0.1"}}'
    )
    assert invoke(application.functions["connect"], event, "r").payload == '{"statusCode": 403}'


def test_streams_and_schedules_are_found(application: Application) -> None:
    assert application.streams == (
        StreamMapping(
            "rosters", "arn:aws:dynamodb:us-east-1:000000000000:table/T/stream/1", 500, 1.0
        ),
    )
    assert set(application.schedules) == {
        Schedule("tidy", "rate(5 minutes)"),
        Schedule("noon", "cron(0 12 * * ? *)"),
    }


def test_time_outs_and_memory_are_those_of_the_chalice_stage(application: Application) -> None:
    echo, tidy = application.functions["echo"], application.functions["tidy"]
    assert (echo.timeout, echo.memory) == (5.0, 512)
    assert (tidy.timeout, tidy.memory) == (30.0, 128)


@pytest.mark.parametrize(
    "name",
    [
        "echo",
        "echo:$LATEST",
        "stand-in-dev-echo",
        "000000000000:function:echo",
        "arn:aws:lambda:us-east-1:000000000000:function:stand-in-dev-echo:$LATEST",
    ],
)
def test_a_function_is_known_by_every_name_that_aws_takes(
    application: Application, name: str
) -> None:
    assert application.function(name) is application.functions["echo"]


def test_no_other_name_is_known(application: Application) -> None:
    assert application.function("nobody") is None
    assert application.function("") is None


def test_a_handler_that_lambda_could_not_find_is_an_error(tmp_path: Path) -> None:
    renamed = APP + "\nfarewell_handler = farewell\ndel farewell\n"
    with project(tmp_path, renamed) as directory, pytest.raises(HandlerError, match="farewell"):
        load(directory)
