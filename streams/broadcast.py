"""The broadcast function: an asynchronous invocation sends one slice (see `slices`)."""

from typing import Any

from chalice.app import Blueprint

from chalice_app import bootstrap
from chalice_app.observability import logs
from chalice_app.speech.slices import RecipientBatch

functions = Blueprint(__name__)


@functions.lambda_function(name="broadcast")
@logs.invoked
def handler(event: dict[str, Any], context: object) -> None:
    """Lambda's entry; what it raises has Lambda try again, once, a minute later."""
    bootstrap.application().slicing.run(RecipientBatch.of(event))
