"""`python -m infra.local [--http-port 8000] [--ws-port 8001] [--data-dir DIR]`: the local stage.

When everything answers, one line goes to stdout:
`ready http=http://127.0.0.1:8000 ws=ws://127.0.0.1:8001 dynamodb=http://127.0.0.1:NNNN`.
Just before it stderr gets the options by which the operator's commands find the stage.
SIGINT or SIGTERM ends it and every process that it started within five seconds.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from infra.local.polly.engines import missing_voices, spoken_languages
from infra.local.process.parent import end_with_parent
from infra.local.process.ports import PortError, free_ports, parse_port, require_free
from infra.local.stage import signals
from infra.local.stage.environment import Environment, Ports, stage_settings, url
from infra.local.stage.stage import Stage, StageError
from infra.local.stage.workspace import WorkspaceError, workspace
from infra.local.transcribe.models import missing_recogniser, recognised_languages
from infra.local.translate.missing_engines import missing_engines

LOGGER = logging.getLogger(__name__)


def main(
    argv: Sequence[str] | None = None, between: Callable[[Environment], Environment] = dict
) -> int:
    """Run a stage; returns the exit code.

    `between` may put something between the stage's processes: it is given the endpoints by their
    settings (`AWS_ENDPOINT_URL_...`) and returns those to be used instead.
    """
    arguments = _parse_arguments(argv)
    logging.basicConfig(stream=sys.stderr, format="infra.local: %(message)s", level=logging.INFO)
    signals.block()
    if arguments.parent is not None:
        end_with_parent(arguments.parent)
    dictation, spoken = recognised_languages(), spoken_languages()
    absent = (*missing_engines(), *missing_recogniser(dictation), *missing_voices(spoken))
    for missing in absent:
        print(f"infra.local: {missing}", file=sys.stderr)
    try:
        _run(arguments, between, dictation, spoken)
    except signals.Interrupted:
        return 0
    except (PortError, WorkspaceError, StageError) as error:
        print(f"infra.local: {error}", file=sys.stderr)
        return 1
    return 0


def _run(
    arguments: argparse.Namespace,
    between: Callable[[Environment], Environment],
    dictation: Mapping[str, str],
    spoken: Mapping[str, str],
) -> None:
    with workspace(arguments.data_dir) as place:
        ports = _choose_ports(arguments, can_dictate=bool(dictation), can_speak=bool(spoken))
        settings = stage_settings(ports, dictation, spoken)
        stage = Stage(ports, place, os.environ, {**settings, **between(settings)})
        try:
            announcement = _announcement(ports, stage.start())
            LOGGER.info("the operator's commands find it by: %s", _options(ports))
            print(announcement, flush=True)
            stage.watch()
        finally:
            stage.stop()


def _choose_ports(arguments: argparse.Namespace, *, can_dictate: bool, can_speak: bool) -> Ports:
    free = free_ports()
    http, ws = arguments.http_port, arguments.ws_port
    if ws and ws == http and not arguments.without_http:
        message = f"port {ws} is asked for twice: --http-port and --ws-port must differ"
        raise PortError(message)

    def chosen(port: int) -> int:
        if port:
            require_free(port)
        return port or next(free)

    return Ports(
        http=None if arguments.without_http else chosen(arguments.http_port),
        ws=chosen(arguments.ws_port),
        dynamodb=next(free),
        translate=next(free),
        functions=next(free),
        transcribe=next(free) if can_dictate else None,
        polly=next(free) if can_speak else None,
        sounds=next(free) if can_speak else None,
    )


def _announcement(ports: Ports, settings: Environment) -> str:
    if ports.http is None:
        # `chalice local` serves the HTTP routes, so it needs the functions' settings.
        return json.dumps(settings)
    http, ws, dynamodb = url(ports.http), url(ports.ws, "ws"), url(ports.dynamodb)
    return f"ready http={http} ws={ws} dynamodb={dynamodb}"


def _options(ports: Ports) -> str:
    """What the operator's commands take to find this stage; each knows those that it needs."""
    gateway, translate = url(ports.ws), url(ports.translate)
    return (
        f"--stage local --dynamodb {url(ports.dynamodb)} --gateway {gateway} "
        f"--translate {translate}"
    )


def _parse_arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m infra.local", description=__doc__)
    parser.add_argument("--http-port", type=_port, default=8000, help="0 picks a free one")
    parser.add_argument("--ws-port", type=_port, default=8001, help="0 picks a free one")
    parser.add_argument("--data-dir", type=_directory, help="keeps everything over a restart")
    # For `chalice local`, which serves HTTP itself and takes the stage with it when it ends.
    parser.add_argument("--without-http", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--parent", type=int, help=argparse.SUPPRESS)
    return parser.parse_args(argv)


def _port(text: str) -> int:
    try:
        return parse_port(text)
    except PortError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def _directory(text: str) -> Path:
    return Path(text).expanduser().resolve()


if __name__ == "__main__":
    sys.exit(main())
