"""Who translates for a transcript: the contract, held by the rows in DynamoDB and by the fake."""

import time
from collections.abc import Iterator

import pytest
from botocore.stub import Stubber

from chalice_app.aws.clients import Clients
from chalice_app.aws.dynamodb.table import Table
from chalice_app.aws.dynamodb.transcript_work import TranscriptRows
from chalice_app.domain.errors import Unavailable
from chalice_app.transcripts.export_ports import TranscriptWorkStore
from tests.fakes.domain import NOW_MS, session
from tests.fakes.exports import MemoryTranscriptWork
from tests.fakes.world import SETTINGS

HERE = session()
LATER = session(created_at=NOW_MS + 1)
LANE = "speaker.es"


@pytest.fixture(params=["memory", "dynamodb"])
def store(request: pytest.FixtureRequest) -> TranscriptWorkStore:
    if request.param == "memory":
        return MemoryTranscriptWork()
    request.getfixturevalue("tables")
    return TranscriptRows(Table(Clients("us-east-1"), SETTINGS.sessions_table, "sessionId"))


def test_one_holds_a_lease_until_it_ends_by_itself(store: TranscriptWorkStore) -> None:
    first = store.take(HERE, LANE, NOW_MS, NOW_MS + 100, None)
    assert first is not None
    assert store.take(HERE, LANE, NOW_MS + 99, NOW_MS + 200, None) is None
    assert store.take(HERE, "listeners", NOW_MS, NOW_MS + 100, None) is not None
    assert store.take(LATER, LANE, NOW_MS, NOW_MS + 100, None) is not None
    assert store.renew(HERE, LANE, first, NOW_MS + 150)
    assert store.take(HERE, LANE, NOW_MS + 100, NOW_MS + 200, None) is None
    second = store.take(HERE, LANE, NOW_MS + 150, NOW_MS + 300, None)
    assert second not in (None, first)
    assert not store.renew(HERE, LANE, first, NOW_MS + 900)
    store.release(HERE, LANE, first)
    assert store.take(HERE, LANE, NOW_MS + 151, NOW_MS + 300, None) is None


def test_a_lease_is_handed_over_once(store: TranscriptWorkStore) -> None:
    giver = store.take(HERE, LANE, NOW_MS, NOW_MS + 100, None)
    taker = store.take(HERE, LANE, NOW_MS, NOW_MS + 100, giver)
    assert taker not in (None, giver)
    assert store.take(HERE, LANE, NOW_MS, NOW_MS + 100, giver) is None
    assert taker is not None
    store.release(HERE, LANE, taker)
    store.release(HERE, LANE, taker)
    assert store.take(HERE, LANE, NOW_MS, NOW_MS + 100, None) is not None


def test_what_was_tried_is_noted_for_each_name(store: TranscriptWorkStore) -> None:
    assert store.tried(HERE, LANE) is None
    store.note_tried(HERE, LANE, 7, NOW_MS)
    store.note_tried(HERE, LANE, 9, NOW_MS + 1)
    assert store.tried(HERE, LANE) == (9, NOW_MS + 1)
    assert store.tried(HERE, "speaker.fr") is None
    assert store.tried(LATER, LANE) is None


def test_files_are_noted_and_forgotten(store: TranscriptWorkStore) -> None:
    assert list(store.files(HERE)) == []
    for key in ("transcripts/a.es.srt", "transcripts/a.es-en.txt"):
        store.note_file(HERE, key)
    assert sorted(store.files(HERE)) == ["transcripts/a.es-en.txt", "transcripts/a.es.srt"]
    store.forget_files(HERE, ["transcripts/a.es.srt"])
    assert list(store.files(HERE)) == ["transcripts/a.es-en.txt"]
    assert list(store.files(LATER)) == []


@pytest.fixture
def rows(clients: Clients, monkeypatch: pytest.MonkeyPatch) -> TranscriptRows:
    monkeypatch.setattr(time, "sleep", lambda _: None)
    return TranscriptRows(Table(clients, "Sessions", "sessionId"))


@pytest.fixture
def dynamodb(clients: Clients) -> Iterator[Stubber]:
    with Stubber(clients.dynamodb) as stubber:
        yield stubber
        stubber.assert_no_pending_responses()


def test_a_lease_whose_answer_was_lost_is_the_taker_s(
    rows: TranscriptRows, dynamodb: Stubber, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("secrets.token_hex", lambda _: "mine")
    for owner in ("mine", "another's"):
        dynamodb.add_client_error(
            "update_item",
            "ConditionalCheckFailedException",
            modeled_fields={"Item": {f"owner.{LANE}": {"S": owner}}},
        )
    assert rows.take(HERE, LANE, NOW_MS, NOW_MS + 100, None) == "mine"
    assert rows.take(HERE, LANE, NOW_MS, NOW_MS + 100, None) is None


def test_a_throttled_row_is_unavailable(rows: TranscriptRows, dynamodb: Stubber) -> None:
    dynamodb.add_client_error("update_item", "AccessDeniedException")
    with pytest.raises(Unavailable):
        rows.take(HERE, LANE, NOW_MS, NOW_MS + 100, None)
