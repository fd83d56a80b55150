"""Opens a session and speaks the lines of stdin: `python speaker.py https://HOST/STAGE en`."""

import json
import sys
from contextlib import suppress
from itertools import chain
from threading import Semaphore, Thread
from time import sleep
from urllib.request import Request, urlopen

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, reconnect

unreported: dict[int, str] = {}  # the message that is on its way, by its number
turn = Semaphore()  # the next message may be sent
lines: list[ClientConnection] = []  # the one that has joined


def send() -> None:
    """Says what has no report yet. A number that was heard is refused: nothing is said twice."""
    for message in list(unreported.values()):
        with suppress(IndexError, ConnectionClosed):  # the next line says it when it has joined
            lines[0].send(message)


def read() -> None:
    """Says one text after the other, each when the one before it is reported; then ends."""
    for sequence, text in enumerate(chain(filter(str.strip, sys.stdin), [""]), 1):
        turn.acquire()
        message = {"action": "speak", "sequence": sequence, "text": text.strip()}
        unreported[sequence] = json.dumps(message if text else {"action": "end"})
        send()


wish = json.dumps({"sourceLanguage": sys.argv[2]}).encode()
request = Request(f"{sys.argv[1]}/sessions", wish, {"Content-Type": "application/json"})
session = json.load(urlopen(request, timeout=30))
print(session["webSocketUrl"], session["sessionId"], flush=True)
address = "{webSocketUrl}?sessionId={sessionId}&token={speakerToken}".format(**session)
Thread(target=read, daemon=True).start()

# Comes back after a loss, by websockets' own growing pauses, and when the line is old.
for line in reconnect(address):
    with suppress(ConnectionClosed):
        while True:
            try:
                message = json.loads(line.recv(30))
            except TimeoutError:
                message = {}
                line.send('{"action": "heartbeat"}')
            match message:
                case {"type": "renew"}:
                    break
                case {"type": "sessionEnded"} | {"code": "NOT_SPEAKER"}:
                    sys.exit(message.get("message"))
                case {"type": "joined"} | {"retryAfterMs": _} | {"connectionId": _}:
                    sleep(message.get("retryAfterMs", 0) / 1000)
                    lines[:] = [line]
                    send()
                case {"sequence": number} | {"type": "error", "details": {"sequence": number}}:
                    print(message, flush=True)
                    if unreported.pop(number, None):
                        turn.release()
