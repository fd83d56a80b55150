"""The broadcast function: an asynchronous invocation sends one slice (see `slices`)."""

from typing import Any

from chalice.app import Blueprint

from chalice_app import bootstrap, logs
from chalice_app.slices import Slice

functions = Blueprint(__name__)


@functions.lambda_function(name="broadcast")
@logs.invoked
def handler(event: dict[str, Any], context: object) -> None:
    """Lambda's entry; what it raises has Lambda try again, once, a minute later."""
    bootstrap.application().slicing.run(Slice.of(event))
