"""What a decision depends on is read consistently: moto itself never answers with something old."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest

from chalice_app.bootstrap.adapters import Adapters
from chalice_app.rosters.ledger import LedgerKey
from tests.fakes.domain import session

HERE = session()
KEY = LedgerKey(HERE.session_id, HERE.created_at, "c-1")
READS: Mapping[str, Callable[[Adapters], object]] = {
    "a session": lambda it: it.sessions.get_session(HERE.session_id),
    "kept sentences": lambda it: it.sentences.get_sentences(HERE, [1, 2]),
    "a connection": lambda it: it.connections.get_connection("c-1"),
    "a session's roster": lambda it: it.roster.read_roster(HERE),
    "the ledger's rows": lambda it: it.ledger.get_ledger(
        [LedgerKey(HERE.session_id, HERE.created_at, "c-1")]
    ),
    "the ledger's connections": lambda it: it.ledger.get_connections(["c-1"]),
    "the ledger's sessions": lambda it: it.ledger.get_sessions([HERE.session_id]),
    "a session's counts": lambda it: it.survey.read_counts(HERE.session_id),
    "a session's ledger rows": lambda it: list(
        it.survey.scan_session((HERE.session_id, HERE.created_at))
    ),
    "a counter": lambda it: it.counters.get_counts("key"),
    "hits": lambda it: it.hits.get_hit_rows(["hits#1"]),
    "uses of entries": lambda it: it.hits.get_uses(["en:es:x"]),
}


@pytest.fixture
def consistencies(
    adapters: Adapters, tables: Mapping[str, Mapping[str, str]]
) -> Iterator[list[bool]]:
    """Whether each read that is asked of DynamoDB is a consistent one."""
    asked: list[bool] = []

    def note(params: Mapping[str, Any], **_: object) -> None:
        for each in params.get("RequestItems", {"": params}).values():
            asked.append(each.get("ConsistentRead", False))

    clients = adapters.translator.clients  # type: ignore[attr-defined]
    events = clients.dynamodb.meta.events
    events.register("provide-client-params.dynamodb", note)
    yield asked
    events.unregister("provide-client-params.dynamodb", note)


@pytest.mark.parametrize("what", READS)
def test_it_is_read_consistently(what: str, adapters: Adapters, consistencies: list[bool]) -> None:
    READS[what](adapters)
    assert consistencies
    assert all(consistencies)
