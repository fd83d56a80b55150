"""How many messages of clients API Gateway hands to a stage's functions.

A flood of messages takes requests from the quota that captions are posted by, and each message is
an invocation before a function can refuse it. So the stage's route of messages has a throttle. What
is beyond it is answered by the gateway itself, in its own words (`Too Many Requests`), and costs
nothing. `$connect` has the account's own quota of new connections; `$disconnect` has no throttle,
because a row whose event is lost stays until the reconciler finds it. A throttle is a target and no
ceiling, says https://docs.aws.amazon.com/apigateway/latest/developerguide/websocket-api-protect.html
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from infra.deployment.quotas import Quotas

MESSAGES: Final = "$default"
"""The only route of messages that Chalice makes."""

USUAL_RATE: Final = 1_000
"""As in `app-merge.json`, which says it for the one-stack way."""

SHARE: Final = 0.1
"""Of API Gateway's requests: half of what posts leave. Handshakes, their ends and HTTP need the
rest. 10,000 listeners send 40 heartbeats a second."""


def message_rate(quotas: Quotas) -> int:
    """Messages a second, by what the account admits."""
    if quotas.requests_per_second is None:
        return USUAL_RATE
    return max(1, int(quotas.requests_per_second * SHARE))


@dataclass(frozen=True)
class RouteThrottle:
    """The throttle of one stage of a WebSocket API."""

    client: Any
    api_id: str
    stage_name: str

    def require(self, rate: int) -> bool:
        """Lets so many messages through a second; returns whether that had to be changed."""
        stage = self.client.get_stage(ApiId=self.api_id, StageName=self.stage_name)
        routes = stage.get("RouteSettings", {})
        wanted = {"ThrottlingBurstLimit": rate, "ThrottlingRateLimit": float(rate)}
        found = routes.get(MESSAGES, {})
        if {name: found.get(name) for name in wanted} == wanted:
            return False
        self.client.update_stage(
            ApiId=self.api_id,
            StageName=self.stage_name,
            RouteSettings={**routes, MESSAGES: {**found, **wanted}},
        )
        return True
