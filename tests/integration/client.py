"""A real stage, and clients of it that see the wire as it is: messages are what came, unparsed."""

import asyncio
import http.client
import json
import os
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import boto3
import websockets
from websockets.asyncio.client import ClientConnection

PATIENCE = 20.0
"""Seconds until something that is waited for counts as missing; nothing takes so long."""

START_SECONDS = 120.0
"""A machine that runs other tests besides may take a minute to start a stage."""

TRIES = 20
"""Sentences until one that a busy machine was too slow for counts as missing."""

PROJECT = Path(__file__).resolve().parents[2]

Message = dict[str, Any]


@contextmanager
def loopback_client(service: Any, address: str) -> Iterator[Any]:
    """The SDK's client of a service on this machine; it needs nobody's credentials."""
    client: Any = boto3.client(
        service,
        endpoint_url=address,
        region_name="us-east-1",
        aws_access_key_id="local",
        aws_secret_access_key="local",
    )
    try:
        yield client
    finally:
        client.close()


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body, which must be JSON."""
        return json.loads(self.body)


@dataclass(frozen=True, slots=True)
class Session:
    """What its opener knows of a session."""

    session_id: str
    token: str
    url: str

    def address(self, **query: object) -> str:
        """The WebSocket's address with a query; `sessionId` unless the query has its own."""
        return f"{self.url}?{urlencode({'sessionId': self.session_id} | query)}"


