"""What a line of the functions' log says, and what it never does."""

import io
import json
import logging
import re
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from chalice_app.domain.errors import Unavailable
from chalice_app.observability import logs
from chalice_app.observability.logs import ContextThreads, FunctionFailed, JsonLines

SECRET = "what the speaker said"


class Context:
    """Lambda's, as far as a log knows it."""

    function_name = "translation-dev-rosters"
    aws_request_id = "request-1"


class LambdaHandler(logging.Handler):
    """As Lambda's runtime has it: no StreamHandler, and it ends no line."""

    def __init__(self, sink: io.StringIO) -> None:
        super().__init__()
        self._sink = sink

    def emit(self, record: logging.LogRecord) -> None:
        self._sink.write(self.format(record))


@pytest.fixture
def sink() -> Iterator[io.StringIO]:
    """What a process logs whose root has one handler, Lambda's; afterwards all is as it was."""
    root, sink = logging.getLogger(), io.StringIO()
    handlers, levels = root.handlers[:], {name: logging.getLogger(name).level for name in logs.OWN}
    # pytest's own, which it puts back for the test itself: `install` reaches them there.
    forms = [(handler, handler.formatter) for handler in handlers]
    root.handlers[:] = [LambdaHandler(sink)]
    try:
        yield sink
    finally:
        root.handlers[:] = handlers
        for handler, form in forms:
            handler.setFormatter(form)
        for name, level in levels.items():
            logging.getLogger(name).setLevel(level)


@pytest.fixture
def lines(sink: io.StringIO) -> Callable[[], list[dict[str, Any]]]:
    logs.install()
    return lambda: [json.loads(line) for line in sink.getvalue().splitlines()]


def failing(raised: Exception) -> None:
    with logs.invocation(Context()):
        raise raised


def test_a_line_says_who_when_where_and_of_what(lines: Callable[[], list[Any]]) -> None:
    with logs.invocation(Context()):
        logs.bind(session="golden-eagle-427", sequence=7)
        logging.getLogger("chalice_app.speech.speech").warning(
            "%d were late", 3, extra={"language": "es"}
        )
    (line,) = lines()
    assert line.pop("time").endswith("Z")
    assert line == {
        "level": "WARNING",
        "logger": "chalice_app.speech.speech",
        "message": "3 were late",
        "function": "translation-dev-rosters",
        "requestId": "request-1",
        "session": "golden-eagle-427",
        "sequence": 7,
        "language": "es",
    }


def test_what_is_bound_ends_with_the_invocation(lines: Callable[[], list[Any]]) -> None:
    with logs.invocation(Context()):
        logs.bind(session="golden-eagle-427")
    logging.getLogger("streams.rosters").info("between two")
    (line,) = lines()
    assert line.keys() == {"time", "level", "logger", "message"}


def test_installed_twice_a_line_comes_once_and_lambda_s_own_form_not_at_all(
    lines: Callable[[], list[Any]],
) -> None:
    logs.install()
    logging.getLogger("streams.reconcile").info("reconciled")
    logging.getLogger("streams.reconcile").debug("not asked for")
    assert [line["message"] for line in lines()] == ["reconciled"]


@pytest.mark.usefixtures("sink")
def test_a_process_without_a_handler_logs_to_stdout(capsys: pytest.CaptureFixture[str]) -> None:
    logging.getLogger().handlers.clear()
    logs.install()
    logging.getLogger("streams.rosters").warning("two\nlines")
    (line,) = capsys.readouterr().out.splitlines()
    assert json.loads(line)["message"] == "two\nlines"


def test_chalice_logs_the_same_way(lines: Callable[[], list[Any]]) -> None:
    from chalice_app.routes import app

    app.log.error("Caught exception for path %s", "/sessions/{session_id}")
    assert [line["message"] for line in lines()] == [
        "Caught exception for path /sessions/{session_id}"
    ]


def test_threads_say_what_those_say_who_began_them(lines: Callable[[], list[Any]]) -> None:
    log = logging.getLogger("chalice_app.speech.speech")
    both = threading.Barrier(2)

    def send(language: str) -> None:
        logs.bind(language=language)
        both.wait(20)
        log.warning("late")

    with logs.invocation(Context()), ContextThreads(2) as threads:
        logs.bind(session="golden-eagle-427")
        list(threads.map(send, ("es", "fr")))
        log.warning("all of them")
    found = [(line["session"], line["requestId"], line.get("language")) for line in lines()]
    one = ("golden-eagle-427", "request-1")
    assert sorted(found[:2]) == [(*one, "es"), (*one, "fr")]
    assert found[2] == (*one, None)


def test_an_exception_is_told_without_its_message(lines: Callable[[], list[Any]]) -> None:
    with pytest.raises(FunctionFailed, match=r"^KeyError$"):
        failing(KeyError(SECRET))
    (line,) = lines()
    assert line["exception"]["type"] == "builtins.KeyError"
    assert line["exception"]["stack"][-1].startswith(f"{__name__}:")
    assert line["exception"]["stack"][-1].endswith(" failing")
    assert SECRET not in json.dumps(line)


def test_what_lambda_prints_of_it_betrays_nothing(lines: Callable[[], list[Any]]) -> None:
    with pytest.raises(FunctionFailed) as raised:
        failing(KeyError(SECRET))
    assert SECRET not in str(raised.value)
    # Whoever prints the whole chain stops here.
    assert raised.value.__suppress_context__
    assert lines()


