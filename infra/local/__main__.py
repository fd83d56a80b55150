"""`python -m infra.local [--http-port 8000] [--ws-port 8001] [--data-dir DIR]`: the local stage.

With `--hall [ADDRESS]` phones in the room reach its pages and its sockets, at one port.

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

from infra.local.hall.addresses import (
    HallAddress,
    asked_address,
    find_address,
    look_up,
    machine_addresses,
)
from infra.local.hall.errors import HallError
from infra.local.hall.following import BackgroundLookup, Following
from infra.local.hall.keeper import CertificateSource, HallKeeper
from infra.local.hall.place import HallPlace
from infra.local.polly.engines import missing_voices, spoken_languages
from infra.local.process.parent import end_with_parent
from infra.local.process.ports import PortError, parse_port
from infra.local.stage import signals
from infra.local.stage.environment import Environment, Ports, stage_settings, url
from infra.local.stage.port_choice import WantedPorts, choose_ports
from infra.local.stage.stage import Stage, StageError
from infra.local.stage.workspace import Workspace, WorkspaceError, workspace
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
    except (HallError, PortError, WorkspaceError, StageError) as error:
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
        address = _find_hall(arguments)
        ports = choose_ports(
            _wanted_ports(arguments),
            None if address is None else str(address.at.ip),
            can_dictate=bool(dictation),
            can_speak=bool(spoken),
        )
        hall = None if address is None else _open_hall(arguments, address, ports, place)
        settings = stage_settings(ports, dictation, spoken)
        settings = {**settings, **between(settings)}
        stage = Stage(ports, place, os.environ, settings, None if hall is None else hall.place)
        try:
            announcement = _announcement(ports, stage.start(), hall)
            LOGGER.info("the operator's commands find it by: %s", _options(ports))
            print(announcement, flush=True)
            if hall is not None:
                hall.announce()
            stage.watch(hall)
        finally:
            stage.stop()


def _find_hall(arguments: argparse.Namespace) -> HallAddress | None:
    if arguments.hall is None:
        return None
    return find_address(arguments.hall, machine_addresses(), look_up)


def _open_hall(
    arguments: argparse.Namespace, address: HallAddress, ports: Ports, place: Workspace
) -> HallKeeper:
    given = Path(arguments.certificate).expanduser().resolve() if arguments.certificate else None
    source = CertificateSource(place.directory, given)
    hall = HallPlace(
        address,
        http_port=ports.http or 0,
        ws_port=None if ports.ws == ports.http else ports.ws,
        tls_port=ports.tls,
        certificate=None if ports.tls is None else source.certificate(address),
    )
    following = Following(address, machine_addresses, BackgroundLookup(look_up))
    return HallKeeper(hall, following, source, lambda text: print(text, file=sys.stderr))


def _wanted_ports(arguments: argparse.Namespace) -> WantedPorts:
    return WantedPorts(
        http=None if arguments.without_http else arguments.http_port,
        ws=arguments.ws_port,
        tls=None if arguments.certificate is None else arguments.tls_port,
    )


def _announcement(ports: Ports, settings: Environment, hall: HallKeeper | None) -> str:
    if ports.http is None:
        # `chalice local` serves the HTTP routes, so it needs the functions' settings.
        return json.dumps(settings)
    http, ws, dynamodb = url(ports.http), url(ports.ws, "ws"), url(ports.dynamodb)
    if hall is not None:
        http, ws = hall.place.http_url, hall.place.ws_url
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
    parser.add_argument(
        "--ws-port", type=_port, help="8001; 0 picks a free one; in a hall HTTP's port serves it"
    )
    parser.add_argument("--data-dir", type=_directory, help="keeps everything over a restart")
    parser.add_argument(
        "--hall",
        nargs="?",
        const="",
        metavar="ADDRESS",
        type=_address,
        help="phones reach it at this address or name of the machine; none: at the one it has",
    )
    parser.add_argument(
        "--certificate",
        nargs="?",
        const="",
        metavar="FILE",
        help="a further port has TLS: a PEM file with key and chain; none: one is made",
    )
    parser.add_argument("--tls-port", type=_port, default=8443, help="of --certificate")
    # For `chalice local`, which serves HTTP itself and takes the stage with it when it ends.
    parser.add_argument("--without-http", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--parent", type=int, help=argparse.SUPPRESS)
    arguments = parser.parse_args(argv)
    if arguments.certificate is not None and arguments.hall is None:
        parser.error("--certificate needs --hall: without it no other device reaches the stage")
    if arguments.hall is not None and arguments.without_http:
        parser.error("--hall needs the stage's own pages")
    return arguments


def _port(text: str) -> int:
    try:
        return parse_port(text)
    except PortError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def _address(text: str) -> str:
    try:
        # argparse asks for the type of an option without a value, too.
        return asked_address(text) if text else ""
    except HallError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def _directory(text: str) -> Path:
    if not text:
        message = "it must be a directory, such as hall-data"
        raise argparse.ArgumentTypeError(message)
    return Path(text).expanduser().resolve()


if __name__ == "__main__":
    sys.exit(main())
