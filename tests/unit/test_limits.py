"""Limits that others set: the protocol's page, API Gateway, DynamoDB and its streams, Translate."""

import pytest

from chalice_app.admission import jwks, oidc
from chalice_app.aws import translate
from chalice_app.aws.dynamodb import cache_hits, readable_table, rosters, table
from chalice_app.aws.dynamodb import sessions as session_rows
from chalice_app.cache import hits
from chalice_app.domain import sentence
from chalice_app.rosters import ledger, replay
from chalice_app.sessions import joining
from chalice_app.wire import incoming

HOUR = 3600


@pytest.mark.parametrize(
    ("ours", "limit"),
    [
        pytest.param(incoming.MAX_TEXT_CHARACTERS, 4_000, id="a sentence's characters"),
        pytest.param(incoming.MAX_SEQUENCE, 9_007_199_254_740_991, id="a browser's integers"),
        pytest.param(replay.MOST_CAPTIONS, 50, id="captions sent again"),
        pytest.param(joining.LATE_CAPTIONS, 3, id="captions for who comes late"),
        pytest.param(sentence.CAPTION_LIFE_MS, 10_000, id="a caption's life"),
        pytest.param(readable_table.BATCH_GET_KEYS, 100, id="keys of BatchGetItem"),
        pytest.param(table.BATCH_WRITE_ITEMS, 25, id="items of BatchWriteItem"),
        pytest.param(ledger.MAX_WRITES, 99, id="a transaction but for the counts"),
        pytest.param(hits.MAX_ACTIONS, 100, id="a transaction"),
        pytest.param(translate.MAX_TEXT_BYTES, 10_000, id="a text for Translate"),
        pytest.param(oidc.LEEWAY_SECONDS, 5, id="what a provider's clock may differ by"),
        pytest.param(oidc.KEYS_SECONDS, HOUR, id="a withdrawn key's life"),
        pytest.param(oidc.FETCH_PAUSE_SECONDS, 10, id="a pause between two requests for keys"),
        pytest.param(oidc.LEAST_KEY_BITS, 2048, id="a key, by RFC 7518"),
        pytest.param(jwks.MOST_BYTES, 262_144, id="a provider's keys"),
        pytest.param(rosters.TOMBSTONE_SECONDS, 24 * HOUR, id="a stream record's life"),
        pytest.param(cache_hits.ROW_SECONDS, 24 * HOUR, id="a stream record's life, of hits"),
        pytest.param(session_rows.SENTENCE_TTL_SECONDS, 2 * HOUR, id="a connection's life"),
        pytest.param(joining.CONNECTION_TTL_SECONDS, 2 * HOUR + 600, id="a connection's row"),
    ],
)
def test_a_limit_is_what_the_other_side_says(ours: int, limit: int) -> None:
    assert ours == limit
