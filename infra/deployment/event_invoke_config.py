"""How often Lambda tries an asynchronous invocation again, and where it goes after that.

A sentence is worth nothing after ten seconds, and Lambda tries again after a minute at the
soonest. A batch of a large hall is tried once more all the same: whatever comes then sends nothing,
but completes the speaker's report (see `chalice_app.speech.large_halls`). A sound is tried once
alone: nobody wants to hear it a minute late, and no report waits for it. Source of the limits:
https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-configuring.html
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from botocore.exceptions import ClientError

from infra.deployment.errors import is_not_found
from infra.deployment.stage_names import BROADCAST, TRANSCRIPT, VOICE


@dataclass(frozen=True)
class Asynchronous:
    """What Lambda does with a function's asynchronous invocations.

    Args:
        retries: after the first try, 0 to 2.
        oldest_seconds: that an invocation may wait for its turn, 60 to 21,600.
        keeps_failures: whether one that failed goes to the dead-letter queue.
    """

    retries: int
    oldest_seconds: int
    keeps_failures: bool


BEHAVIOUR: Final[Mapping[str, Asynchronous]] = {
    BROADCAST: Asynchronous(retries=1, oldest_seconds=300, keeps_failures=True),
    VOICE: Asynchronous(retries=0, oldest_seconds=60, keeps_failures=False),
    TRANSCRIPT: Asynchronous(retries=0, oldest_seconds=60, keeps_failures=False),
}
"""As in `app-merge.json`, which says it for the one-stack way; Lambda's own are 2 and six hours."""


@dataclass(frozen=True)
class EventInvokeConfig:
    """The asynchronous invocations of one function, by its name on AWS."""

    client: Any
    function: str
    behaviour: Asynchronous

    def require(self, dead_letter_queue_arn: str) -> bool:
        """Gives them their behaviour; returns whether anything had to be changed."""
        wanted = {
            "MaximumRetryAttempts": self.behaviour.retries,
            "MaximumEventAgeInSeconds": self.behaviour.oldest_seconds,
        }
        destination = {}
        if self.behaviour.keeps_failures:
            destination = {"OnFailure": {"Destination": dead_letter_queue_arn}}
        found = self._find()
        has = {name: found.get(name) for name in wanted}
        kept = found.get("DestinationConfig", {}).get("OnFailure") or None
        if has == wanted and kept == destination.get("OnFailure"):
            return False
        # It replaces the whole configuration: a destination that is not named is gone.
        self.client.put_function_event_invoke_config(
            FunctionName=self.function, **wanted, DestinationConfig=destination
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
