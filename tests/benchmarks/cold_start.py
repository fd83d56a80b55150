"""What a function's first call costs: `.venv/bin/python tests/benchmarks/cold_start.py`.

Each function in fresh processes: imports, clients, and its first call against the embedded store
and a stub gateway, which is posted to over TLS. CPU that the interpreter itself takes to start is
not the function's and is left out, as Lambda's own start is. Bytecode is there, as in a zip that
was built with it.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # run as a script, from anywhere

from tests.benchmarks.embedded_store import embedded_store
from tests.benchmarks.results import RESULTS, Figure, report
from tests.benchmarks.running_gateway import running_gateway, self_signed

PROJECT = Path(__file__).resolve().parents[2]
ROUNDS = 7
STREAM_MS, WEBSOCKET_MS = 300.0, 350.0
"""Budgets, import and clients and first call together."""

_CONTEXT = {
    "connectionId": "c1=",
    "requestId": "r",
    "requestTimeEpoch": 1_780_000_000_000,
    "domainName": "d",
    "stage": "api",
    "apiId": "a",
}
_KEYS = {"connectionId": {"S": "c1="}}


def websocket(route: str, kind: str, **more: object) -> dict[str, object]:
    """A WebSocket function's event."""
    context = {**_CONTEXT, "routeKey": route, "eventType": kind}
    return {"requestContext": context, "isBase64Encoded": False, **more}


def record(name: str, keys: Mapping[str, object]) -> dict[str, object]:
    """A stream function's event: an INSERT, MODIFY or REMOVE."""
    image = "OldImage" if name == "REMOVE" else "NewImage"
    change = {"SequenceNumber": "1", "Keys": keys, image: keys, "StreamViewType": "X"}
    one = {"eventID": "1", "eventName": name, "dynamodb": change}
    return {"Records": [one]}


JOIN = {"queryStringParameters": {"sessionId": "golden-eagle-427", "targetLanguage": "es"}}
SPEAK = json.dumps({"action": "speak", "sequence": 1, "text": "Hello"})
HTTP = {
    "requestContext": {"httpMethod": "GET", "resourcePath": "/languages", "requestId": "r"},
    "headers": {},
    "multiValueQueryStringParameters": None,
    "pathParameters": None,
    "stageVariables": None,
    "body": None,
    "isBase64Encoded": False,
}
SCHEDULED = {
    "version": "0",
    "id": "r",
    "detail-type": "Scheduled Event",
    "source": "aws.events",
    "account": "000000000000",
    "time": "2026-01-01T00:00:00Z",
    "region": "us-east-1",
    "resources": [],
    "detail": {},
}
BATCH = {
    "ref": {
        "session_id": "golden-eagle-427",
        "session_epoch": 1,
        "sequence": 1,
        "speaker_connection_id": "c1=",
        "spoken_at": 1,
        "started_at": 1,
    },
    "part": "es.0",
    "caption": {
        "session_id": "golden-eagle-427",
        "sequence": 1,
        "language": "es",
        "text": "Hola",
        "source_language": "en",
        "spoken_at": 1,
        "origin": "cache",
    },
    "connection_ids": ["c2="],
    "share": 1.0,
}
FUNCTIONS: Mapping[str, tuple[str, object, float]] = {
    "websocket_connect": ("app.connect", websocket("$connect", "CONNECT", **JOIN), WEBSOCKET_MS),
    "websocket_message": (
        "app.message",
        websocket("$default", "MESSAGE", body=SPEAK),
        WEBSOCKET_MS,
    ),
    "websocket_disconnect": (
        "app.disconnect",
        websocket("$disconnect", "DISCONNECT"),
        WEBSOCKET_MS,
    ),
    "rosters": ("streams.rosters.handler", record("REMOVE", _KEYS), STREAM_MS),
    "cache_access": (
        "streams.cache_access.handler",
        record("INSERT", {"cacheKey": {"S": "hit#c#0"}}),
        STREAM_MS,
    ),
    "cache_eviction": ("streams.cache_eviction.handler", SCHEDULED, STREAM_MS),
    "reconcile": ("streams.reconcile.handler", SCHEDULED, STREAM_MS),
    "broadcast": ("streams.broadcast.handler", BATCH, STREAM_MS),
    "api_handler": ("app.app", {**HTTP}, WEBSOCKET_MS),
}
"""Each function's handler string, an event that takes the usual way, and its budget in ms."""