def test_our_own_exceptions_tell_and_so_does_aws_s_code(lines: Callable[[], list[Any]]) -> None:
    cause = ClientError({"Error": {"Code": "AccessDenied", "Message": SECRET}}, "GetItem")
    failure = Unavailable("the database refused")
    failure.__cause__ = cause
    with pytest.raises(Unavailable):
        failing(failure)
    (line,) = lines()
    told = line["exception"]
    assert (told["type"], told["message"]) == (
        "chalice_app.domain.errors.Unavailable",
        "the database refused",
    )
    assert told["cause"]["code"] == "AccessDenied"
    assert SECRET not in json.dumps(line)


def test_a_chain_without_end_is_cut(lines: Callable[[], list[Any]]) -> None:
    one, other = ValueError("1"), ValueError("2")
    one.__cause__, other.__cause__ = other, one
    with pytest.raises(FunctionFailed):
        failing(one)
    assert len(lines()) == 1


def test_other_packages_arguments_and_every_query_are_left_out(
    lines: Callable[[], list[Any]],
) -> None:
    logging.getLogger("urllib3").warning("Retrying after '%r': %s", SECRET, "/x?token=1")
    logging.getLogger("chalice_app.aws").warning("at %s now", f"wss://x/api?token={SECRET[:4]}")
    assert [line["message"] for line in lines()] == [
        "Retrying after '%r': %s",
        "at wss://x/api?... now",
    ]


def test_a_connection_s_name_is_short_steady_and_not_its_id() -> None:
    name = logs.connection_name("L0SM9cOFvHcCIhw=")
    assert name == logs.connection_name("L0SM9cOFvHcCIhw=") == "a6689c75d1c9"
    assert name != logs.connection_name("L0SM9cOFvHcCIhx=")


def test_a_stream_handler_s_line_has_one_end() -> None:
    record = logging.LogRecord("streams", logging.INFO, "", 0, "m", None, sys.exc_info())
    assert not JsonLines().format(record).endswith("\n")


def test_an_invocation_without_a_context_says_so_by_empty_fields(
    lines: Callable[[], list[Any]],
) -> None:
    with logs.invocation(None):
        logging.getLogger("chalice_app.x").info("here")
    (line,) = lines()
    assert (line["function"], line["requestId"]) == ("", "")


def test_a_line_s_time_is_utc_to_the_millisecond(lines: Callable[[], list[Any]]) -> None:
    logging.getLogger("chalice_app.x").info("here")
    (line,) = lines()
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", line["time"])


def test_the_cause_of_a_cause_is_told_four_times(lines: Callable[[], list[Any]]) -> None:
    error: Exception = RuntimeError()
    for number in range(7):
        following = RuntimeError(number)
        following.__cause__, error = error, following
    logging.getLogger("chalice_app.x").error("here", exc_info=error)
    depth, told = 0, lines()[0]["exception"]
    while (told := told.get("cause")) is not None:
        depth += 1
    assert depth == 4


def test_the_last_twelve_places_of_a_stack_are_told(lines: Callable[[], list[Any]]) -> None:
    def deeper(levels: int) -> None:
        if levels:
            deeper(levels - 1)
        raise RuntimeError

    with pytest.raises(RuntimeError) as raised:
        deeper(20)
    logging.getLogger("chalice_app.x").error("here", exc_info=raised.value)
    stack = lines()[0]["exception"]["stack"]
    assert len(stack) == 12
    assert all(re.fullmatch(r"[\w.]+:\d+ deeper", place) for place in stack)


def test_a_cause_that_is_suppressed_is_not_told(lines: Callable[[], list[Any]]) -> None:
    error = RuntimeError()
    error.__context__ = KeyError()
    logging.getLogger("chalice_app.x").error("here", exc_info=error)
    assert lines()[0]["exception"]["cause"]["type"] == "builtins.KeyError"
    error.__suppress_context__ = True
    logging.getLogger("chalice_app.x").error("here", exc_info=error)
    assert "cause" not in lines()[1]["exception"]


@pytest.mark.parametrize("raised", [Unavailable("it is away"), KeyError("x")])
def test_an_invocation_that_fails_is_logged_once(
    lines: Callable[[], list[Any]], raised: Exception
) -> None:
    with pytest.raises((Unavailable, FunctionFailed)), logs.invocation(Context()):
        raise raised
    (line,) = lines()
    assert (line["level"], line["message"]) == ("ERROR", "the function failed")
    assert (line["function"], line["requestId"]) == ("translation-dev-rosters", "request-1")


@pytest.mark.parametrize("response", [{}, {"Error": {}}, "no mapping"])
def test_an_answer_of_aws_without_a_code_has_none(
    lines: Callable[[], list[Any]], response: object
) -> None:
    error = RuntimeError()
    error.response = response  # type: ignore[attr-defined]
    logging.getLogger("chalice_app.x").error("here", exc_info=error)
    assert "code" not in lines()[0]["exception"]


@pytest.mark.parametrize("name", ["chalice_app", "streams", "infra", "translation-broadcaster"])
def test_lines_of_this_project_s_own_loggers_have_their_arguments(
    lines: Callable[[], list[Any]], name: str
) -> None:
    logging.getLogger(name).info("here: %s", "a thing", extra={"session": "s", "language": "es"})
    (line,) = lines()
    assert (line["message"], line["session"], line["language"]) == ("here: a thing", "s", "es")
