"""`chalice local` brings up the whole stage: Chalice serves HTTP, this starts the rest beside it.

`chalice local` knows no WebSockets and no streams, and offers no hook. But it imports `app.py`,
which calls `prepare` first. With autoreload, Chalice's default, that happens in a thread of a
worker process, and again in a new worker after every change of a file.
"""

from __future__ import annotations

import atexit
import http.client
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from typing import Final, NoReturn

from chalice.cli import local as local_command
from chalice.local import ChaliceRequestHandler

from infra.local.access.callers import is_for, page_hosts
from infra.local.process.parent import end_with_parent
from infra.local.process.ports import LOOPBACK, PortError, parse_port, require_free
from infra.local.stage.environment import url, use_settings, with_page_origins
from infra.local.stage.processes import PROJECT, python

WS_PORT: Final = "8001"
STOP_SECONDS: Final = 5.0
LOOK_SECONDS: Final = 0.02


@dataclass(frozen=True)
class LocalCommand:
    """Where `chalice local` will serve HTTP."""

    host: str
    port: int


def prepare() -> None:
    """Start the stage, unless the command is another one or the Chalice stage has its own tables.

    Where `.chalice/config.json` sets SESSIONS_TABLE_NAME, the AWS resources recorded there are
    meant. Returns when the application may be imported; ends the process if it never may.
    """
    command = local_options(sys.argv[1:])
    if command is not None:
        hide_queries()
        refuse_other_hosts(command)
    if command is None or "SESSIONS_TABLE_NAME" in os.environ:
        return
    # Chalice's file watcher takes a new .pyc for a change, and would start all over.
    sys.dont_write_bytecode = True
    if "CHALICE_WORKER" in os.environ:
        # A SIGTERM ends the parent alone: without this its worker would serve on for ever.
        end_with_parent(os.getppid())
    try:
        require_free(command.port)
    except PortError as error:
        _give_up(f"{error}: choose another one with --port")
    try:
        ws_port = websocket_port(command, os.environ)
    except PortError as error:
        _give_up(f"{error}: choose another one for WebSockets with WS_PORT=...")
    settings = _start_stage(command, ws_port)
    use_settings(settings)
    threading.Thread(target=_announce, args=(command, settings), daemon=True).start()


def hide_queries() -> None:
    """Has Chalice's server, which logs the first line of every request, leave out its query."""

    def log_message(self: ChaliceRequestHandler, format: str, *args: object) -> None:  # noqa: A002
        shown = (each.partition("?")[0] if isinstance(each, str) else each for each in args)
        BaseHTTPRequestHandler.log_message(self, format, *shown)

    ChaliceRequestHandler.log_message = log_message


def refuse_other_hosts(command: LocalCommand) -> None:
    """Has Chalice's server on loopback answer 403 to a `Host` that `callers` does not know.

    With a --host of another network, the user has let others in.
    """
    if command.host not in (LOOPBACK, "localhost", "::1"):
        return
    hosts = page_hosts(os.environ.get("ALLOWED_ORIGINS", ""))

    def parse_request(self: ChaliceRequestHandler) -> bool:
        if not BaseHTTPRequestHandler.parse_request(self):
            return False
        if is_for(hosts, self.headers.get("host")):
            return True
        self.send_error(HTTPStatus.FORBIDDEN)
        return False

    ChaliceRequestHandler.parse_request = parse_request


def local_options(arguments: Sequence[str]) -> LocalCommand | None:
    """The options of `chalice ... local ...` as Chalice reads them; None for any other command."""
    rest = list(arguments)
    while rest and rest[0].startswith("-"):
        if rest.pop(0) == "--project-dir":
            rest = rest[1:]
    if rest[:1] != ["local"]:
        return None
    options = local_command.make_context("local", rest[1:], resilient_parsing=True).params
    return LocalCommand(options["host"], options["port"])


def websocket_port(command: LocalCommand, environ: Mapping[str, str]) -> int:
    """Where WebSockets are served: WS_PORT, for Chalice's command has no option for it.

    Raises:
        PortError: it is taken, or none.
    """
    port = parse_port(environ.get("WS_PORT") or WS_PORT)
    if port == command.port:
        message = f"port {port} is what HTTP is served at"
        raise PortError(message)
    require_free(port)
    return port


def _start_stage(command: LocalCommand, ws_port: int) -> Mapping[str, str]:
    """Start the stage as a process that ends with this one; returns the application's settings."""
    stage = subprocess.Popen(
        python(
            *("infra.local", "--without-http", "--ws-port", str(ws_port)),
            *("--parent", str(os.getpid())),
        ),
        cwd=PROJECT,
        env={
            **os.environ,
            "PYTHONDONTWRITEBYTECODE": "1",
            # The page is served here, the handshakes are checked there.
            "ALLOWED_ORIGINS": with_page_origins(os.environ, command.port),
        },
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
        # A Ctrl-C of the terminal reaches it by way of this process, once.
        start_new_session=True,
    )
    ending = threading.Event()
    atexit.register(_stop, stage, ending)
    line = stage.stdout.readline() if stage.stdout else ""
    if not line and ending.is_set():
        # A file has changed once more: the watcher ends this process, and this is its other thread.
        threading.Event().wait()
    if not line:
        # It has said why.
        _give_up(f"the local stage ended with exit code {stage.wait()}")
    threading.Thread(target=_watch, args=(stage, ending), daemon=True).start()
    settings: dict[str, str] = json.loads(line)
    return settings


def _watch(stage: subprocess.Popen[str], ending: threading.Event) -> None:
    """When the stage ends by itself, nothing that Chalice serves would work any more."""
    stage.wait()
    if not ending.is_set():
        os.kill(os.getpid(), signal.SIGTERM)


def _stop(stage: subprocess.Popen[str], ending: threading.Event) -> None:
    ending.set()
    stage.terminate()
    try:
        stage.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        stage.kill()


def _announce(command: LocalCommand, settings: Mapping[str, str]) -> None:
    """Say that all is ready as soon as Chalice answers; its port alone is open a little earlier."""
    while not _answers(command):
        time.sleep(LOOK_SECONDS)
    ws, dynamodb = settings["WEBSOCKET_URL"], settings["AWS_ENDPOINT_URL_DYNAMODB"]
    # One write: a line of Chalice's own must not come between this one and its end.
    sys.stdout.write(f"ready http={url(command.port)} ws={ws} dynamodb={dynamodb}\n")
    sys.stdout.flush()


def _answers(command: LocalCommand) -> bool:
    connection = http.client.HTTPConnection(command.host, command.port)
    try:
        connection.request("GET", "/health")
        connection.getresponse().read()
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
    return True


def _give_up(reason: str) -> NoReturn:
    """End the process: in Chalice's thread an exception would leave it waiting for ever."""
    print(f"chalice local: {reason}", file=sys.stderr, flush=True)
    if "CHALICE_WORKER" in os.environ:
        # The reloader above would end in success (exit code 0), whatever its worker died of, and at
        # a SIGINT, too. So it fails as a shell reports it: "Terminated", 143.
        os.kill(os.getppid(), signal.SIGTERM)
    os._exit(1)
