"""For which commands of Chalice the stage comes up."""

import io
import os
import socket
from http.server import BaseHTTPRequestHandler

import pytest
from chalice.local import ChaliceRequestHandler

from infra.local import chalice_command
from infra.local.chalice_command import (
    LocalCommand,
    hide_queries,
    local_options,
    refuse_other_hosts,
    websocket_port,
)
from infra.local.process.ports import PortError


@pytest.mark.parametrize(
    ("arguments", "options"),
    [
        (["local"], LocalCommand("127.0.0.1", 8000)),
        (["local", "--port", "9000"], LocalCommand("127.0.0.1", 9000)),
        (["local", "--no-autoreload", "--host", "0.0.0.0"], LocalCommand("0.0.0.0", 8000)),  # noqa: S104
        (["--project-dir", "local", "local", "--port=1"], LocalCommand("127.0.0.1", 1)),
        (["--project-dir=x", "--debug", "local"], LocalCommand("127.0.0.1", 8000)),
    ],
)
def test_chalice_local_is_recognised_with_its_options(
    arguments: list[str], options: LocalCommand
) -> None:
    assert local_options(arguments) == options


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["--debug"],
        ["deploy", "--stage", "local"],
        ["--project-dir", "local", "deploy"],
        ["--project-dir", "local"],
        ["package", "local"],
        ["invoke", "-n", "local"],
    ],
)
def test_no_other_command_is(arguments: list[str]) -> None:
    assert local_options(arguments) is None


@pytest.mark.parametrize(
    ("arguments", "recorded"), [(["deploy"], {}), (["local"], {"SESSIONS_TABLE_NAME": "Sessions"})]
)
def test_nothing_happens_for_other_commands_and_recorded_stages(
    monkeypatch: pytest.MonkeyPatch, arguments: list[str], recorded: dict[str, str]
) -> None:
    monkeypatch.setattr("sys.argv", ["chalice", *arguments])
    for name, value in recorded.items():
        monkeypatch.setenv(name, value)
    for name in ("log_message", "parse_request"):  # which Chalice's server is given
        monkeypatch.setattr(ChaliceRequestHandler, name, getattr(ChaliceRequestHandler, name))
    before = dict(os.environ)
    chalice_command.prepare()
    assert dict(os.environ) == before


def test_websockets_have_a_port_of_their_own_choice() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    command = LocalCommand("127.0.0.1", 8000)
    assert websocket_port(command, {"WS_PORT": str(port)}) == port


def test_a_port_that_websockets_cannot_have_is_refused() -> None:
    command = LocalCommand("127.0.0.1", 8000)
    with socket.create_server(("127.0.0.1", 0)) as server:
        taken = server.getsockname()[1]
        with pytest.raises(PortError, match=f"port {taken} of .* already in use"):
            websocket_port(command, {"WS_PORT": str(taken)})
    with pytest.raises(PortError, match="port 8000 is what HTTP is served at"):
        websocket_port(command, {"WS_PORT": "8000"})
    with pytest.raises(PortError, match="'x' is not a port"):
        websocket_port(command, {"WS_PORT": "x"})
    with pytest.raises(PortError, match="port 8001 is what HTTP is served at"):
        websocket_port(LocalCommand("127.0.0.1", 8001), {})


def test_chalice_s_own_server_logs_no_query(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(ChaliceRequestHandler, "log_message", None)
    hide_queries()
    handler = ChaliceRequestHandler.__new__(ChaliceRequestHandler)
    handler.client_address = ("127.0.0.1", 1)
    handler.requestline = "GET /languages?token=secret HTTP/1.1"
    handler.log_request(200)
    handler.log_error("code %d, message %s", 400, "Bad request syntax ('GET /?token=secret')")
    logged = capsys.readouterr().err
    assert "GET /languages" in logged
    assert "400" in logged
    assert "secret" not in logged


@pytest.mark.parametrize(
    ("served", "asked", "taken"),
    [
        ("127.0.0.1", "localhost:8000", True),
        ("127.0.0.1", "talks.example", True),
        ("127.0.0.1", "evil.example:8000", False),
        ("0.0.0.0", "evil.example:8000", True),  # noqa: S104 - as somebody may tell Chalice
    ],
)
def test_chalice_s_own_server_answers_to_names_of_loopback(
    monkeypatch: pytest.MonkeyPatch, served: str, asked: str, taken: bool
) -> None:
    parse = BaseHTTPRequestHandler.parse_request
    monkeypatch.setattr(ChaliceRequestHandler, "parse_request", parse)
    monkeypatch.setenv("ALLOWED_ORIGINS", "https://talks.example")
    refuse_other_hosts(LocalCommand(served, 8000))
    handler = ChaliceRequestHandler.__new__(ChaliceRequestHandler)
    handler.client_address = ("127.0.0.1", 1)
    handler.raw_requestline = b"GET /health HTTP/1.1\r\n"
    handler.rfile = io.BytesIO(f"Host: {asked}\r\n\r\n".encode())
    handler.wfile = answer = io.BytesIO()
    assert handler.parse_request() is taken
    assert answer.getvalue().startswith(b"" if taken else b"HTTP/1.1 403 ")
    assert bool(answer.getvalue()) is not taken
