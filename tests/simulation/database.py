"""A DynamoDB in memory: what the adapters may ask of it, with DynamoDB's guarantees and no others.

Each request happens at one instant. Reads that do not ask for consistency, and indexes, show rows
as they were `lag` changes ago or, where that is set, `lag_ms` milliseconds ago.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from botocore.exceptions import ClientError

from tests.simulation.expressions import Expressions, InvalidRequest, Item, compiled
from tests.simulation.tables import (
    CONNECTIONS,
    ROSTERS,
    SENTENCES,
    SESSIONS,
    AsOf,
    Lag,
    StoredTable,
    Stream,
)
from tests.simulation.write_units import index_entry, refused_units, write_units

Request = Mapping[str, Any]
Answer = Mapping[str, Any]

_MAX_ACTIONS = 100
_MAX_KEYS = 100
_MAX_WRITES = 25
_PAGE = 2
"""Rows a page of a scan, in place of a megabyte: others write between one page and the next."""


def refusal(code: str, found: Item | None = None) -> ClientError:
    """DynamoDB's refusal, as botocore raises it, with the item found where there is one to show."""
    response: Any = {"Error": {"Code": code, "Message": "simulated"}}
    if found is not None:
        response["Item"] = found
    return ClientError(response, "simulated")


class SimulatedDatabase:
    """The four tables. `written` is called after every request that may have changed one.

    `write_requests` counts requests that write, whatever became of them; `write_units` what they
    cost, where `metered` (it takes time, and the bulk of the runs need it not); `cancelled` counts
    transactions of which a condition did not hold.
    """

    def __init__(
        self,
        connections_stream: Stream,
        written: Callable[[], None],
        metered: bool = False,
        *,
        sessions_stream: Stream | None = None,
        sentences_stream: Stream | None = None,
        rosters_stream: Stream | None = None,
        now: Callable[[], int] = lambda: 0,
    ) -> None:
        self.sessions = StoredTable(SESSIONS, sessions_stream, now)
        self.connections = StoredTable(CONNECTIONS, connections_stream, now)
        self.rosters = StoredTable(ROSTERS, rosters_stream, now)
        self.sentences = StoredTable(SENTENCES, sentences_stream, now)
        self.lag = 0
        self.lag_ms = 0
        self._now = now
        self.write_requests = 0
        self.write_units = 0
        self.cancelled = 0
        self._metered = metered
        self._written = written
        self._tokens: dict[str, Any] = {}
        self._tables = {
            table.definition.name: table
            for table in (self.sessions, self.connections, self.rosters, self.sentences)
        }
        self._reads: Mapping[str, Callable[[Request], Answer]] = {
            "get_item": self._get_item,
            "batch_get_item": self._batch_get_item,
            "query": self._query,
            "scan": self._scan,
        }

    def perform(self, method: str, request: Request) -> Answer:
        """Answers one request of the low-level client's method of that name.

        Raises:
            ClientError: a condition did not hold.
            InvalidRequest: DynamoDB would call it invalid, or it is not simulated.
        """
        if method in self._reads:
            return self._reads[method](request)
        self.write_requests += 1
        answer: Answer = {}
        if method == "transact_write_items":
            self._transact(request)
        elif method == "batch_write_item":
            answer = self._batch_write(request)
        elif method in _ACTIONS:
            answer = self._write_one({_ACTIONS[method]: request}, request)
        else:
            raise InvalidRequest(f"{method} is not simulated")
        self._written()
        return answer

    def expire(self, table: StoredTable, key: str) -> None:
        """TTL deletes a row."""
        if key in table.rows:
            table.write(key, None, by_ttl=True)
            self._written()

    def _get_item(self, request: Request) -> Answer:
        table = self._tables[request["TableName"]]
        key = table.key_of(request["Key"])
        item = table.seen(key, self._lag_of(request))
        return {} if item is None else {"Item": item}

    def _batch_get_item(self, request: Request) -> Answer:
        ((name, wanted),) = request["RequestItems"].items()
        table = self._tables[name]
        keys = [table.key_of(key) for key in wanted["Keys"]]
        if not 0 < len(set(keys)) == len(keys) <= _MAX_KEYS:
            raise InvalidRequest(f"BatchGetItem of {len(keys)} keys, some of them twice or none")
        lag = self._lag_of(wanted)
        found = [item for key in keys if (item := table.seen(key, lag)) is not None]
        return {"Responses": {name: found}, "UnprocessedKeys": {}}

    def _lag_of(self, request: Request) -> Lag:
        """How far behind a read is; one of an index cannot ask for consistency."""
        if request.get("ConsistentRead"):
            return 0
        return AsOf(self._now() - self.lag_ms) if self.lag_ms else self.lag

    def _query(self, request: Request) -> Answer:
        """A whole partition of an index in one page, or a page of a partition of the table."""
        table = self._tables[request["TableName"]]
        expressions = compiled(
            request["KeyConditionExpression"],
            projection=request.get("ProjectionExpression", ""),
            filtering=request.get("FilterExpression", ""),
        )
        if "IndexName" not in request:
            there = table.all_seen(self._lag_of(request))
            found = (item for item in there if expressions.finds(item, request))
            return self._page(table, found, expressions, request)
        if request.get("ConsistentRead"):
            raise InvalidRequest("a consistent query of an index")
        index = table.definition.indexes[request["IndexName"]]
        entries = (
            index_entry(index, table.definition.key, row)
            for row in table.all_seen(self._lag_of(request))
        )
        items = [item for item in entries if item and expressions.keeps(item, request)]
        items.sort(key=lambda item: str(item[index.sort_key]))
        return {"Items": [expressions.projected(item, request) for item in items]}

    def _scan(self, request: Request) -> Answer:
        """A page of a table, or of an index, which cannot be read consistently."""
        table = self._tables[request["TableName"]]
        rows = table.all_seen(self._lag_of(request))
        if "IndexName" in request:
            if request["ConsistentRead"]:
                raise InvalidRequest("a consistent scan of an index")
            index = table.definition.indexes[request["IndexName"]]
            rows = filter(None, (index_entry(index, table.definition.key, row) for row in rows))
        expressions = compiled(filtering=request.get("FilterExpression", ""))
        return self._page(table, rows, expressions, request)

    def _page(
        self, table: StoredTable, rows: Iterable[Item], expressions: Expressions, request: Request
    ) -> Answer:
        """The next rows in the order of their keys, those that the filter leaves."""
        start = table.key_of(request["ExclusiveStartKey"]) if "ExclusiveStartKey" in request else ""
        rest = sorted((item for item in rows if table.key_of(item) > start), key=table.key_of)
        items = [item for item in rest[:_PAGE] if expressions.keeps(item, request)]
        page: dict[str, Any] = {"Items": [expressions.projected(item, request) for item in items]}
        if len(rest) > _PAGE:
            last = rest[_PAGE - 1]
            page["LastEvaluatedKey"] = {name: last[name] for name in table.definition.keys}
        return page

    def _batch_write(self, request: Request) -> Answer:
        """Deletes without conditions."""
        ((name, writes),) = request["RequestItems"].items()
        if not 0 < len(writes) <= _MAX_WRITES:
            raise InvalidRequest(f"BatchWriteItem of {len(writes)} writes")
        for write in writes:
            deleted = {"TableName": name, **write["DeleteRequest"]}
            self._write_all([{"Delete": deleted}], transactional=False)
        return {"UnprocessedItems": {}}

    def _write_one(self, action: Mapping[str, Request], request: Request) -> Answer:
        """A write of its own; the item is answered, or refused with, where that is asked for."""
        table = self._tables[request["TableName"]]
        key = table.key_of(request.get("Key") or request["Item"])
        before = table.rows.get(key)
        if not self._write_all([action], transactional=False):
            shown = "ReturnValuesOnConditionCheckFailure" in request
            raise refusal("ConditionalCheckFailedException", before if shown else None)
        match request.get("ReturnValues"):
            case "ALL_NEW":
                return {"Attributes": table.rows[key]}
            case "ALL_OLD" if before is not None:
                return {"Attributes": before}
        return {}

    def _transact(self, request: Request) -> None:
        """All or nothing; a token that was used before has been done and is not done again.

        With other actions it is refused.
        """
        actions, token = request["TransactItems"], request.get("ClientRequestToken")
        if token is not None and token in self._tokens:
            if self._tokens[token] != actions:
                raise refusal("IdempotentParameterMismatchException")
            return
        if not 0 < len(actions) <= _MAX_ACTIONS:
            raise InvalidRequest(f"a transaction of {len(actions)} actions")
        if not self._write_all(actions, transactional=True):
            self.cancelled += 1
            raise refusal("TransactionCanceledException")
        if token is not None:
            self._tokens[token] = actions

    def _write_all(self, actions: Sequence[Mapping[str, Request]], transactional: bool) -> bool:
        """Does all the actions if every condition holds; returns whether."""
        changes = [_change(self._tables, action) for action in actions]
        if transactional and len({(id(table), key) for table, key, *_ in changes}) < len(changes):
            raise InvalidRequest("two actions of a transaction on one item")
        done = all(holds for *_, holds in changes)
        for table, key, after, _ in changes:
            if self._metered:
                self.write_units += _cost(table, key, after, transactional, done)
            if done:
                table.write(key, after)
        return done


def _cost(table: StoredTable, key: str, after: Item | None, transactional: bool, done: bool) -> int:
    before = table.rows.get(key)
    if done:
        return write_units(table.definition, before, after, transactional)
    return refused_units(before, after, transactional)


_ACTIONS = {"put_item": "Put", "update_item": "Update", "delete_item": "Delete"}


def _change(
    tables: Mapping[str, StoredTable], action: Mapping[str, Request]
) -> tuple[StoredTable, str, Item | None, bool]:
    """An action's table, key and item after it, and whether its condition holds."""
    ((kind, request),) = action.items()
    table = tables[request["TableName"]]
    key = table.key_of(request["Item" if kind == "Put" else "Key"])
    before = table.rows.get(key)
    expressions = compiled(
        request.get("ConditionExpression", ""), request.get("UpdateExpression", "")
    )
    holds = expressions.holds(before, request)
    match kind:
        case "Put":
            return table, key, request["Item"], holds
        case "Delete":
            return table, key, None, holds
        case "Update":
            item = before if before is not None else request["Key"]
            return table, key, expressions.updated(item, request), holds
    raise InvalidRequest(f"{kind} is not simulated")
