"""Amazon Translate's two operations over TLS, answering at once: a peer for cold starts."""

import json
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

LANGUAGES = ("en", "es", "fr", "pt", "gl", "ca", "it")


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.headers["X-Amz-Target"].endswith(".ListLanguages"):
            names = [{"LanguageCode": code, "LanguageName": code} for code in LANGUAGES]
            answer: dict[str, object] = {"Languages": names, "DisplayLanguageCode": "en"}
        else:
            codes = {name: request[name] for name in request if name.endswith("LanguageCode")}
            answer = {"TranslatedText": request["Text"].upper(), **codes}
        body = json.dumps(answer).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/x-amz-json-1.1")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Says nothing."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, tls: ssl.SSLContext) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        # Each handshake in its connection's own thread, at its first read.
        self.socket = tls.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)


@contextmanager
def running_translate(certificate: Path) -> Iterator[int]:
    """Its port; it runs in a thread of this process."""
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate)
    server = _Server(tls)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
