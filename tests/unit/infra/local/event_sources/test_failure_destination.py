"""The failure destination."""

import json
from pathlib import Path

import pytest

from infra.local.event_sources.failure_destination import FailureFile

RECORD = {"eventSourceARN": "arn", "dynamodb": {"SequenceNumber": "7", "Keys": {}}}


def test_a_record_is_kept_whole_with_where_it_was(tmp_path: Path) -> None:
    path = tmp_path / "failures.jsonl"
    FailureFile(path).put_record("rosters", "shard-1", RECORD, "ValueError: ñ")
    entry = json.loads(path.read_text(encoding="utf-8"))
    assert entry["payload"] == {"Records": [RECORD]}
    assert entry["DDBStreamBatchInfo"]["startSequenceNumber"] == "7"
    assert entry["DDBStreamBatchInfo"]["streamArn"] == "arn"
    assert entry["requestContext"]["functionName"] == "rosters"
    assert entry["responseContext"]["functionError"] == "ValueError: ñ"


def test_the_file_is_bounded_and_the_latest_entries_stay(tmp_path: Path) -> None:
    path = tmp_path / "failures.jsonl"
    failures = FailureFile(path, largest_bytes=1000)
    for number in range(50):
        failures.put_event("slice", json.dumps({"n": number}), "KeyError: 'x'")
    files = sorted(tmp_path.iterdir())
    assert [file.name for file in files] == ["failures.jsonl", "failures.jsonl.1"]
    assert all(file.stat().st_size < 1500 for file in files)
    last = path.read_text().splitlines()[-1]
    assert json.loads(json.loads(last)["requestPayload"]) == {"n": 49}


def test_a_disk_that_takes_no_more_fails_no_reader(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    FailureFile(tmp_path / "none" / "failures.jsonl").put_event("slice", "{}", "KeyError: 'x'")
    assert "'functionName': 'slice'" in caplog.text
