"""Limits that Transcribe sets, and figures that were weighed: none changes unnoticed."""

import pytest

from chalice_app.transcription import grants, messages, minutes


@pytest.mark.parametrize(
    ("ours", "limit"),
    [
        pytest.param(grants.URL_SECONDS, 300, id="seconds of an address"),
        pytest.param(minutes.STREAM_MS, 14_400_000, id="milliseconds of a stream"),
        pytest.param(messages.LEAST_HZ, 8_000, id="the lowest rate"),
        pytest.param(messages.MOST_HZ, 48_000, id="the highest rate"),
        pytest.param(minutes._TRIES, 8, id="changes at once"),
    ],
)
def test_a_bound_is_transcribe_s_or_was_weighed(ours: int, limit: int) -> None:
    assert ours == limit
