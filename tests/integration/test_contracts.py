"""A talk on the real stage in which everybody does everything conforms to docs/'s contracts."""

import asyncio
import json
from collections.abc import Iterator
from contextlib import AsyncExitStack
from typing import Any

import pytest
from jsonschema import ValidationError

from tests import contracts
from tests.integration.client import PATIENCE, Answer, Client, Session, Stage, Talk, talk

SILENT = {"renew", "speech", "speechFailed"}
"""What comes on old connections, and where there are voices: other tests' stages have these."""


def schema_of(method: str, route: str, answer: Answer) -> Iterator[Any]:
    """What OpenAPI says of an answer with that status, for its content type."""
    operation = contracts.OPENAPI["paths"][route][method.lower()]
    described = operation["responses"][str(answer.status)]
    kind = answer.headers.get("Content-Type", "").partition(";")[0]
    contents = described.get("content")
    assert bool(contents) == bool(answer.body), (method, route, answer)
    if contents:
        content = contents.get(kind) or contents["*/*"]
        yield content["schema"].get("$ref")


def checked(method: str, route: str, answer: Answer) -> Any:
    """An answer that OpenAPI describes to the letter; its JSON, where it has one."""
    for reference in schema_of(method, route, answer):
        if reference:
            contracts.validator((contracts.DOCS / reference).resolve()).validate(answer.json)
            return answer.json
    return None


def call(
    stage: Stage, method: str, route: str, status: int, body: object = None, **given: Any
) -> Any:
    """Calls a route, with a session's token and name where they are given."""
    path = route.replace("{session_id}", given.get("session_id", "")) + given.get("query", "")
    headers = {"Content-Type": "application/json"} | given.get("headers", {})
    if "token" in given:
        headers["Authorization"] = f"Bearer {given['token']}"
    answer = stage.request(method, path, body, headers)
    assert answer.status == status, answer
    return checked(method, route, answer)


async def every_message(at: Talk) -> list[Client]:
    """A speaker and a listener do all that clients can do."""
    speaker = await at.join_speaker()
    listener = await at.join("es")
    reader = await at.join("en", voice="true")
    everyone = [speaker, listener, reader]
    async with asyncio.timeout(PATIENCE):
        while not reader.of("draft"):  # a busy machine skips one now and then
            await speaker.send("draft", sequence=1, text="Good")
            await asyncio.gather(speaker.settle(), reader.settle())
    await at.say(speaker, "Good morning.")
    sound = {"beganMsAgo": 4200, "endedMsAgo": 700}
    await speaker.send("speak", sequence=2, text="Hello there.", sound=sound)
    await speaker.expect("spoken", sequence=2)
    await speaker.send("speak", sequence=3, text="Buenas tardes.", sourceLanguage="es")
    await speaker.expect("spoken", sequence=3)
    await at.correct(speaker, 1, "Good evening.")
    await at.correct(speaker, 1, "")
    await reader.expect("retracted")
    await listener.send("changeLanguage", targetLanguage="en", voice=True)
    await speaker.expect("roster", languages={"en": 2})
    await speaker.send("overlays", hidden=True)
    await listener.expect("overlays", hidden=True)
    await at.join("en", lastSequence=0)
    for client in everyone:
        await client.send("status")
        await client.expect("sessionStatus")
        await client.send_raw('{"action": "nothing"}')
        await client.expect("error")
        await client.settle()
    await listener.send("speak", sequence=9, text="May I?")
    await listener.expect("error")
    await speaker.send("end")
    for client in everyone:
        await client.expect("sessionEnded")
    return everyone


def test_every_message_of_a_talk_conforms(stage: Stage) -> None:
    async def scenario() -> list[Client]:
        async with talk(stage) as at:
            return await every_message(at)

    received = [message for client in asyncio.run(scenario()) for message in client.received]
    for message in received:
        contracts.outgoing(message["type"]).validate(message)
    kinds = {path.stem for path in contracts.DOCS.glob("schemas/outgoing/*.json")}
    assert {message["type"] for message in received} | SILENT == kinds


def test_every_answer_of_a_session_conforms(stage: Stage) -> None:
    call(stage, "GET", "/health", 200)
    call(stage, "GET", "/languages", 200)
    call(stage, "GET", "/ops/state", 200)
    wish = {"sourceLanguage": "en", "title": "Opening night", "transcript": "everyone"}
    contracts.validator(contracts.DOCS / "schemas/http/openSession.json").validate(wish)
    opened = call(stage, "POST", "/sessions", 201, wish)
    of = {"session_id": opened["sessionId"], "token": opened["speakerToken"]}
    session = "/sessions/{session_id}"
    call(stage, "GET", session, 200, **of)
    glossary = {"terms": [{"source": "Grace Hall", "keep": True}], "blocked": ["darn"]}
    call(stage, "PUT", f"{session}/glossary", 200, glossary, **of)
    call(stage, "GET", f"{session}/glossary", 200, **of)
    prepared = {"sentences": ["Good morning."], "languages": ["pt"]}
    call(stage, "POST", f"{session}/preparation", 200, prepared, **of)
    call(stage, "POST", f"{session}/transcription", 201, {"sampleRate": 16000}, **of)
    call(stage, "DELETE", f"{session}/transcription", 204, **of)
    asyncio.run(says(stage, opened))
    for kind in ("txt", "srt", "vtt", "json"):
        call(stage, "GET", f"{session}/transcript", 200, **of, query=f"?format={kind}")
    for kind in ("json", "csv"):
        call(stage, "GET", f"{session}/report", 200, **of, query=f"?format={kind}")
    for page in ("report", "overlay"):
        call(stage, "GET", f"/s/{{session_id}}/{page}", 200, **of)
    call(stage, "GET", "/s/{session_id}", 200, **of)
    call(stage, "DELETE", session, 204, **of, query="?purge=true")
    call(stage, "GET", f"{session}/transcript", 404, **of, query="?format=txt")


async def says(stage: Stage, opened: dict[str, str]) -> None:
    """Says one sentence to one reader."""
    session = Session(opened["sessionId"], opened["speakerToken"], opened["webSocketUrl"])
    async with AsyncExitStack() as sockets:
        at = Talk(stage, session, sockets)
        speaker = await at.join_speaker()
        await at.join("pt")
        await at.say(speaker, "Good morning.")


def test_a_message_with_another_property_does_not_conform() -> None:
    with pytest.raises(ValidationError):
        contracts.outgoing("heartbeatAck").validate(json.loads('{"type":"heartbeatAck","a":1}'))
