"""The functions' log: one JSON object a line, which can be followed and names no person.

Every line has `time`, `level`, `logger` and `message`; within an invocation also `function` and
`requestId` (Lambda's), `gatewayRequestId` (the one that clients receive), and where there is one
`session`, `language`, `sequence` and `connection`, which is not the connection's id but a name made
of it (`connection_name`).

No line has a text, a translation, a token, a connection's id or a URL's query. So other packages'
lines come without their arguments, and exceptions without their messages, which may hold anything;
only `BroadcasterError` promises that its own does not.
"""

import json
import logging
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import ContextVar, copy_context
from datetime import UTC, datetime
from functools import wraps
from hashlib import sha256
from traceback import walk_tb
from typing import Any, ParamSpec, TypeVar

from chalice_app.domain.errors import BroadcasterError

FIELDS = ("session", "language", "sequence", "connection")
"""What a line may say by logging's `extra`, above what is bound."""

OWN = ("chalice_app", "streams", "infra", "translation-broadcaster")
"""The loggers whose messages are written with the above in mind; Chalice's own names a route."""

_CAUSES = 4
_PLACES = 12

_QUERY = re.compile(r"\?\S*=\S*")
_Parameters = ParamSpec("_Parameters")
_Answer = TypeVar("_Answer")

_log = logging.getLogger(__name__)
_bound: ContextVar[Mapping[str, object]] = ContextVar("bound", default={})  # noqa: B039 - read only


class FunctionFailed(Exception):
    """Raised to Lambda, which logs it, in place of an exception whose message may hold anything."""


class JsonLines(logging.Formatter):
    """A record as a line of JSON; `end` for handlers that do not end a line themselves."""

    def __init__(self, end: str = "") -> None:
        super().__init__()
        self._end = end

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        at = datetime.fromtimestamp(record.created, UTC)
        line: dict[str, object] = {
            "time": at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "level": record.levelname,
            "logger": record.name,
            "message": _message(record),
            **_bound.get(),
            **{
                name: value for name in FIELDS if (value := getattr(record, name, None)) is not None
            },
        }
        if record.exc_info and record.exc_info[1]:
            line["exception"] = _exception(record.exc_info[1], _CAUSES)
        return json.dumps(line) + self._end


class ContextThreads(ThreadPoolExecutor):
    """Threads whose lines say what those of the caller say."""

    def submit(  # noqa: D102 - as its base
        self,
        fn: Callable[_Parameters, _Answer],
        /,
        *args: _Parameters.args,
        **kwargs: _Parameters.kwargs,
    ) -> "Future[_Answer]":
        return super().submit(carried(fn), *args, **kwargs)


def install() -> None:
    """Makes this process log so; a process that does already stays as it is.

    Lambda has a handler of its own before it imports anything, which also ends no line itself.
    """
    root = logging.getLogger()
    if not root.handlers:
        root.addHandler(logging.StreamHandler(sys.stdout))
    for handler in root.handlers:
        ends_lines = isinstance(handler, logging.StreamHandler)
        handler.setFormatter(JsonLines("" if ends_lines else "\n"))
    for name in OWN:
        logging.getLogger(name).setLevel(logging.INFO)


def bind(**fields: object) -> None:
    """Has all further lines of this invocation, and of threads begun from here, say so."""
    _bound.set({**_bound.get(), **fields})


def carried(call: Callable[_Parameters, _Answer]) -> Callable[_Parameters, _Answer]:
    """The call, with the log fields that are bound here, in any thread."""
    context = copy_context()

    def carrying(*args: _Parameters.args, **kwargs: _Parameters.kwargs) -> _Answer:
        return context.run(call, *args, **kwargs)

    return carrying


def connection_name(connection_id: str) -> str:
    """How a log names a connection: twelve hex digits, of which the id cannot be had again."""
    return sha256(connection_id.encode()).hexdigest()[:12]


@contextmanager
def invocation(context: object) -> Iterator[None]:
    """An invocation with that Lambda context; its exceptions are logged and passed on to Lambda.

    Raises:
        FunctionFailed: in place of an exception that is not this project's own.
    """
    fields = {
        "function": getattr(context, "function_name", ""),
        "requestId": getattr(context, "aws_request_id", ""),
    }
    outer = _bound.set(fields)
    try:
        yield
    except BroadcasterError:
        _log.exception("the function failed")
        raise
    except Exception as error:  # noqa: BLE001 - Lambda logs what it receives
        _log.exception("the function failed")
        raise FunctionFailed(type(error).__name__) from None
    finally:
        _bound.reset(outer)


def invoked(handler: Callable[_Parameters, _Answer]) -> Callable[_Parameters, _Answer]:
    """A handler of an event, or of a payload and a context, as an invocation."""

    @wraps(handler)
    def within(*args: _Parameters.args, **kwargs: _Parameters.kwargs) -> _Answer:
        last: Any = args[-1]
        with invocation(getattr(last, "context", last)):
            return handler(*args, **kwargs)

    return within


def _message(record: logging.LogRecord) -> str:
    own = record.name.partition(".")[0] in OWN
    return _QUERY.sub("?...", record.getMessage() if own else str(record.msg))


def _exception(error: BaseException, causes: int) -> Mapping[str, object]:
    kind = type(error)
    fields: dict[str, object] = {"type": f"{kind.__module__}.{kind.__qualname__}"}
    if isinstance(error, BroadcasterError):
        fields["message"] = error.message
    elif code := _aws_code(error):
        fields["code"] = code
    fields["stack"] = [
        f"{frame.f_globals.get('__name__')}:{line} {frame.f_code.co_name}"
        for frame, line in walk_tb(error.__traceback__)
    ][-_PLACES:]
    cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if cause is not None and causes:
        fields["cause"] = _exception(cause, causes - 1)
    return fields


def _aws_code(error: BaseException) -> str | None:
    """The code with which AWS refused a call, if the exception has one."""
    answer = getattr(error, "response", None)
    return answer.get("Error", {}).get("Code") if isinstance(answer, dict) else None