@dataclass(frozen=True, slots=True)
class Stage:
    """A running stage, by the addresses of its ready line."""

    http: str
    ws: str
    pid: int | None = None
    dynamodb: str = ""

    def request(
        self,
        method: str,
        path: str,
        body: object = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """An HTTP request; a body that is not bytes is sent as JSON."""
        data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        connection = http.client.HTTPConnection(urlsplit(self.http).netloc, timeout=PATIENCE)
        try:
            given = {"Content-Type": "application/json"} if headers is None else headers
            connection.request(method, path, data, dict(given))
            response = connection.getresponse()
            return Answer(response.status, dict(response.headers), response.read())
        finally:
            connection.close()

    def operations(self) -> Message:
        """The stage as its operator sees it."""
        answer = self.request("GET", "/ops/state")
        assert answer.status == 200, answer
        state: Message = answer.json
        return state

    def put_metric(self, name: str, value: float, *minutes_ago: float) -> None:
        """Has CloudWatch know of a measurement that the functions have not made."""
        address = self.setting("AWS_ENDPOINT_URL_CLOUDWATCH")
        now = datetime.now(UTC)
        datum = {"MetricName": name, "Dimensions": [{"Name": "Stage", "Value": "local"}]}
        points = [
            {**datum, "Value": value, "Timestamp": now - timedelta(minutes=each)}
            for each in minutes_ago
        ]
        with loopback_client("cloudwatch", address) as client:
            client.put_metric_data(Namespace="TranslationPipeline", MetricData=points)

    def setting(self, name: str) -> str:
        """What the stage's processes are told."""
        for children in Path(f"/proc/{self.pid}/task").glob("*/children"):
            for child in children.read_text().split():
                for setting in Path(f"/proc/{child}/environ").read_text().split("\0"):
                    if setting.startswith(f"{name}="):
                        return setting.partition("=")[2]
        raise AssertionError(f"no process of the stage knows {name}")

    def languages(self) -> list[str]:
        """What the engine offers."""
        listed = self.request("GET", "/languages").json["languages"]
        return [language["code"] for language in listed]

    def open_session(self, source: str = "en") -> Session:
        """A new session."""
        answer = self.request("POST", "/sessions", {"sourceLanguage": source})
        assert answer.status == 201, answer
        opened = answer.json
        return Session(opened["sessionId"], opened["speakerToken"], opened["webSocketUrl"])

    def state(self, session: Session) -> Message:
        """The session as `GET /sessions/{id}` tells it."""
        answer = self.request("GET", f"/sessions/{session.session_id}")
        assert answer.status == 200, answer
        state: Message = answer.json
        return state

    def counts(self, session: Session) -> tuple[int, Message]:
        """The session's listeners, in all and by language."""
        state = self.state(session)
        return state["listenerCount"], state["languages"]

    def end(self, session: Session, token: str | None = None) -> Answer:
        """Ends a session."""
        bearer = {"Authorization": f"Bearer {token or session.token}"}
        return self.request("DELETE", f"/sessions/{session.session_id}", headers=bearer)


@dataclass(slots=True)
class Client:
    """One WebSocket; `received` is everything that came, in order."""

    socket: ClientConnection
    received: list[Message] = field(default_factory=list)

    async def send(self, action: str, **fields: object) -> None:
        """Sends a message of the protocol."""
        await self.send_raw(json.dumps({"action": action, **fields}))

    async def send_raw(self, data: str | bytes) -> None:
        """Sends a frame: text or binary."""
        await self.socket.send(data)

    async def receive(self) -> Message:
        """The next message, whatever it is."""
        async with asyncio.timeout(PATIENCE):
            message: Message = json.loads(await self.socket.recv())
        self.received.append(message)
        return message

    async def expect(self, kind: str, **fields: object) -> Message:
        """Receives until a message of that type with these fields comes, and returns it."""
        begun = len(self.received)
        try:
            while True:
                message = await self.receive()
                # API Gateway's own answers have no type.
                if message.get("type") == kind and fields.items() <= message.items():
                    return message
        except (TimeoutError, websockets.ConnectionClosed) as missing:
            came = self.received[begun:]
            raise AssertionError(f"{kind} {fields} did not come, but {came}: {missing!r}") from None

    async def settle(self) -> None:
        """Receives everything that was posted before now: the gateway keeps a socket's order."""
        await self.send("heartbeat")
        await self.expect("heartbeatAck")

    async def closed(self) -> int | None:
        """Receives until the connection is closed; returns the close code."""
        with suppress(websockets.ConnectionClosed):
            while True:
                await self.receive()
        return self.socket.close_code

    def of(self, kind: str) -> list[Message]:
        """What was received of that type."""
        return [message for message in self.received if message.get("type") == kind]

    def sequences(self) -> list[int]:
        """The numbers of the captions received, in the order they came."""
        return [caption["sequence"] for caption in self.of("caption")]

    def cut(self) -> None:
        """Ends the connection as a lost network does: without a close frame."""
        self.socket.transport.abort()


async def connect(address: str) -> Client:
    """A WebSocket; `websockets.InvalidStatus` when it is refused."""
    socket = await websockets.connect(
        address, proxy=None, max_queue=None, open_timeout=PATIENCE, close_timeout=1
    )
    return Client(socket)


@dataclass(slots=True)
class Talk:
    """A session with everybody in it; `sockets` closes them all at the end."""

    stage: Stage
    session: Session
    sockets: AsyncExitStack
    sequence: int = 0

    async def enter(self, **query: object) -> Client:
        """A connection to the session; does not wait for `joined`."""
        client = await connect(self.session.address(**query))
        self.sockets.push_async_callback(client.socket.close)
        return client

    async def join(self, language: str, **query: object) -> Client:
        """A listener, once it is counted."""
        listener = await self.enter(targetLanguage=language, **query)
        await listener.expect("joined")
        return listener

    async def join_all(self, languages: Sequence[str]) -> list[Client]:
        """A listener of each, all at the same time."""
        return await asyncio.gather(*(self.join(language) for language in languages))

    async def join_speaker(self) -> Client:
        """The speaker, once it has been told so."""
        speaker = await self.enter(token=self.session.token)
        await speaker.expect("joined")
        return speaker

    async def say(self, speaker: Client, text: str, **fields: object) -> Message:
        """Speaks a sentence; returns the report on it."""
        self.sequence += 1
        await speaker.send("speak", sequence=self.sequence, text=text, **fields)
        return await speaker.expect("spoken", sequence=self.sequence)

    async def say_translated(self, speaker: Client, text: str, **fields: object) -> Message:
        """Says a text until all listeners get its translation; returns the report on that.

        A busy machine may be too slow for one: then they get the speaker's own words, or nothing.
        """
        for _ in range(TRIES):
            report = await self.say(speaker, text, **fields)
            if not any(
                "failed" in each or each["dropped"] for each in report["languages"].values()
            ):
                return report
        raise AssertionError(f"not translated in {TRIES} tries: see the stage's log")

    async def say_aloud(self, speaker: Client, listener: Client, text: str) -> Message:
        """Says a text until that listener hears it; returns the first `speech` of that.

        A voice has to be loaded, and a busy machine may be too slow for a sentence.
        """
        for _ in range(TRIES):
            await self.say_translated(speaker, text)
            if parts := await heard(self.sequence, speaker, listener):
                return parts[0]
        raise AssertionError(f"not heard in {TRIES} tries: see the stage's log")

    async def correct(self, speaker: Client, sequence: int, text: str) -> Message:
        """Corrects a sentence, or takes it back; returns the report on it."""
        await speaker.send("correct", sequence=sequence, text=text)
        return await speaker.expect("corrected", sequence=sequence)


async def heard(sequence: int, speaker: Client, listener: Client) -> list[Message]:
    """All that the listener hears of a sentence whose caption it was sent, translated.

    It is empty where the speaker is told that the sentence is not heard, or not to its end.
    """
    async with asyncio.timeout(3 * PATIENCE):
        while True:
            await asyncio.gather(listener.settle(), speaker.settle())
            parts = [each for each in listener.of("speech") if each["sequence"] == sequence]
            if parts and len(parts) == parts[0].get("parts", 1):
                return parts
            if any(each["sequence"] == sequence for each in speaker.of("speechFailed")):
                return []
            await asyncio.sleep(0.05)


@asynccontextmanager
async def talk(stage: Stage, source: str = "en") -> AsyncIterator[Talk]:
    """A new session; at the end every socket of it is closed, and it is ended."""
    session = stage.open_session(source)
    try:
        async with AsyncExitStack() as sockets:
            yield Talk(stage, session, sockets)
    finally:
        stage.end(session)


async def eventually(read: Callable[[], object], wanted: object, seconds: float = 30.0) -> None:
    """Reads again and again until it is what is wanted."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + seconds
    while (value := await asyncio.to_thread(read)) != wanted:
        assert loop.time() < deadline, f"after {seconds} s still {value}, not {wanted}"
        await asyncio.sleep(0.02)


async def reconcile(stage: Stage) -> None:
    """What the schedule does every five minutes."""
    addresses = ("--dynamodb", stage.dynamodb, "--gateway", stage.ws.replace("ws:", "http:"))
    run = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "infra.reconcile", "--stage", "local", *addresses,
        cwd=PROJECT, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    await run.communicate()
    assert run.returncode == 0


FREE_PORTS = ("--http-port", "0", "--ws-port", "0")


@contextmanager
def running_stage(
    log: Path,
    *arguments: str,
    module: str = "infra.local",
    ports: Sequence[str] = FREE_PORTS,
    within: Sequence[str] = (),
    **settings: str,
) -> Iterator[Stage]:
    """A stage of its own on free ports; ended by SIGTERM, upon which it must exit in success.

    Tests speak faster than people, unless the settings have a limit for them. `within` stands
    before the command: what has it run somewhere else.
    """
    environment = {**os.environ, "SENTENCES_PER_SECOND": "0", **settings}
    command = [*within, sys.executable, "-m", module, *ports]
    with (
        log.open("wb") as errors,
        subprocess.Popen(  # noqa: S603 - this project, started as its README says
            [*command, *arguments],
            cwd=PROJECT,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        ) as process,
    ):
        try:
            yield _ready(process, log)
        finally:
            process.terminate()
            exit_code = _exit_code(process)
        assert exit_code == 0, f"exit code {exit_code}:\n{log.read_text()}"


def _ready(process: subprocess.Popen[str], log: Path) -> Stage:
    late = threading.Timer(START_SECONDS, process.kill)
    late.start()
    assert process.stdout is not None
    line = process.stdout.readline()
    late.cancel()
    assert line.startswith("ready "), f"the stage did not start: {line!r}\n{log.read_text()}"
    fields = dict(part.split("=", 1) for part in line.split()[1:])
    return Stage(fields["http"], fields["ws"], process.pid, fields["dynamodb"])


def _exit_code(process: subprocess.Popen[str]) -> int:
    try:
        return process.wait(timeout=3 * PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
        raise
