"""Polly's protocol in front of silence: every text is an mp3 of its own length, in valid frames."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

FRAME = bytes.fromhex("fff364c4") + bytes(140)
"""MPEG 2, layer III, 48 kbit/s, 24 kHz, mono: 144 bytes that last 24 ms."""

FRAME_MS = 24
FRAMES = 50


@dataclass
class StubPolly:
    """Where it answers, and what it was asked for."""

    endpoint: str = ""
    asked: list[dict[str, Any]] = field(default_factory=list)


@contextmanager
def running_polly() -> Iterator[StubPolly]:
    """A Polly on a free port of loopback."""
    polly = StubPolly()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(polly))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    polly.endpoint = f"http://127.0.0.1:{server.server_port}"
    try:
        yield polly
    finally:
        server.shutdown()
        server.server_close()


def _handler(polly: StubPolly) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            assert self.path == "/v1/speech"
            request = json.loads(body)
            polly.asked.append(request)
            sound = FRAME * FRAMES
            self.send_response(200)
            self.send_header("Content-Type", "audio/mpeg")
            self.send_header("Content-Length", str(len(sound)))
            self.send_header("x-amzn-RequestCharacters", str(len(request["Text"])))
            self.end_headers()
            self.wfile.write(sound)

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    return Handler
