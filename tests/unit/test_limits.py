"""Limits that others set, and figures that were weighed or measured: none changes unnoticed.

The others are the protocol's page, API Gateway, DynamoDB and its streams, and Translate.
"""

from collections.abc import Mapping
from types import ModuleType

import pytest

from chalice_app import settings
from chalice_app.admission import (
    draft_pace,
    jwks,
    limits,
    message_limits,
    oidc,
    rate_limits,
    refusals,
    windows,
)
from chalice_app.aws import polly, translate
from chalice_app.aws.dynamodb import (
    cache_hits,
    cache_recency,
    cached_translations,
    connections,
    in_flight,
    readable_table,
    retries,
    rosters,
    table,
)
from chalice_app.aws.dynamodb import sentences as sentence_rows
from chalice_app.aws.posting import (
    connection_requests,
    fan_out,
    http_response,
    http_socket,
    management_api,
    post_loop,
    socket_pool,
    token_bucket,
)
from chalice_app.cache import eviction, hit_buffer, hits, lookup
from chalice_app.cache import update as cache_update
from chalice_app.delivery import broadcast
from chalice_app.domain import join_codes, retrying, sentence
from chalice_app.observability import logs, stopping
from chalice_app.operations import operations
from chalice_app.rosters import catch_up, ledger, liveness, notifier, renewal, repair
from chalice_app.sessions import closing, joining, participants
from chalice_app.sessions import sessions as session_use_cases
from chalice_app.speech import drafts, flow_control, readers
from chalice_app.synthesis import hall_sounds, parts, sounds, speaking
from chalice_app.translation import engine, sentence_translator
from chalice_app.wire import incoming

HOUR = 3600


@pytest.mark.parametrize(
    ("ours", "limit"),
    [
        pytest.param(incoming.MAX_TEXT_CHARACTERS, 4_000, id="a sentence's characters"),
        pytest.param(incoming.MAX_TITLE_CHARACTERS, 120, id="a title's characters"),
        pytest.param(draft_pace.MOST_A_SECOND, 4, id="a speaker's drafts a second"),
        pytest.param(incoming.MAX_SEQUENCE, 9_007_199_254_740_991, id="a browser's integers"),
        pytest.param(sentence.REPLAYED_SENTENCES, 50, id="captions sent again"),
        pytest.param(joining.LATE_CAPTIONS, 3, id="captions for who comes late"),
        pytest.param(sentence.CAPTION_LIFE_MS, 10_000, id="a caption's life"),
        pytest.param(readable_table.BATCH_GET_KEYS, 100, id="keys of BatchGetItem"),
        pytest.param(table.BATCH_WRITE_ITEMS, 25, id="items of BatchWriteItem"),
        pytest.param(ledger.MAX_WRITES, 99, id="a transaction but for the counts"),
        pytest.param(hits.MAX_ACTIONS, 100, id="a transaction"),
        pytest.param(translate.MAX_TEXT_BYTES, 10_000, id="a text for Translate"),
        pytest.param(speaking.URL_SECONDS, HOUR, id="an address of a sound"),
        pytest.param(oidc.LEEWAY_SECONDS, 5, id="what a provider's clock may differ by"),
        pytest.param(oidc.KEYS_SECONDS, HOUR, id="a withdrawn key's life"),
        pytest.param(oidc.FETCH_PAUSE_SECONDS, 10, id="a pause between two requests for keys"),
        pytest.param(oidc.LEAST_KEY_BITS, 2048, id="a key, by RFC 7518"),
        pytest.param(jwks.MOST_BYTES, 262_144, id="a provider's keys"),
        pytest.param(rosters.TOMBSTONE_SECONDS, 24 * HOUR, id="a stream record's life"),
        pytest.param(cache_hits.ROW_SECONDS, 24 * HOUR, id="a stream record's life, of hits"),
        pytest.param(sentence_rows.SENTENCE_TTL_SECONDS, 2 * HOUR, id="a connection's life"),
        pytest.param(joining.CONNECTION_TTL_SECONDS, 2 * HOUR + 600, id="a connection's row"),
    ],
)
def test_a_limit_is_what_the_other_side_says(ours: int, limit: int) -> None:
    assert ours == limit


