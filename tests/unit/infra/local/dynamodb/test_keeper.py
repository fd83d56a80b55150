"""What the emulator has answered is there in its next life, also after a `kill -9`."""

import asyncio
import errno
import json
import os
import time
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any

import pytest
from ministack.services import dynamodb, dynamodb_streams

from infra.local.dynamodb import emulator_state
from infra.local.dynamodb.journal import SNAPSHOT, UnreadableStateError, journals
from infra.local.dynamodb.keeper import Keeper

STREAM = {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"}
TABLE = {
    "TableName": "Talks",
    "BillingMode": "PAY_PER_REQUEST",
    "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
    "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
    "StreamSpecification": STREAM,
}
REPLACED = (
    *("_set_item", "_remove_item", "_build_change_record", "_txn_token_store"),
    *("_next_stream_seq", "_trim_stream_records"),
)
ITERATORS = ("_encode_iterator", "_decode_iterator")


@pytest.fixture(autouse=True)
def _ministack(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Its functions as they are after the test, and nothing in its tables."""
    for name in REPLACED:
        monkeypatch.setattr(dynamodb, name, getattr(dynamodb, name))
    for name in ITERATORS:
        monkeypatch.setattr(dynamodb_streams, name, getattr(dynamodb_streams, name))
    dynamodb.reset()
    yield
    dynamodb.reset()


class Emulator:
    """ministack with a keeper, one life after the other."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self._folder = folder
        self._monkeypatch = monkeypatch
        self.notices: list[str] = []

    def live(self, life: Callable[["Life"], Coroutine[Any, Any, None]]) -> None:
        """One life, which ends without a word."""
        with self._monkeypatch.context() as own:
            for name in REPLACED:
                own.setattr(dynamodb, name, getattr(dynamodb, name))
            for name in ITERATORS:
                own.setattr(dynamodb_streams, name, getattr(dynamodb_streams, name))
            dynamodb.reset()
            keeper = Keeper(self._folder, self.notices.append, outlives=True)
            keeper.load()
            asyncio.run(life(Life(keeper)))


class Life:
    """Requests to it."""

    def __init__(self, keeper: Keeper) -> None:
        self.keeper = keeper
        self._handle = keeper.keeping(dynamodb.handle_request)

    async def ask(self, action: str, **request: object) -> Any:
        """The answer's body; an error's has `__type`."""
        headers = {"x-amz-target": f"DynamoDB_20120810.{action}"}
        body = json.dumps(request).encode()
        return json.loads((await self._handle("POST", "/", headers, body, {}))[2])

    async def put(self, name: str, number: int = 0) -> Any:
        item = {"id": {"S": name}, "number": {"N": str(number)}}
        return await self.ask("PutItem", TableName="Talks", Item=item)

    async def names(self) -> list[str]:
        items = (await self.ask("Scan", TableName="Talks"))["Items"]
        return sorted(item["id"]["S"] for item in items)


@pytest.fixture
def emulator(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Emulator:
    return Emulator(tmp_path, monkeypatch)


def stream() -> list[Any]:
    records: list[Any] = dynamodb.stream_live_records("Talks")
    return records


async def talk(life: Life) -> None:
    """Every kind of change."""
    await life.ask("CreateTable", **TABLE)
    for name in ("a", "b", "c"):
        await life.put(name)
    await life.ask("DeleteItem", TableName="Talks", Key={"id": {"S": "b"}})
    await life.ask(
        "UpdateItem",
        TableName="Talks",
        Key={"id": {"S": "c"}},
        UpdateExpression="ADD #n :one",
        ExpressionAttributeNames={"#n": "number"},
        ExpressionAttributeValues={":one": {"N": "1"}},
    )
    put = {"TableName": "Talks", "Item": {"id": {"S": "d"}}}
    both = [{"Put": put}, {"Delete": {"TableName": "Talks", "Key": {"id": {"S": "a"}}}}]
    await life.ask("TransactWriteItems", TransactItems=both, ClientRequestToken="once")
    requests = [{"PutRequest": {"Item": {"id": {"S": "e"}}}}]
    await life.ask("BatchWriteItem", RequestItems={"Talks": requests})


def test_rows_and_stream_are_what_they_were(emulator: Emulator) -> None:
    before: list[Any] = []

    async def first(life: Life) -> None:
        await talk(life)
        before.extend(stream())

    async def second(life: Life) -> None:
        assert await life.names() == ["c", "d", "e"]
        assert stream() == before
        assert [record["eventName"] for record in before] == (
            ["INSERT"] * 3 + ["REMOVE", "MODIFY", "INSERT", "REMOVE", "INSERT"]
        )
        changed = before[4]["dynamodb"]
        assert (changed["OldImage"]["number"], changed["NewImage"]["number"]) == (
            {"N": "0"},
            {"N": "1"},
        )

    emulator.live(first)
    emulator.live(second)
    emulator.live(second)
    assert emulator.notices == []


def test_a_snapshot_has_what_the_journals_had(emulator: Emulator, tmp_path: Path) -> None:
    before: list[Any] = []

    async def first(life: Life) -> None:
        await talk(life)
        await life.keeper.end()
        before.extend(stream())

    async def second(life: Life) -> None:
        assert await life.names() == ["c", "d", "e"]
        assert stream() == before

    emulator.live(first)
    (left,) = journals(tmp_path)
    emulator.live(second)
    assert left in journals(tmp_path)


def test_a_transaction_that_is_asked_for_again_is_not_done_again(emulator: Emulator) -> None:
    items = [{"Put": {"TableName": "Talks", "Item": {"id": {"S": "a"}},
                      "ConditionExpression": "attribute_not_exists(id)"}}]  # fmt: skip

    async def first(life: Life) -> None:
        await life.ask("CreateTable", **TABLE)
        await life.ask("TransactWriteItems", TransactItems=items, ClientRequestToken="once")

    async def second(life: Life) -> None:
        again = await life.ask("TransactWriteItems", TransactItems=items, ClientRequestToken="once")
        assert "__type" not in again
        other = await life.ask(
            "TransactWriteItems", TransactItems=items, ClientRequestToken="twice"
        )
        assert "TransactionCanceledException" in other["__type"]

    emulator.live(first)
    emulator.live(second)


def test_numbers_rise_though_the_clock_goes_back(
    emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def first(life: Life) -> None:
        await life.ask("CreateTable", **TABLE)
        await life.put("a")
        monkeypatch.setattr(time, "time", lambda: 1_000.0)
        await life.put("b")

    async def second(life: Life) -> None:
        await life.put("c")
        numbers = [record["dynamodb"]["SequenceNumber"] for record in stream()]
        assert numbers == sorted(set(numbers))
        assert len(numbers) == 3

    emulator.live(first)
    emulator.live(second)


def test_records_that_grew_old_while_a_laptop_slept_are_still_there(
    emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(emulator_state, "KEPT_RECORDS", 2)

    async def life(life: Life) -> None:
        await life.ask("CreateTable", **TABLE)
        for name in ("a", "b", "c"):
            await life.put(name)
        assert len(stream()) == 3
        wakes = time.time() + emulator_state.RETENTION_SECONDS + 60
        monkeypatch.setattr(time, "time", lambda: wakes)
        assert [each["dynamodb"]["Keys"]["id"]["S"] for each in stream()] == ["b", "c"]
        assert dynamodb.stream_start_position("Talks") == 1

    emulator.live(life)


def test_a_reader_of_a_former_life_asks_again_by_sequence_number(emulator: Emulator) -> None:
    asked: dict[str, Any] = {}

    def ask(action: str, **request: object) -> Any:
        return json.loads(getattr(dynamodb_streams, f"_{action}")(request)[2])

    def after(number: str) -> Any:
        return ask(
            "get_shard_iterator",
            StreamArn=stream()[0]["eventSourceARN"],
            ShardIteratorType="AFTER_SEQUENCE_NUMBER",
            SequenceNumber=number,
        )["ShardIterator"]

    async def first(life: Life) -> None:
        await talk(life)
        asked["number"] = stream()[2]["dynamodb"]["SequenceNumber"]
        asked["iterator"] = after(asked["number"])
        assert len(ask("get_records", ShardIterator=asked["iterator"])["Records"]) == 5

    async def second(_life: Life) -> None:
        refused = ask("get_records", ShardIterator=asked["iterator"])
        assert "ExpiredIteratorException" in refused["__type"]
        again = ask("get_records", ShardIterator=after(asked["number"]))
        assert len(again["Records"]) == 5

    emulator.live(first)
    emulator.live(second)


def test_a_full_disk_is_said_once_and_the_first_snapshot_after_it_has_everything(
    emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def first(life: Life) -> None:
        await life.ask("CreateTable", **TABLE)
        await life.put("kept")
        with monkeypatch.context() as full:
            full.setattr(os, "write", no_room)
            await life.put("a")
            await life.put("b")
            await life.ask("TagResource", ResourceArn=arn(), Tags=[{"Key": "k", "Value": "v"}])
            assert len(emulator.notices) == 1
            assert "No space left" in emulator.notices[0]
            assert await life.names() == ["a", "b", "kept"]
        await life.put("still not kept")

    async def second(life: Life) -> None:
        assert await life.names() == ["kept"]
        with monkeypatch.context() as full:
            full.setattr(os, "write", no_room)
            await life.put("c")
        keeping = asyncio.create_task(life.keeper.run())
        while not any("room again" in notice for notice in emulator.notices):
            await asyncio.sleep(0.01)
        await life.put("d")
        await life.keeper.end()
        await keeping

    async def third(life: Life) -> None:
        assert await life.names() == ["c", "d", "kept"]

    emulator.live(first)
    emulator.live(second)
    emulator.live(third)
    assert len(emulator.notices) == 3


def arn() -> str:
    return str(dynamodb._tables["Talks"]["TableArn"])


def no_room(_file: int, _data: bytes) -> int:
    raise OSError(errno.ENOSPC, "No space left on device")


def test_a_large_journal_becomes_a_snapshot_while_requests_go_on(
    emulator: Emulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("infra.local.dynamodb.keeper.LARGEST_JOURNAL_BYTES", 1_000)
    monkeypatch.setattr("infra.local.dynamodb.keeper.TICK_SECONDS", 0.01)

    async def first(life: Life) -> None:
        await life.ask("CreateTable", **TABLE)
        number = max(journals(tmp_path))
        keeping = asyncio.create_task(life.keeper.run())
        sent = 0
        while max(journals(tmp_path)) == number:
            await life.put("a", sent := sent + 1)
            await asyncio.sleep(0)
        await life.put("b", sent)
        await life.keeper.end()
        await keeping

    async def second(life: Life) -> None:
        assert await life.names() == ["a", "b"]

    emulator.live(first)
    emulator.live(second)


def test_a_state_of_a_former_version_is_taken(emulator: Emulator, tmp_path: Path) -> None:
    async def first(life: Life) -> None:
        await talk(life)
        await life.keeper.end()

    async def second(life: Life) -> None:
        assert await life.names() == ["c", "d", "e"]
        assert stream() == []
        await life.put("f")

    emulator.live(first)
    snapshot = json.loads((tmp_path / SNAPSHOT).read_text())
    for name in ("journal", "last", "stream_records", "stream_trimmed", "tokens"):
        del snapshot["payload"][name]
    for path in journals(tmp_path).values():
        path.unlink()
    (tmp_path / SNAPSHOT).write_text(json.dumps(snapshot))
    emulator.live(second)


@pytest.mark.parametrize(
    "text",
    [
        '{"__ministack_format__":1,"payload":[]}',
        "[]",
        "{}",
        '{"__ministack_format__":99,"payload":{}}',
        '{"payload":{}}',
        "null",
    ],
)
def test_what_is_no_state_of_this_emulator_is_refused_and_left(
    emulator: Emulator, tmp_path: Path, text: str
) -> None:
    async def never(_life: Life) -> None:
        raise AssertionError

    (tmp_path / SNAPSHOT).write_text(text)
    with pytest.raises(UnreadableStateError, match="the kept state"):
        emulator.live(never)
    assert (tmp_path / SNAPSHOT).read_text() == text


@pytest.mark.parametrize("line", ["42", '[["put",7,"a","b",{}]]', '[["put"]]'])
def test_a_journal_that_is_not_of_this_emulator_is_refused_and_left(
    emulator: Emulator, tmp_path: Path, line: str
) -> None:
    async def never(_life: Life) -> None:
        raise AssertionError

    text = f'{{"follows":true}}\n{line}\n'
    (tmp_path / SNAPSHOT).write_text('{"__ministack_format__":1,"payload":{}}')
    (tmp_path / "journal.0").write_text(text)
    with pytest.raises(UnreadableStateError, match=r"the kept state .*journal\.0"):
        emulator.live(never)
    assert (tmp_path / "journal.0").read_text() == text


def test_damage_in_the_middle_is_told_with_what_it_costs(
    emulator: Emulator, tmp_path: Path
) -> None:
    async def first(life: Life) -> None:
        await life.ask("CreateTable", **TABLE)
        for name in ("a", "b", "c", "d"):
            await life.put(name)

    async def second(life: Life) -> None:
        assert await life.names() == ["a", "b"]
        await life.put("e")

    async def third(life: Life) -> None:
        assert await life.names() == ["a", "b", "e"]

    emulator.live(first)
    path = max(journals(tmp_path).values(), key=lambda each: each.stat().st_size)
    lines = path.read_bytes().splitlines(keepends=True)
    lines[3] = b"\xff" + lines[3][1:]
    path.write_bytes(b"".join(lines))
    emulator.live(second)
    size = len(lines[3]) + len(lines[4])
    (notice,) = emulator.notices
    assert notice == f"{path} is damaged in line 4: 2 changes ({size:,} bytes) are dropped"
    emulator.live(third)


def test_what_a_power_cut_tears_is_not_told(emulator: Emulator, tmp_path: Path) -> None:
    async def first(life: Life) -> None:
        await life.ask("CreateTable", **TABLE)
        await life.put("a")
        await life.put("b")

    async def second(life: Life) -> None:
        assert await life.names() == ["a"]

    emulator.live(first)
    path = max(journals(tmp_path).values(), key=lambda each: each.stat().st_size)
    os.truncate(path, path.stat().st_size - 3)
    emulator.live(second)
    assert emulator.notices == []


@pytest.mark.parametrize("names", [("a", "b"), ()], ids=["rows", "no rows"])
def test_journals_without_their_snapshot_are_refused_and_left(
    emulator: Emulator, tmp_path: Path, names: tuple[str, ...]
) -> None:
    async def first(life: Life) -> None:
        await life.ask("CreateTable", **TABLE)
        for name in names:
            await life.put(name)

    async def never(_life: Life) -> None:
        raise AssertionError

    emulator.live(first)
    (tmp_path / SNAPSHOT).unlink()
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    with pytest.raises(UnreadableStateError, match=r"dynamodb\.json is missing, and journal\.\d"):
        emulator.live(never)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before
    assert emulator.notices == []


def test_a_life_that_made_no_table_needs_no_snapshot(emulator: Emulator) -> None:
    async def idle(life: Life) -> None:
        assert (await life.ask("ListTables"))["TableNames"] == []

    for _ in range(3):
        emulator.live(idle)
    assert emulator.notices == []


def test_after_a_gap_without_any_snapshot_one_begins_anew(
    emulator: Emulator, tmp_path: Path
) -> None:
    """A disk that was full from the start, and a kill while the first snapshot was written."""

    async def idle(_life: Life) -> None:
        return None

    (tmp_path / "journal.1").write_text('{"follows":false}\n')
    for _ in range(3):
        emulator.live(idle)
    assert emulator.notices == []


def test_what_follows_a_gap_is_told_when_it_is_dropped(emulator: Emulator, tmp_path: Path) -> None:
    async def first(life: Life) -> None:
        await life.ask("CreateTable", **TABLE)
        await life.put("a")

    async def second(life: Life) -> None:
        assert await life.names() == ["a"]

    emulator.live(first)
    path = tmp_path / f"journal.{max(journals(tmp_path)) + 1}"
    path.write_text('{"follows":false}\n[["delete"]]\n')
    emulator.live(second)
    assert emulator.notices == [f"{path} follows what was not kept: 1 change (13 bytes) is dropped"]
