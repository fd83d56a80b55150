"""Asynchronous invocations of functions that go on where the caller does not wait.

`broadcast` gets batches, `voice` what is to be spoken, `transcript` what is to be translated.
"""

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from chalice_app.aws.clients import Clients
from chalice_app.domain.errors import Unavailable

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class BackgroundFunction:
    """One function on Lambda.

    It is `speech.ports.BatchInvoker`, `synthesis.ports.VoiceInvoker` and
    `transcripts.export_ports.TranscriptInvoker`.
    """

    clients: Clients
    name: str

    def invoke(self, payload: Mapping[str, Any]) -> None:
        """Puts the payload into the function's queue; Unavailable when Lambda does not take it."""
        body = json.dumps(payload, ensure_ascii=False, separators=(",", ":")).encode()
        try:
            self.clients.lambda_.invoke(
                FunctionName=self.name, InvocationType="Event", Payload=body
            )
        except ClientError as error:
            _log.warning("Lambda refused: %s", error.response["Error"]["Code"])
            raise Unavailable("no function was invoked") from error
        except BotoCoreError as error:
            raise Unavailable("Lambda did not answer") from error
