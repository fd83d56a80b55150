"""What ministack holds: its changes as they are made, all of it at an instant, and the way back.

ministack has no hook for any of this, so a few of its functions are replaced. It handles a request
in one go, in the event loop's thread: between two requests its state is whole. It never changes an
item in place (its own stream records hold the same objects), so a copy need not copy the items.
"""

from __future__ import annotations

import copy
import json
import time
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

from ministack.core.persistence import (
    STATE_FORMAT_VERSION,
    _json_default,
    _json_object_hook,
)
from ministack.core.responses import AccountRegionScopedDict
from ministack.services import dynamodb, dynamodb_streams

from infra.local.dynamodb.journal import Change, UnreadableStateError

RETENTION_SECONDS: Final = 600
"""Readers are milliseconds behind, and put aside after a minute what they cannot handle. A busy
hall's records of that time are 23 MB in memory (3.8 KB each, with both images)."""
KEPT_RECORDS: Final = 10_000
"""So many of a stream stay however old they are: while a laptop sleeps, every record grows old, and
those that the readers have not seen must still be there when it wakes."""
_SEQUENCE_UNITS: Final = 10**10
"""ministack's sequence numbers are milliseconds with a counter of ten digits behind."""
_ITEMS: Final = "items"
_LATER: Final = ("stream_records", "stream_trimmed", "tokens")
"""Parts of the state that ministack itself would not save."""

State = dict[str, Any]
"""ministack's state at an instant, by the names that its own snapshot has; and `_LATER`, `last`."""
_IMAGES: Final = ("OldImage", "NewImage")
_TableId = tuple[str, str, str]
_Images = dict[str, Any]


class SequenceNumbers:
    """A stream's record numbers: they rise, whatever the wall clock does, also over a restart."""

    def __init__(self) -> None:
        """None was given yet."""
        self.last = 0

    def take(self) -> str:
        """The next one, in ministack's form."""
        self.last = max(self.last + 1, int(time.time() * 1000) * _SEQUENCE_UNITS)
        return f"{self.last:030d}"

    def was_taken(self, number: str) -> None:
        """In a former life of the emulator."""
        self.last = max(self.last, int(number))


class Changes:
    """Notes what each request changes, from `watch` on."""

    def __init__(self) -> None:
        """No number was given, nothing is watched."""
        self.numbers = SequenceNumbers()
        self._noted: list[Change] = []

    def taken(self) -> list[Change]:
        """What was changed since this was last asked."""
        noted, self._noted = self._noted, []
        return noted

    def watch(self) -> None:
        """Be called by ministack wherever it changes a row or a stream."""
        set_item, remove_item = dynamodb._set_item, dynamodb._remove_item  # noqa: SLF001
        build_record = dynamodb._build_change_record  # noqa: SLF001
        store_token = dynamodb._txn_token_store  # noqa: SLF001

        def noted_set(table: Any, partition: str, sort: str, item: Any) -> Any:
            self._noted.append(("put", table["TableArn"], partition, sort, item))
            return set_item(table, partition, sort, item)

        def noted_remove(table: Any, partition: str, sort: str) -> Any:
            self._noted.append(("delete", table["TableArn"], partition, sort))
            return remove_item(table, partition, sort)

        def noted_record(table: Any, *change: Any) -> Any:
            record = build_record(table, *change)
            self._noted.append(("record", table["TableArn"], *_without_images(record)))
            return record

        def noted_token(token: str, entry: Any) -> None:
            store_token(token, entry)
            scope = dynamodb._txn_idempotency._scoped(token)  # noqa: SLF001
            self._noted.append(("token", *scope, entry))

        replaced = {
            "_set_item": noted_set,
            "_remove_item": noted_remove,
            "_build_change_record": noted_record,
            "_txn_token_store": noted_token,
            "_next_stream_seq": self.numbers.take,
            "_trim_stream_records": trim_stream_records,
        }
        for name, function in replaced.items():
            setattr(dynamodb, name, function)


