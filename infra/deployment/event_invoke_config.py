"""How often Lambda retries to send a batch of a large hall, and where a batch goes after that.

A sentence is worth nothing after ten seconds, and Lambda tries again after a minute at the
soonest: whatever comes then sends nothing, but completes the speaker's report (see
`chalice_app.speech.large_halls`). Once is enough for that. Source of the limits:
https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-configuring.html
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from botocore.exceptions import ClientError

from infra.deployment.errors import is_not_found

RETRIES: Final[Mapping[str, int]] = {
    "MaximumRetryAttempts": 1,
    "MaximumEventAgeInSeconds": 300,
}
"""As in `app-merge.json`, which says it for the one-stack way; Lambda's own are 2 and six hours."""


@dataclass(frozen=True)
class EventInvokeConfig:
    """The asynchronous invocations of one function."""

    client: Any
    function: str

    def require(self, dead_letter_queue_arn: str) -> bool:
        """Gives them their behaviour; returns whether anything had to be changed."""
        destination = {"Destination": dead_letter_queue_arn}
        found = self._find()
        has = {name: found.get(name) for name in RETRIES}
        if has == RETRIES and found["DestinationConfig"].get("OnFailure") == destination:
            return False
        self.client.put_function_event_invoke_config(
            FunctionName=self.function, **RETRIES, DestinationConfig={"OnFailure": destination}
        )
        return True

    def _find(self) -> Mapping[str, Any]:
        try:
            found: Mapping[str, Any] = self.client.get_function_event_invoke_config(
                FunctionName=self.function
            )
        except ClientError as error:
            if is_not_found(error):
                return {}
            raise
        return found
