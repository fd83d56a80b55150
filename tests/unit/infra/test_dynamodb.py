"""The emulator as the stage runs it."""

import time

import pytest
from ministack.services import dynamodb as emulator

from infra.local.dynamodb import STREAM_RETENTION_SECONDS


def test_its_stream_forgets_what_is_older_than_the_stage_keeps(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(emulator, "_STREAM_RETENTION_SECONDS", STREAM_RETENTION_SECONDS)
    now = int(time.time())
    times = [now - STREAM_RETENTION_SECONDS - 60, now - STREAM_RETENTION_SECONDS + 60, now]
    records = [{"dynamodb": {"ApproximateCreationDateTime": at}} for at in times]
    monkeypatch.setitem(emulator._stream_records, "Connections", list(records))
    assert emulator.stream_live_records("Connections") == records[1:]
    assert emulator.stream_start_position("Connections") == 1
    emulator._stream_trimmed.pop("Connections")
