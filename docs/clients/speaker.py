"""Opens a session and speaks the lines of stdin: `python speaker.py https://HOST/STAGE en`."""

import asyncio
import json
import sys
from contextlib import suppress
from math import inf
from random import random
from time import monotonic
from typing import Any
from urllib.request import Request, urlopen

from websockets import ClientConnection, ConnectionClosed, connect

unreported: dict[int, str] = {}  # the sentence that is on its way, by its number
reported = asyncio.Event()
lines: list[ClientConnection] = []  # the one that has joined


def call(method: str, path: str, token: str = "", body: object = None) -> Any:
    """Calls the stage by HTTP; returns what it answers."""
    headers = {"Content-Type": "application/json"} | ({"Authorization": token} if token else {})
    data = json.dumps(body).encode() if body else None
    with urlopen(Request(sys.argv[1] + path, data, headers, method=method), timeout=30) as answer:
        return json.loads(answer.read() or "null")


async def send() -> None:
    """Says what has no report yet. A number that was heard is refused: nothing is said twice."""
    for sequence, text in list(unreported.items()):
        with suppress(IndexError, ConnectionClosed):
            message = {"action": "speak", "sequence": sequence, "text": text}
            await lines[0].send(json.dumps(message))


async def read(path: str, token: str) -> None:
    """Says one line after the other, each when the one before it is reported; then ends."""
    texts, sequence = filter(str.strip, sys.stdin), 0
    while text := await asyncio.to_thread(next, texts, ""):
        sequence += 1
        unreported[sequence] = text.strip()
        reported.clear()
        await send()
        await reported.wait()
    call("DELETE", path, f"Bearer {token}")


async def follow(line: ClientConnection) -> None:
    """Takes reports, until the line is old."""
    renew_at = inf
    while (left := renew_at - monotonic()) > 0:
        try:
            message = json.loads(await asyncio.wait_for(line.recv(), min(30, left)))
        except TimeoutError:
            message = {}
            await line.send('{"action": "heartbeat"}')
        match message:
            case {"type": "joined"}:
                lines[:] = [line]
            case {"type": "renew", "withinMs": within}:
                renew_at = monotonic() + random() * within / 1000
            case {"type": "sessionEnded"} | {"code": "NOT_SPEAKER"}:
                sys.exit(message.get("message"))
            case {"type": "error", "retryAfterMs": pause}:
                await asyncio.sleep(pause / 1000)
            case {"sequence": number} | {"type": "error", "details": {"sequence": number}}:
                print(message, flush=True)
                if unreported.pop(number, None):
                    reported.set()
        if message.get("type", "error") in ("joined", "error"):
            await send()


async def stay(address: str) -> None:
    """Comes back, by websockets' own growing pauses, until the session has ended."""
    async for line in connect(address):
        with suppress(ConnectionClosed):
            await follow(line)


async def main() -> None:
    """Opens the session, then speaks and hears."""
    opened = call("POST", "/sessions", body={"sourceLanguage": sys.argv[2]})
    name, token, url = (opened[each] for each in ("sessionId", "speakerToken", "webSocketUrl"))
    print(url, name, flush=True)
    address = f"{url}?sessionId={name}&token={token}"
    await asyncio.gather(stay(address), read(f"/sessions/{name}", token))


asyncio.run(main())