PROGRAM = """
import importlib, json, sys, time, warnings
warnings.simplefilter("ignore")  # what is not closed when the process ends
event = json.loads(sys.argv[2])
begun, spent = time.perf_counter(), time.process_time()
module, _, name = sys.argv[1].rpartition(".")
handler = getattr(importlib.import_module(module), name)
imported, cpu = time.perf_counter(), time.process_time()
handler(event, None)
done, cpu_done = time.perf_counter(), time.process_time()
figures = [imported - begun, done - imported, cpu - spent, cpu_done - cpu]
print("figures", json.dumps([1000 * each for each in figures]))
"""


def main() -> None:
    """Measures every function, prints and appends."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("functions", nargs="*", help=f"some of {', '.join(FUNCTIONS)}")
    parser.add_argument("--results", type=Path, default=RESULTS)
    options = parser.parse_args()
    with embedded_store() as store, tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        certificate = self_signed(Path(folder))
        port = stack.enter_context(running_gateway(0, certificate))
        gateway = {
            "AWS_ENDPOINT_URL_APIGATEWAYMANAGEMENTAPI": f"https://127.0.0.1:{port}/api",
            "SSL_CERT_FILE": str(certificate),
        }
        environment = {**os.environ, **settings(store.names), **gateway}
        for name in options.functions or FUNCTIONS:
            handler, event, budget = FUNCTIONS[name]
            runs = [starts(handler, event, environment) for _ in range(ROUNDS + 1)][1:]
            imports, calls, cpu_imports, cpu_calls = (
                median(each) for each in zip(*runs, strict=True)
            )
            total = median(each[0] + each[1] for each in runs)
            note = f"(imports {imports:.0f}, first call {calls:.0f})"
            elapsed = Figure(f"cold start, {name}", total, "ms", budget, note=note)
            note = f"(imports {cpu_imports:.0f}, first call {cpu_calls:.0f})"
            spent = median(each[2] + each[3] for each in runs)
            cpu = Figure(f"cold start CPU, {name}", spent, "CPU ms", budget, note=note)
            report([elapsed, cpu], options.results)


def settings(names: Mapping[str, str]) -> Mapping[str, str]:
    """The functions' environment, but for the gateway."""
    return {
        "SESSIONS_TABLE_NAME": names["SessionsTable"],
        "CONNECTIONS_TABLE_NAME": names["ConnectionsTable"],
        "CACHED_TRANSLATIONS_TABLE_NAME": names["CachedTranslationsTable"],
        "ROSTERS_TABLE_NAME": names["RostersTable"],
        "SENTENCES_TABLE_NAME": names["SentencesTable"],
        "WEBSOCKET_API_ID": "abc123",
        "AWS_REGION": "us-east-1",
        "AWS_LAMBDA_FUNCTION_NAME": "measured",
    }


def starts(handler: str, event: object, environment: Mapping[str, str]) -> list[float]:
    """Milliseconds of one fresh process: imports and first call, elapsed and CPU."""
    done = subprocess.run(  # noqa: S603 - this interpreter, on the program above
        [sys.executable, "-c", PROGRAM, handler, json.dumps(event)],
        cwd=PROJECT,
        env=dict(environment),
        capture_output=True,
        text=True,
        check=True,
    )
    lines = [line for line in done.stdout.splitlines() if line.startswith("figures ")]
    figures: list[float] = json.loads(lines[-1].removeprefix("figures "))
    return figures


if __name__ == "__main__":
    main()
