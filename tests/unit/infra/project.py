"""A small Chalice project, in place of the real one: one handler of every kind."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

APP = """
import json
import os
from chalice import Chalice, Rate, Response
import effects

app = Chalice(app_name="stand-in")
app.experimental_feature_flags.update(["WEBSOCKETS"])
app.register_blueprint(effects.functions)


@app.on_ws_connect()
def connect(event):
    return {"statusCode": 403 if event.connection_id == "unwanted" else 200}


@app.on_ws_message()
def message(event):
    return {"body": event.body}


@app.on_ws_disconnect(name="disconnect")
def farewell(event):
    return None


@app.lambda_function()
def echo(event, context):
    if event.get("fail"):
        raise ValueError(event["fail"])
    return {"event": event, "remaining": context.get_remaining_time_in_millis()}


@app.schedule(Rate(5, unit=Rate.MINUTES))
def tidy(event):
    return None


@app.schedule("cron(0 12 * * ? *)")
def noon(event):
    return None


@app.route("/hello/{name}", methods=["GET", "POST"])
def hello(name):
    return {"hello": name, "body": app.current_request.raw_body.decode()}


@app.route("/address")
def address():
    return {"address": app.current_request.context["identity"]["sourceIp"]}


@app.route("/shared", cors=True)
def shared():
    return {}


@app.route("/bytes", methods=["POST"], content_types=["text/plain", "application/octet-stream"])
def bytes_back():
    kind = {"Content-Type": "application/octet-stream"}
    return Response(app.current_request.raw_body, headers=kind)


@app.route("/web/{file}")
def web_file(file):
    version = (app.current_request.query_params or {}).get("v")
    caching = "public, max-age=31536000, immutable" if version else "no-cache"
    headers = {"Content-Type": "text/css", "Cache-Control": caching, "ETag": '"tag"'}
    if app.current_request.headers.get("if-none-match", "").endswith('"tag"'):
        return Response("", status_code=304, headers=headers)
    return Response(file * 400, headers=headers)


@app.route("/event/{name}")
def event_back(name):
    return app.current_request.to_original_event()


@app.route("/broken")
def broken():
    raise RuntimeError("secret detail")


@app.route("/worse")
def worse():
    return Response(object())
"""

EFFECTS = """
from chalice.app import Blueprint

functions = Blueprint(__name__)


@functions.on_dynamodb_record(
    "arn:aws:dynamodb:us-east-1:000000000000:table/T/stream/1",
    name="rosters",
    batch_size=500,
    starting_position="TRIM_HORIZON",
    maximum_batching_window_in_seconds=1,
)
def handler(event):
    return {"batchItemFailures": [{"itemIdentifier": record.sequence_number} for record in event]}
"""

CONFIG = """
{"version": "2.0", "app_name": "stand-in", "lambda_timeout": 30, "stages": {"dev": {
  "lambda_functions": {"echo": {"lambda_timeout": 5, "lambda_memory_size": 512}}}}}
"""


@contextmanager
def project(directory: Path, app: str = APP) -> Iterator[Path]:
    """The project's directory; what was imported from it is forgotten at the end."""
    (directory / "app.py").write_text(app)
    (directory / "effects.py").write_text(EFFECTS)
    (directory / ".chalice").mkdir()
    (directory / ".chalice" / "config.json").write_text(CONFIG)
    names = ("app", "effects")
    kept = {name: module for name in names if (module := sys.modules.pop(name, None))}
    path = list(sys.path)
    try:
        yield directory
    finally:
        sys.path[:] = path
        for name in names:
            sys.modules.pop(name, None)
        sys.modules.update(kept)
