"""The transcript function: an asynchronous invocation goes on where a request's time was over."""

from typing import Any

from chalice.app import Blueprint

from chalice_app.bootstrap.process import current
from chalice_app.bootstrap.transcripts import TranscriptParts
from chalice_app.observability import logs
from chalice_app.transcripts.asks import TranscriptAsk

functions = Blueprint(__name__)


@functions.lambda_function(name="transcript")
@logs.invoked
def handler(event: dict[str, Any], context: object) -> None:
    """Lambda's entry; it is never tried again: whoever asks for the transcript is."""
    current(TranscriptParts).continuation.go_on(TranscriptAsk.of(event))
