"""Which functions the application has, and which streams and schedules drive them.

Everything is read from the Chalice object, as `chalice deploy` does, and each handler is found by
its handler string, as Lambda does. So a handler that `app.py` forgot to export fails here, too.
"""

from __future__ import annotations

import importlib
import json
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from chalice.app import (
    BaseEventSourceConfig,
    Chalice,
    DynamoDBEventConfig,
    LambdaFunction,
    ScheduledEventConfig,
    ScheduleExpression,
)
from chalice.config import Config
from chalice.local import LocalChalice

from infra.local.invocation import Function

CHALICE_STAGE: Final = "dev"
"""Time-outs and memory are those of Chalice's default stage."""
LAMBDA_DEFAULTS: Final = (60.0, 128)
"""Chalice's own defaults: seconds and MB."""
API_HANDLER: Final = "api_handler"
"""What Chalice calls the function behind all HTTP routes."""


class HandlerError(Exception):
    """A handler string that Lambda could not resolve either."""


@dataclass(frozen=True)
class StreamMapping:
    """A DynamoDB stream that drives a function; `window` in seconds."""

    function: str
    stream_arn: str
    batch_size: int
    window: float


@dataclass(frozen=True)
class Schedule:
    """An expression of EventBridge, `rate(...)` or `cron(...)`, that drives a function."""

    function: str
    expression: str


@dataclass(frozen=True)
class Application:
    """The Chalice object and everything that it declares."""

    chalice: Chalice
    config: Config
    functions: Mapping[str, Function]
    streams: tuple[StreamMapping, ...]
    schedules: tuple[Schedule, ...]

    def function(self, name: str) -> Function | None:
        """A function by its name, its deployed name, or an ARN with or without a qualifier."""
        bare = name.partition(":function:")[2] or name
        bare = bare.partition(":")[0]
        deployed = f"{self.chalice.app_name}-{CHALICE_STAGE}-"
        return self.functions.get(bare) or self.functions.get(bare.removeprefix(deployed))


def load(project: Path) -> Application:
    """Import `app.py` of the project and read what it declares.

    Raises:
        HandlerError: a declared handler cannot be imported.
    """
    if str(project) not in sys.path:
        sys.path.insert(0, str(project))
    app: Chalice = importlib.import_module("app").app
    config = _config(project, app)
    functions = [_function(declared, config) for declared in _declared(app)]
    functions.append(_api_handler(app, config))
    return Application(
        app,
        config,
        {function.name: function for function in functions},
        tuple(_streams(app)),
        tuple(_schedules(app)),
    )


def _declared(app: Chalice) -> Iterator[BaseEventSourceConfig | LambdaFunction]:
    yield from {id(handler): handler for handler in app.websocket_handlers.values()}.values()
    yield from app.pure_lambda_functions
    yield from app.event_sources


def _function(declared: BaseEventSourceConfig | LambdaFunction, config: Config) -> Function:
    return _configured(declared.name, _resolve(declared.handler_string), config)


def _api_handler(app: Chalice, config: Config) -> Function:
    """The Chalice object itself, which Lambda calls with one request at a time."""
    # As chalice.local.create_local_server does: `current_request` becomes one a thread.
    app.__class__ = type("ThreadSafeChalice", (LocalChalice, type(app)), {})
    return _configured(API_HANDLER, app, config)


def _configured(name: str, handler: Callable[[Any, Any], Any], config: Config) -> Function:
    scoped = config.scope(CHALICE_STAGE, name)
    timeout, memory = LAMBDA_DEFAULTS
    return Function(
        name,
        handler,
        float(scoped.lambda_timeout or timeout),
        int(scoped.lambda_memory_size or memory),
    )


def _resolve(handler_string: str) -> Any:
    module, _, name = handler_string.rpartition(".")
    try:
        return getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError) as error:
        message = f"the handler {handler_string} does not resolve: {error}"
        raise HandlerError(message) from error


def _streams(app: Chalice) -> Iterator[StreamMapping]:
    for source in app.event_sources:
        if isinstance(source, DynamoDBEventConfig):
            window = float(source.maximum_batching_window_in_seconds)
            yield StreamMapping(source.name, source.stream_arn, source.batch_size, window)


def _schedules(app: Chalice) -> Iterator[Schedule]:
    for source in app.event_sources:
        if isinstance(source, ScheduledEventConfig):
            expression = source.schedule_expression
            if isinstance(expression, ScheduleExpression):
                expression = expression.to_string()
            yield Schedule(source.name, expression)


def _config(project: Path, app: Chalice) -> Config:
    path = project / ".chalice" / "config.json"
    from_disk = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    return Config(
        chalice_stage=CHALICE_STAGE,
        user_provided_params={"chalice_app": app},
        config_from_disk=from_disk,
        default_params={"project_dir": str(project)},
    )
