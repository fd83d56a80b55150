"""A talk's first sentence in a cold function: `.venv/bin/python tests/benchmarks/cold_speak.py`.

As on AWS, the function has its container to itself: a fresh process whose first message is `speak`,
or that has answered before what the speaker's page sends when it has joined (`status`), or what any
client may send (`heartbeat`). DynamoDB is the embedded store; Translate and the gateway are stubs
behind TLS, with as many certificate authorities to read as botocore has. Under a minute.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from itertools import count
from pathlib import Path
from statistics import median

import botocore

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # run as a script, from anywhere

from chalice_app.bootstrap.adapters import aws_adapters
from chalice_app.bootstrap.application import Application
from chalice_app.bootstrap.process import composed
from chalice_app.domain.session import Connection, Role, Session
from chalice_app.observability import metrics
from chalice_app.settings import Settings
from streams import rosters
from tests.benchmarks.cold_start import PROJECT, record, settings, websocket
from tests.benchmarks.embedded_store import embedded_store
from tests.benchmarks.results import RESULTS, Figure, report
from tests.benchmarks.running_gateway import running_gateway, self_signed
from tests.benchmarks.stub_translate import LANGUAGES, running_translate
from tests.fakes.observability import RecordingMetrics

ROUNDS = 7
SESSION, SPEAKER = "golden-eagle-427", "c1="
BEFORE: Mapping[str, Sequence[str]] = {
    "nothing": (),
    "a heartbeat": ("heartbeat",),
    "a status": ("status",),
}
"""What the function has answered before the sentence."""

PROGRAM = """
import importlib, json, sys, time, warnings
warnings.simplefilter("ignore")  # what is not closed when the process ends
begun, spent = time.perf_counter(), time.process_time()
handler = importlib.import_module("app").message
answers = []
for event in json.loads(sys.argv[1]):
    handler(event, None)
    now, used = time.perf_counter(), time.process_time()
    answers.append((1000 * (now - begun), 1000 * (used - spent)))
    begun, spent = now, used
print("answers", json.dumps(answers))
"""


def open_hall(to: Application) -> None:
    """A session with its speaker and a listener of each language, counted."""
    now = time.time_ns() // 1_000_000
    ends = now // 1000 + 3600
    session = Session(SESSION, "en", "", now, ends)
    to.adapters.sessions.put_session(session)
    to.adapters.sessions.set_speaker(session, SPEAKER)
    people = {SPEAKER: None, **{f"{code}=": code for code in LANGUAGES if code != "en"}}
    for key, language in people.items():
        role = Role.SPEAKER if language is None else Role.LISTENER
        to.adapters.connections.put_connection(
            Connection(key, SESSION, now, role, now, ends, language)
        )
    with composed(to):
        for key in people:
            rosters.handler(record("INSERT", {"connectionId": {"S": key}}), None)


def answers(
    before: Sequence[str], number: int, environment: Mapping[str, str]
) -> list[tuple[float, float]]:
    """Milliseconds and CPU of each answer of a fresh process, the last of them the sentence's."""
    speak = {"action": "speak", "sequence": number, "text": f"This was never said: {number}."}
    messages = (*({"action": action} for action in before), speak)
    events = [websocket("$default", "MESSAGE", body=json.dumps(each)) for each in messages]
    for event in events:
        # Else it would be too old to be sent.
        event["requestContext"] = {**_context(event), "requestTimeEpoch": time.time_ns() // 10**6}
    done = subprocess.run(  # noqa: S603 - this interpreter, on the program above
        [sys.executable, "-c", PROGRAM, json.dumps(events)],
        cwd=PROJECT,
        env=dict(environment),
        capture_output=True,
        text=True,
        check=True,
    )
    lines = done.stdout.splitlines()
    translated = len(str(speak["text"])) * (len(LANGUAGES) - 1)
    assert any(f'"{metrics.CHARACTERS_TRANSLATED}": {translated}' in line for line in lines), lines
    answered: list[tuple[float, float]] = json.loads(lines[-1].removeprefix("answers "))
    return answered


def _context(event: Mapping[str, object]) -> Mapping[str, object]:
    context = event["requestContext"]
    assert isinstance(context, dict)
    return context


def main() -> None:
    """Measures, prints and appends."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--results", type=Path, default=RESULTS)
    options = parser.parse_args()
    with embedded_store() as store, tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        certificate = self_signed(Path(folder))
        trusted = Path(folder) / "trusted.pem"
        own = Path(botocore.__file__).with_name("cacert.pem")
        trusted.write_bytes(own.read_bytes() + certificate.read_bytes())
        gateway = stack.enter_context(running_gateway(0, certificate))
        translate = stack.enter_context(running_translate(certificate))
        environment = {
            **os.environ,
            **settings(store.names),
            "AWS_ENDPOINT_URL_APIGATEWAYMANAGEMENTAPI": f"https://127.0.0.1:{gateway}/api",
            "AWS_ENDPOINT_URL_TRANSLATE": f"https://127.0.0.1:{translate}",
            "AWS_CA_BUNDLE": str(trusted),
            "SSL_CERT_FILE": str(trusted),
            "SENTENCES_PER_SECOND": "0",
        }
        os.environ.update(environment)
        configured = Settings.from_env(environment)
        quiet = replace(aws_adapters(configured), metrics=RecordingMetrics())
        open_hall(Application(configured, quiet))
        numbers = count(1)
        for what, before in BEFORE.items():
            runs = [answers(before, next(numbers), environment) for _ in range(ROUNDS + 1)][1:]
            name = f"cold speak: six languages, after {what}"
            report(figures(name, [each[-1] for each in runs]), options.results)
            if before:
                name = f"cold speak: {what} itself, imports included"
                report(figures(name, [each[0] for each in runs]), options.results)


def figures(name: str, answered: Sequence[tuple[float, float]]) -> Iterator[Figure]:
    """Medians."""
    elapsed, spent = (median(each) for each in zip(*answered, strict=True))
    yield Figure(name, elapsed, "ms")
    yield Figure(f"{name}, CPU", spent, "CPU ms")


if __name__ == "__main__":
    main()