def trim_stream_records(
    table_name: str, *, account_id: str | None = None, region: str | None = None
) -> None:
    """In place of ministack's own, which goes by the wall clock alone."""
    records = dynamodb._live_stream_records(table_name, account_id, region)  # noqa: SLF001
    surplus = len(records) - KEPT_RECORDS
    if surplus <= 0:
        return
    cutoff = time.time() - RETENTION_SECONDS
    old = 0
    while old < surplus and records[old]["dynamodb"]["ApproximateCreationDateTime"] < cutoff:
        old += 1
    if old:
        del records[:old]
        trimmed = dynamodb._stream_trimmed  # noqa: SLF001
        scope = (account_id, region, table_name)
        key = trimmed._scoped(table_name) if None in scope else scope  # noqa: SLF001
        trimmed._data[key] = trimmed._data.get(key, 0) + old  # noqa: SLF001


def refuse_former_iterators(life: str) -> None:
    """Let a shard iterator of a former life be an expired one.

    It is a position. What a full disk did not keep may have moved every position, and a reader
    would wait for ever behind the end. With an expired one it asks again by sequence number.
    """
    encode, decode = dynamodb_streams._encode_iterator, dynamodb_streams._decode_iterator  # noqa: SLF001

    def encoded(table: str, shard: str, *position: Any, **scope: Any) -> str:
        return str(encode(f"{life} {table}", shard, *position, **scope))

    def decoded(token: str) -> Any:
        found = decode(token)
        if found is None:
            return None
        of_life, _, table = str(found["t"]).partition(" ")
        return {**found, "t": table} if of_life == life else {**found, "i": 0}

    dynamodb_streams._encode_iterator = encoded  # noqa: SLF001
    dynamodb_streams._decode_iterator = decoded  # noqa: SLF001


def copied(numbers: SequenceNumbers) -> State:
    """The state at this instant; a millisecond for thousands of rows."""
    state: State = {
        name: copy.deepcopy(getattr(dynamodb, f"_{name}"))
        for name in (
            *("tags", "ttl_settings", "pitr_settings", "kinesis_destinations"),
            *("contributor_insights", "backups", "resource_policies", "exports", "imports"),
        )
    }
    tables = dynamodb._tables.all_items()  # noqa: SLF001
    state["tables"] = _scoped({each: _copied_table(table) for each, table in tables})
    records = dynamodb._stream_records.all_items()  # noqa: SLF001
    state["stream_records"] = _scoped({each: list(kept) for each, kept in records})
    state["stream_trimmed"] = _scoped(dict(dynamodb._stream_trimmed.all_items()))  # noqa: SLF001
    state["tokens"] = _scoped(dict(dynamodb._txn_idempotency.all_items()))  # noqa: SLF001
    return {**state, "last": numbers.last}


def restore(state: State, numbers: SequenceNumbers) -> None:
    """Have ministack go on from a state, of which a former version has not kept `_LATER`."""
    later = {name: state.pop(name, None) or _scoped({}) for name in _LATER}
    numbers.last = max(numbers.last, state.pop("last", 0))
    dynamodb.load_persisted_state(state)
    dynamodb._stream_records.update(later["stream_records"])  # noqa: SLF001
    dynamodb._stream_trimmed.update(later["stream_trimmed"])  # noqa: SLF001
    dynamodb._txn_idempotency.update(later["tokens"])  # noqa: SLF001


def replay(requests: Iterable[Sequence[Change]], numbers: SequenceNumbers) -> None:
    """Make changes again, in order."""
    for changes in requests:
        images: _Images = {}
        for kind, *change in changes:
            if kind == "token":
                account, region, token, entry = change
                dynamodb._txn_idempotency.set_scoped(account, region, token, entry)  # noqa: SLF001
                continue
            arn, *rest = change
            # Without its table: it was deleted later, or made and never answered.
            if (table := _table(arn)) is None:
                continue
            if kind == "put":
                partition, sort, item = rest
                former = dynamodb._set_item(table, partition, sort, item)  # noqa: SLF001
                images = {"OldImage": former, "NewImage": item}
            elif kind == "delete":
                images = {"OldImage": dynamodb._remove_item(table, *rest)}  # noqa: SLF001
            else:
                record, names = rest
                _append_record(arn, _with_images(record, names, images), numbers)


def pieces(state: State, journal: int) -> Iterator[str]:
    """A state as the JSON of ministack's own snapshot, in pieces of a row or a record each."""
    yield f'{{"__ministack_format__":{STATE_FORMAT_VERSION},"payload":{{"journal":{journal}'
    for name, value in state.items():
        if name == "tables":
            yield ',"tables":'
            yield from _scoped_pieces(value, _table_pieces)
        elif name == "stream_records":
            yield ',"stream_records":'
            yield from _scoped_pieces(value, _list_pieces)
        else:
            yield f",{json.dumps(name)}:{_json(value)}"
    yield "}}"


