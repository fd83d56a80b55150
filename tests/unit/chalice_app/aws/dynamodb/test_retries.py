"""The pauses between tries."""

import pytest

from chalice_app.aws.dynamodb.retries import backoff


@pytest.mark.parametrize("attempt", [0, 1, 5, 7, 1000])
def test_the_wait_grows_to_half_a_second_at_most(attempt: int) -> None:
    limit = min(0.5, 0.02 * 2**attempt)
    waited = [backoff(attempt) for _ in range(200)]
    assert min(waited) >= 0
    assert max(waited) <= limit
    assert len(set(waited)) > 100, "jitter keeps writers apart"
