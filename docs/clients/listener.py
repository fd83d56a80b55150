"""Prints captions: `python listener.py wss://HOST/STAGE golden-eagle-427 es [JOIN-CODE]`."""

import json
import sys
from math import inf
from random import random
from time import monotonic, sleep
from urllib.parse import urlencode

from websockets.exceptions import InvalidStatus, WebSocketException
from websockets.sync.client import ClientConnection, connect

query = dict(zip(("sessionId", "targetLanguage", "joinCode"), sys.argv[2:], strict=False))
revisions: dict[int, float] = {}  # of the sentences shown; infinite where one was taken back
pause = 1.0  # seconds until it comes back, at most


def show(sequence: int, revision: float, text: str) -> None:
    """Prints what is newer than what was shown. A caption may overtake a few others."""
    if revision > revisions.get(sequence, -1):
        print(sequence, f"is now: {text}" if sequence in revisions else text, flush=True)
        revisions[sequence] = revision
        query["lastSequence"] = max(query["lastSequence"], str(sequence - 10), key=int)


def follow(line: ClientConnection) -> None:
    """Shows what comes, until the line is old. The next one replays what was missed between."""
    renew_at = inf
    while (left := renew_at - monotonic()) > 0:
        try:
            message = json.loads(line.recv(min(60, left)))
        except TimeoutError:
            message = {}
            line.send('{"action": "heartbeat"}')
        match message.get("type"):
            case "joined":
                query.setdefault("lastSequence", str(max(0, message["lastSequence"] - 3)))
                if token := message.get("resumeToken"):
                    query["resumeToken"] = token
            case "caption":
                show(message["sequence"], message.get("revision", 0), message["text"])
            case "retracted":
                show(message["sequence"], inf, "(taken back)")
            case "renew":
                renew_at = monotonic() + random() * message["withinMs"] / 1000
            case "sessionEnded":
                sys.exit()


while True:
    try:
        with connect(f"{sys.argv[1]}?{urlencode(query)}") as line:
            pause = 1.0
            follow(line)
    except (OSError, WebSocketException) as lost:
        if isinstance(lost, InvalidStatus) and lost.response.status_code not in (429, 503):
            sys.exit(str(lost))
    sleep(random() * pause)
    pause = min(2 * pause, 30)
