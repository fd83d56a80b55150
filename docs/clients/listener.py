"""Prints captions: `python listener.py wss://HOST/STAGE golden-eagle-427 es [JOIN-CODE]`."""

import asyncio
import json
import sys
from math import inf
from random import random
from time import monotonic
from urllib.parse import urlencode

from websockets import ClientConnection, InvalidStatus, WebSocketException, connect

query = dict(zip(("sessionId", "targetLanguage", "joinCode"), sys.argv[2:], strict=False))
revisions: dict[int, float] = {}  # of the sentences shown; infinite where one was taken back
lines: list[ClientConnection] = []  # those that have joined; the newest is the last


def show(sequence: int, revision: float, text: str) -> None:
    """Prints what is newer than what was shown. A caption may overtake a few others."""
    if revision > revisions.get(sequence, -1):
        print(sequence, f"is now: {text}" if sequence in revisions else text, flush=True)
        revisions[sequence] = revision
        query["lastSequence"] = max(query["lastSequence"], str(max(revisions) - 10), key=int)


async def follow(line: ClientConnection) -> None:
    """Shows what comes, until the line is old. It serves until the next one has joined."""
    renew_at = inf
    while (left := renew_at - monotonic()) > 0:
        try:
            message = json.loads(await asyncio.wait_for(line.recv(), min(60, left)))
        except TimeoutError:
            await line.send('{"action": "heartbeat"}')
            continue
        match message.get("type"):
            case "joined":
                query["resumeToken"] = message["resumeToken"]
                query.setdefault("lastSequence", str(max(0, message["lastSequence"] - 3)))
                lines.append(line)
                await asyncio.gather(*(former.close() for former in lines[:-1]))
            case "caption":
                show(message["sequence"], message.get("revision", 0), message["text"])
            case "retracted":
                show(message["sequence"], inf, "(taken back)")
            case "renew":
                renew_at = monotonic() + random() * message["withinMs"] / 1000
            case "sessionEnded":
                sys.exit()


async def main() -> None:
    """Comes back after ever longer pauses, while there is a session to come back to."""
    pause = 1.0
    while True:
        began = monotonic()
        try:
            await follow(await connect(f"{sys.argv[1]}?{urlencode(query)}"))
        except (OSError, WebSocketException) as lost:
            if isinstance(lost, InvalidStatus) and lost.response.status_code not in (429, 503):
                sys.exit(str(lost))
        pause = 1.0 if monotonic() - began > 60 else min(2 * pause, 30)
        await asyncio.sleep(random() * pause)


asyncio.run(main())
