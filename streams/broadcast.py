"""The broadcast function: an asynchronous invocation sends one batch of a large hall."""

from typing import Any

from chalice.app import Blueprint

from chalice_app.bootstrap.process import current
from chalice_app.bootstrap.speech import SpeechParts
from chalice_app.observability import logs
from chalice_app.speech.large_halls import RecipientBatch

functions = Blueprint(__name__)


@functions.lambda_function(name="broadcast")
@logs.invoked
def handler(event: dict[str, Any], context: object) -> None:
    """Lambda's entry; when it raises, Lambda tries once more, a minute later."""
    current(SpeechParts).large_halls.send_batch(RecipientBatch.of(event))
