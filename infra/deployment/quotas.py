"""What the account admits in the region, as far as it bears on a talk.

Both quotas are the account's, and read from AWS: they differ by region and by the account's age,
and can be raised. Thirteen regions begin with 2,500 requests a second, none of which has Amazon
Translate. Sources: https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html,
https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from botocore.exceptions import ClientError

from chalice_app.settings import POSTS_PER_SECOND

POSTS_SHARE: Final = 0.8
"""Of API Gateway's requests: HTTP and the clients' messages need the rest."""

USUAL_CONCURRENCY: Final = 1_000
"""Of Lambda, for an account that is not new; a new one may have 10."""


@dataclass(frozen=True)
class Quotas:
    """What the account admits in the region; None is a quota that could not be read.

    Args:
        requests_per_second: that API Gateway admits, of all its APIs together.
        concurrency: functions that Lambda runs at once, of all applications together.
    """

    requests_per_second: int | None
    concurrency: int | None

    @property
    def posts_per_second(self) -> int:
        """What captions may take of the requests."""
        if self.requests_per_second is None:
            return POSTS_PER_SECOND
        return max(1, int(self.requests_per_second * POSTS_SHARE))

    def lines(self, posts_per_second: int) -> Iterator[str]:
        """What a stage's owner must know about them, given the stage's POSTS_PER_SECOND."""
        yield self._requests_line(posts_per_second)
        if self.concurrency is None:
            yield "Lambda: how many functions run at once could not be read"
        elif self.concurrency < USUAL_CONCURRENCY:
            yield (
                f"Lambda: {self.concurrency:,} functions at once in this account and region, not "
                f"the usual {USUAL_CONCURRENCY:,}: a hall that comes in is refused. Ask for more "
                "before the talk: Service Quotas, Lambda, L-B99A9384"
            )
        else:
            yield f"Lambda: {self.concurrency:,} functions at once in this account and region"

    def _requests_line(self, posts_per_second: int) -> str:
        setting = f"POSTS_PER_SECOND is {posts_per_second:,} for each talk"
        if self.requests_per_second is None:
            return f"API Gateway: its quota could not be read; {setting}"
        quota = f"{self.requests_per_second:,} requests a second in this account and region"
        if posts_per_second > self.posts_per_second:
            return (
                f"API Gateway: {quota}; {setting}, and must be {self.posts_per_second:,} at most, "
                "or captions are refused (429). Correct it in .chalice/config.json, or ask for "
                "more: Service Quotas, API Gateway, L-8A5B8E43"
            )
        halls = self.posts_per_second // posts_per_second
        many = f"{halls} large hall{'s'[: halls - 1]}"
        return f"API Gateway: {quota}; {setting}: enough for {many} at once"


def read_quotas(session: Any) -> Quotas:
    """The account's quotas in the session's region."""
    return Quotas(_requests_per_second(session), _concurrency(session))


def _requests_per_second(session: Any) -> int | None:
    try:
        account = session.client("apigateway").get_account()
    except ClientError:
        return None
    rate = account.get("throttleSettings", {}).get("rateLimit")
    return None if rate is None else int(rate)


def _concurrency(session: Any) -> int | None:
    try:
        account = session.client("lambda").get_account_settings()
    except ClientError:
        return None
    limit = account.get("AccountLimit", {}).get("ConcurrentExecutions")
    return None if limit is None else int(limit)