def read(snapshot: Any) -> tuple[State, int]:
    """A snapshot's state, and the number of the first journal that is not in it.

    Raises:
        UnreadableStateError: it is of a later version of ministack, or is none.
    """
    try:
        version, payload = snapshot["__ministack_format__"], snapshot["payload"]
        state = dict(_hooked(payload))
    except (AttributeError, TypeError, KeyError, ValueError) as error:
        message = f"the kept state is not one of this emulator's: {error!r}"
        raise UnreadableStateError(message) from error
    if version > STATE_FORMAT_VERSION:
        message = f"the kept state has format {version}, this emulator reads {STATE_FORMAT_VERSION}"
        raise UnreadableStateError(message)
    return state, state.pop("journal", 0)


def _copied_table(table: Any) -> Any:
    rows = {partition: dict(each) for partition, each in table[_ITEMS].items()}
    without = (_ITEMS, dynamodb._INDEX_MEMBERS)  # noqa: SLF001
    rest = {name: value for name, value in table.items() if name not in without}
    return {**copy.deepcopy(rest), _ITEMS: rows}


def _scoped(values: Any) -> Any:
    return AccountRegionScopedDict.from_dict(values)


def _json(value: object) -> str:
    return json.dumps(value, separators=(",", ":"), default=_json_default)


def _scoped_pieces(values: Any, inner: Any) -> Iterator[str]:
    """As `_json_default` writes it: the key as text, with NUL between its parts."""
    yield '{"__account_region_scoped__":true,"data":{'
    for number, ((account, region, key), value) in enumerate(values.all_items()):
        scoped = "\0".join((account, region, repr(key)))
        yield f"{',' if number else ''}{json.dumps(scoped)}:"
        yield from inner(value)
    yield "}}"


def _table_pieces(table: Any) -> Iterator[str]:
    rest = {name: value for name, value in table.items() if name != _ITEMS}
    yield f'{_json(rest)[:-1]},"{_ITEMS}":{{'
    for number, (partition, rows) in enumerate(table[_ITEMS].items()):
        yield f"{',' if number else ''}{json.dumps(partition)}:{{"
        for position, (sort, item) in enumerate(rows.items()):
            yield f"{',' if position else ''}{json.dumps(sort)}:{_json(item)}"
        yield "}"
    yield "}}"


def _list_pieces(values: Any) -> Iterator[str]:
    yield "["
    for number, value in enumerate(values):
        yield f"{',' if number else ''}{_json(value)}"
    yield "]"


def _hooked(payload: Any) -> Any:
    """Scoped stores and bytes again; `json.loads` with the hook would ask it for each row."""
    return {
        name: _json_object_hook(value) if isinstance(value, dict) else value
        for name, value in payload.items()
    }


def _table_id(arn: str) -> _TableId:
    """Account, region and name in `arn:aws:dynamodb:REGION:ACCOUNT:table/NAME`."""
    _, _, _, region, account, resource = arn.split(":", 5)
    return account, region, resource.partition("/")[2]


def _table(arn: str) -> Any:
    return dynamodb._tables.get_scoped(*_table_id(arn))  # noqa: SLF001


def _without_images(record: Any) -> tuple[Any, list[str]]:
    """A record is noted after the change that it tells of, which has the images."""
    told = record["dynamodb"]
    images = [name for name in _IMAGES if name in told]
    rest = {name: value for name, value in told.items() if name not in _IMAGES}
    return {**record, "dynamodb": rest}, images


def _with_images(record: Any, names: Sequence[str], images: _Images) -> Any:
    told = {**record["dynamodb"], **{name: images[name] for name in names}}
    return {**record, "dynamodb": told}


def _append_record(arn: str, record: Any, numbers: SequenceNumbers) -> None:
    numbers.was_taken(record["dynamodb"]["SequenceNumber"])
    account, region, name = _table_id(arn)
    streams = dynamodb._stream_records._data  # noqa: SLF001
    streams.setdefault((account, region, name), []).append(record)
    trim_stream_records(name, account_id=account, region=region)