@pytest.mark.parametrize(
    ("module", "figures"),
    [
        (limits, {"NEWCOMERS_PER_MINUTE": 1_000, "SESSION_NEWCOMERS_PER_MINUTE": 6_000}),
        (limits, {"GUESSES_PER_MINUTE": 10, "RETURNS_PER_MINUTE": 20}),
        (rate_limits, {"LOOKS_SHARE": 10}),
        (draft_pace, {"_SECOND_MS": 1_000, "_REMEMBERED": 4_096}),
        (message_limits, {"BURST_SECONDS": 10, "SENTENCES_SHARE": 4, "ERROR_SECONDS": 1.0}),
        (message_limits, {"MOST_CONNECTIONS": 4_096}),
        (refusals, {"MINUTES": 5, "FLUSH_MS": 1_000, "ROWS_AT_ONCE": 20, "MOST_SESSIONS": 1_024}),
        (refusals, {"_ROW_SECONDS": 600}),
        (participants, {"CHANGES_AT_ONCE": 30, "CHANGE_MS": 5_000}),
        (jwks, {"TIMEOUT_SECONDS": 3.0}),
        (oidc, {"MOST_CHARACTERS": 8_192, "ALGORITHM": "RS256"}),
        (limits, {"CHARACTER_BUDGET": 2_000_000, "VOICE_BUDGET": 1_000_000}),
        (parts, {"PART_BYTES": 300, "FIRST_BYTES": 140}),
        (sounds, {"SOUND_SECONDS": 4.0, "SHARED_SECONDS": 8.0, "FORMAT": "mp3"}),
        (hall_sounds, {"LOOK_AGAIN_SECONDS": 0.15}),
        (speaking, {"LONGEST_SECONDS": 16.0}),
        (polly, {"MOST_BYTES": 2_000_000, "_CHUNK": 16_384, "GRACE_SECONDS": 0.5}),
        (limits, {"DICTATIONS_PER_HOUR": 20, "DICTATION_MINUTES": 300}),
        (rate_limits, {"_REMEMBERED": 4_096, "_IPV6_SUBSCRIBER": 64}),
        (windows, {"_REMEMBERED": 4_096, "_ROW_SECONDS": 60, "HOUR_MS": 3_600_000}),
        (cache_hits, {"_MOST_HITS": 1_000_000}),
        (cache_recency, {"COUNT_PAGE": 5_000, "MAX_PAGES": 1_000}),
        (cached_translations, {"RECENCY_BUCKETS": 16}),
        (connections, {"_DELETES_AT_ONCE": 16}),
        (retries, {"_TRIES": 8, "_BACKOFF_SECONDS": 0.02, "_BACKOFF_LIMIT_SECONDS": 0.5}),
        (rosters, {"ROSTER_BUCKETS": 1}),
        (in_flight, {"ROW_SECONDS": HOUR}),
        (connection_requests, {"SIGNER_SECONDS": 60.0}),
        (fan_out, {"MAX_RETRIES": 2, "REPEATABLE_RETRIES": 5, "BACK_OFF_SECONDS": 0.1}),
        (http_response, {"MAX_HEAD_BYTES": 16_384, "MAX_BODY_BYTES": 65_536}),
        (http_socket, {"_RECEIVE_BYTES": 16_384, "_READS_AT_ONCE": 4}),
        (management_api, {"CONNECT_SECONDS": 3.0, "REQUEST_SECONDS": 5.0}),
        (post_loop, {"_LONGEST_WAIT_SECONDS": 60.0}),
        (socket_pool, {"IDLE_SECONDS": 20.0, "_TICKS_A_SECOND": 1.0}),
        (token_bucket, {"BURST_SECONDS": 0.1, "_ROUNDING": 1e-9}),
        (eviction, {"EVICTIONS_A_RUN": 2_000, "CHECKS_A_LIMIT": 200, "_DELETES_AT_ONCE": 16}),
        (eviction, {"_NEAR": 4, "_LARGEST_PAGE": 250}),
        (hit_buffer, {"FLUSH_MS": 60_000, "MIN_HITS_PER_ENTRY": 20, "MAX_DELAY_MS": 120_000}),
        (hit_buffer, {"MAX_KEYS": 5_000, "RETRY_MS": 480_000}),
        (hits, {"ROW_KEYS": 99, "RECENCY_GRAIN_MS": 90_000}),
        (lookup, {"LOOKUP_SECONDS": 0.5, "WRITE_SECONDS": 2.0}),
        (cache_update, {"NAMED_PAIRS": 20}),
        (broadcast, {"NOTICE_SECONDS": 5.0, "CLOSING_SECONDS": 10.0}),
        (broadcast, {"HANDSHAKE_GRACE_MS": 35_000}),
        (join_codes, {"SHORTEST": 4, "LONGEST": 64}),
        (retrying, {"TRIES": 8, "_BACKOFF_SECONDS": 0.01, "_BACKOFF_LIMIT_SECONDS": 0.5}),
        (logs, {"_CAUSES": 4, "_PLACES": 12}),
        (stopping, {"GRACE_SECONDS": 0.4}),
        (operations, {"SESSIONS": 50, "MINUTES": 15}),
        (catch_up, {"TRIES": 12, "SECONDS": 1.0, "OVERTAKEN_MS": 10_000}),
        (catch_up, {"HANDSHAKE_WAITS": (0.02, 0.05, 0.1, 0.2, 0.4)}),
        (liveness, {"CHECK_SECONDS": 60.0, "CHECK_SHARE": 0.25}),
        (notifier, {"HANDSHAKE_WAITS": (0.02, 0.05, 0.1, 0.2, 0.4, 0.8), "_SPEAKERS_AT_ONCE": 16}),
        (renewal, {"ASKING_SECONDS": 60.0, "ASKING_SHARE": 0.25}),
        (repair, {"SECOND_LOOK_SECONDS": 5.0, "TOMBSTONE_NEEDED_SECONDS": 600, "CORRECTIONS": 5}),
        (closing, {"HANDSHAKE_WAITS": (0.05, 0.1, 0.2), "DISPLACING_SECONDS": 1.5}),
        (session_use_cases, {"_NAME_TRIES": 8}),
        (flow_control, {"MOST_IN_FLIGHT": 10, "SHORTEST_RETRY_MS": 250, "_WORTH_REMOVING": 10}),
        (flow_control, {"CLAIM_RETRY_MS": 2_000}),
        (drafts, {"LIFE_MS": 2_000, "POST_SECONDS": 0.5, "SHARE": 0.1, "BURST_SECONDS": 1.0}),
        (drafts, {"MOST_READERS_SHARE": 0.25, "_REMEMBERED": 1_024}),
        (readers, {"KEPT_SECONDS": 2.0, "LARGE": 1_000, "_REMEMBERED": 64}),
        (engine, {"LANGUAGES_KEPT_SECONDS": 600.0, "RECENT_SECONDS": 10.0, "RECENT_MOST": 256}),
        (sentence_translator, {"TRANSLATION_SECONDS": 2.0}),
        (settings, {"POSTS_PER_SECOND": 8_000, "SLICE_LISTENERS": 5_000}),
        (settings, {"RENEW_AFTER_SECONDS": 6_300, "RENEW_WITHIN_SECONDS": 300}),
    ],
)
def test_a_figure_is_what_its_docstring_weighs(
    module: ModuleType, figures: Mapping[str, object]
) -> None:
    assert {name: vars(module)[name] for name in figures} == figures
