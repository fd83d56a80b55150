"""A write that is carried out, but whose answer is lost: the SDK sends it once more by itself."""

from collections.abc import Iterator
from typing import Any

import pytest

from chalice_app.aws.clients import Clients
from chalice_app.aws.dynamodb.connections import ConnectionsTable
from chalice_app.aws.dynamodb.sentences import SentencesTable
from chalice_app.aws.dynamodb.table import Table
from chalice_app.domain.sentence import CAPTION_LIFE_MS, Claim
from tests.fakes.domain import MANY, NOW_MS, listener, sentence, session
from tests.fakes.world import SETTINGS

HERE = session()


@pytest.fixture
def resent(clients: Clients, tables: dict[str, Any]) -> Iterator[list[str]]:
    """Every write is sent twice; the operations that were."""
    seen: list[str] = []

    def lose_the_first_answer(attempts: int, operation: Any, **_: Any) -> float | None:
        if attempts > 1:
            return None
        seen.append(operation.name)
        return 0.0

    events: Any = clients.dynamodb.meta.events
    names = [f"needs-retry.dynamodb.{each}" for each in ("PutItem", "UpdateItem", "DeleteItem")]
    for name in names:
        events.register_first(name, lose_the_first_answer)
    yield seen
    for name in names:
        events.unregister(name, lose_the_first_answer)


@pytest.fixture
def sentences(clients: Clients) -> SentencesTable:
    return SentencesTable(Table(clients, SETTINGS.sentences_table, "sessionKey"))


@pytest.fixture
def connections(clients: Clients) -> ConnectionsTable:
    return ConnectionsTable(Table(clients, SETTINGS.connections_table, "connectionId"))


def test_a_sentence_is_not_lost_as_a_repetition_of_itself(
    sentences: SentencesTable, resent: list[str]
) -> None:
    assert sentences.claim_sequence(HERE, sentence(1)) is Claim.ACQUIRED
    assert resent == ["PutItem"]


def test_a_number_that_is_taken_over_is_not_lost_as_a_repetition_of_itself(
    sentences: SentencesTable, resent: list[str]
) -> None:
    sentences.claim_sequence(HERE, sentence(1))
    again = sentence(1, spoken_at=NOW_MS + CAPTION_LIFE_MS)
    assert sentences.claim_sequence(HERE, again) is Claim.ACQUIRED


def test_what_really_is_a_repetition_is_refused_nevertheless(
    sentences: SentencesTable, resent: list[str]
) -> None:
    sentences.claim_sequence(HERE, sentence(1, "Hello"))
    assert sentences.claim_sequence(HERE, sentence(1, "Something else")) is Claim.IN_PROGRESS


def test_a_correction_that_is_sent_twice_is_one_revision(
    sentences: SentencesTable, resent: list[str]
) -> None:
    sentences.claim_sequence(HERE, sentence(1, "Hello"))
    after = NOW_MS + CAPTION_LIFE_MS
    assert sentences.correct_sentence(HERE, 1, "one", after).revision == 1
    assert sentences.correct_sentence(HERE, 1, "two", after).revision == 2
    assert sentences.correct_sentence(HERE, 1, "", after).revision == 3
    (kept,) = sentences.get_sentences(HERE, [1])
    assert (kept.revision, kept.text) == (3, "")


def test_a_language_change_that_is_sent_twice_ends_in_that_language(
    connections: ConnectionsTable, resent: list[str]
) -> None:
    connections.put_connection(listener(HERE, "c1", "es"))
    connections.change_language("c1", "fr", MANY)
    changed = connections.get_connection("c1")
    assert changed is not None
    assert changed.target_language == "fr"
    assert changed.version > 1


def test_a_row_that_is_deleted_twice_is_gone(
    connections: ConnectionsTable, resent: list[str]
) -> None:
    connections.put_connection(listener(HERE, "c1"))
    connections.delete_gone(["c1"], connected_before=HERE.created_at + 1)
    assert connections.get_connection("c1") is None
    assert resent == ["PutItem", "DeleteItem"]
