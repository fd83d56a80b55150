"""The voice function: an asynchronous invocation speaks one caption to all who asked for it."""

from typing import Any

from chalice.app import Blueprint

from chalice_app.bootstrap.process import current
from chalice_app.bootstrap.synthesis import VoiceParts
from chalice_app.observability import logs
from chalice_app.synthesis.asks import VoiceAsk

functions = Blueprint(__name__)


@functions.lambda_function(name="voice")
@logs.invoked
def handler(event: dict[str, Any], context: object) -> None:
    """Lambda's entry; what fails is told to the speaker, and never tried again."""
    current(VoiceParts).speaking.speak(VoiceAsk.of(event))
