"""What the tables' rows look like: the attributes that time-to-live, indexes and people rely on."""

import time
import zlib
from dataclasses import replace
from typing import Any

import pytest

from chalice_app.aws.clients import Clients
from chalice_app.aws.dynamodb.cache_hits import CacheHits, use_from
from chalice_app.aws.dynamodb.cached_translations import (
    RECENCY_BUCKETS,
    CachedTranslationsTable,
    recency_bucket,
)
from chalice_app.aws.dynamodb.connections import ConnectionsTable
from chalice_app.aws.dynamodb.counters import CounterRows
from chalice_app.aws.dynamodb.in_flight import InFlightRows
from chalice_app.aws.dynamodb.roster_survey import DynamoDbSurvey
from chalice_app.aws.dynamodb.rosters import (
    TOMBSTONE_SECONDS,
    RostersTable,
    ledger_key_from,
    ledger_row_from,
)
from chalice_app.aws.dynamodb.rows import read_rows
from chalice_app.aws.dynamodb.sentences import SENTENCE_TTL_SECONDS, SentencesTable
from chalice_app.aws.dynamodb.sessions import SessionsTable
from chalice_app.aws.dynamodb.table import Table
from chalice_app.cache.entries import CachedTranslation, EntryUse, HitRow, Hits
from chalice_app.domain.errors import MalformedRows
from chalice_app.domain.reports import LanguageReport, Posted
from chalice_app.domain.sentence import SentenceRef
from chalice_app.observability.logs import ContextThreads
from chalice_app.rosters.ledger import LedgerKey, LedgerRow, LedgerTransaction, LedgerWrite, State
from chalice_app.sessions.ports import SessionRoster
from chalice_app.wire.attribute_values import Item, decode, encode
from tests.fakes.domain import MANY, NOW_MS, ledger_key, listener, sentence, session, speaker
from tests.fakes.world import SETTINGS

HERE = session()
KEY = (HERE.session_id, HERE.created_at)

pytestmark = pytest.mark.usefixtures("tables")


def rows(clients: Clients, table: str, index: str | None = None) -> list[dict[str, Any]]:
    """All rows of a table, or of what an index holds."""
    where: Any = {"IndexName": index} if index else {}
    return [decode(item) for item in clients.dynamodb.scan(TableName=table, **where)["Items"]]


@pytest.fixture
def sessions(clients: Clients) -> Table:
    return Table(clients, SETTINGS.sessions_table, "sessionId")


@pytest.fixture
def connections(clients: Clients) -> ConnectionsTable:
    return ConnectionsTable(Table(clients, SETTINGS.connections_table, "connectionId"))


@pytest.fixture
def sentences(clients: Clients) -> Table:
    return Table(clients, SETTINGS.sentences_table, "sessionKey")


@pytest.fixture
def rosters(clients: Clients, sessions: Table, connections: ConnectionsTable) -> RostersTable:
    table = Table(clients, SETTINGS.rosters_table, "sessionKey")
    return RostersTable(table, sessions, connections)


def test_a_sessions_row(clients: Clients, sessions: Table) -> None:
    SessionsTable(sessions).put_session(HERE)
    assert rows(clients, SETTINGS.sessions_table) == [
        {
            "sessionId": "golden-eagle-427",
            "sourceLanguage": "en",
            "tokenHash": HERE.token_hash,
            "createdAt": NOW_MS,
            "lifeEndsAt": NOW_MS // 1000 + 3600,
            "expiresAt": NOW_MS // 1000 + 3 * 3600,
            "isActive": True,
            "directory": "open",
            "listenerCount": 0,
            "lastSequence": 0,
            "retentionHours": 2,
        }
    ]


@pytest.mark.parametrize("keep", [True, False])
def test_a_sentences_row_has_its_text_only_where_sentences_are_kept(
    clients: Clients, sentences: Table, keep: bool
) -> None:
    SentencesTable(sentences, keep_sentences=keep).claim_sequence(HERE, sentence(7, "Hello"))
    (row,) = rows(clients, SETTINGS.sentences_table)
    assert len(str(row["claim"])) == 16
    assert [row] == [
        {
            "claim": row["claim"],
            "sessionKey": f"golden-eagle-427#{NOW_MS}",
            "sequence": 7,
            "spokenAt": NOW_MS,
            "sourceLanguage": "en",
            "expiresAt": HERE.kept_until_ms // 1000
            if keep
            else NOW_MS // 1000 + SENTENCE_TTL_SECONDS,
            **({"text": "Hello"} if keep else {}),
        }
    ]


def test_a_listeners_row(clients: Clients, connections: ConnectionsTable) -> None:
    connections.put_connection(listener(HERE, "c1", "es", last_sequence=3))
    assert rows(clients, SETTINGS.connections_table) == [
        {
            "connectionId": "c1",
            "sessionId": "golden-eagle-427",
            "sessionEpoch": NOW_MS,
            "role": "listener",
            "connectedAt": NOW_MS,
            "ttl": NOW_MS // 1000 + 7800,
            "v": 1,
            "targetLanguage": "es",
            "lastSequence": 3,
        }
    ]


def test_a_wish_for_the_voice_is_in_the_row_only_where_there_is_one(
    clients: Clients, connections: ConnectionsTable
) -> None:
    connections.put_connection(listener(HERE, "c1", "es", wants_voice=True))
    (row,) = rows(clients, SETTINGS.connections_table)
    assert row["voice"] is True
    connections.change_language("c1", "es", MANY, wants_voice=False)
    (row,) = rows(clients, SETTINGS.connections_table)
    assert "voice" not in row


@pytest.mark.parametrize("odd", ["true", 1, False, ["yes"]])
def test_what_is_no_wish_for_a_voice_is_none(
    clients: Clients, rosters: RostersTable, odd: object
) -> None:
    SessionsTable(rosters.sessions).put_session(HERE)
    rosters.connections.put_connection(listener(HERE, "c1", "es"))
    (connection,) = rows(clients, SETTINGS.connections_table)
    item = encode({**connection, "voice": odd})
    clients.dynamodb.put_item(TableName=SETTINGS.connections_table, Item=item)
    assert rosters.get_connections(["c1"]) == {"c1": listener(HERE, "c1", "es")}
    key = ledger_key(HERE, "c1")
    counted = LedgerRow(State.IN, 1, "es")
    rosters.commit(LedgerTransaction((LedgerWrite(key, None, counted),), KEY))
    (row,) = rows(clients, SETTINGS.rosters_table)
    clients.dynamodb.put_item(TableName=SETTINGS.rosters_table, Item=encode({**row, "voice": odd}))
    assert rosters.read_roster(HERE) == SessionRoster({"es": ["c1"]})
    assert rosters.get_ledger([key]) == {key: counted}


def test_a_voice_counted_for_a_session_is_a_number_of_its_row(
    clients: Clients, rosters: RostersTable
) -> None:
    SessionsTable(rosters.sessions).put_session(HERE)
    heard = LedgerRow(State.IN, 1, "es", wants_voice=True)
    write = LedgerWrite(ledger_key(HERE, "c1"), None, heard)
    rosters.commit(LedgerTransaction((write,), KEY))
    (row,) = rows(clients, SETTINGS.rosters_table)
    assert row["voice"] is True
    (session_row,) = rows(clients, SETTINGS.sessions_table)
    counts = [session_row[name] for name in ("listenerCount", "listeners.es", "voices.es")]
    assert counts == [1, 1, 1]


def test_a_speaker_is_in_no_index_of_listeners(
    clients: Clients, connections: ConnectionsTable
) -> None:
    connections.put_connection(speaker(HERE, "c1"))
    (row,) = rows(clients, SETTINGS.connections_table)
    assert "targetLanguage" not in row
    assert rows(clients, SETTINGS.connections_table, "sessionId-targetLanguage-index") == []


def test_a_counted_row_is_in_the_roster_and_lives_until_it_leaves(
    clients: Clients, sessions: Table, rosters: RostersTable
) -> None:
    SessionsTable(sessions).put_session(HERE)
    counted = LedgerRow(State.IN, 1, "es")
    rosters.commit(LedgerTransaction((LedgerWrite(ledger_key(HERE, "c1"), None, counted),), KEY))
    assert rows(clients, SETTINGS.rosters_table) == [
        {
            "sessionKey": f"golden-eagle-427#{NOW_MS}#0",
            "connectionId": "c1",
            "state": "IN",
            "v": 1,
            "targetLanguage": "es",
        }
    ]
    (session_row,) = rows(clients, SETTINGS.sessions_table)
    assert (session_row["listenerCount"], session_row["listeners.es"]) == (1, 1)


def test_a_tombstone_leaves_the_roster_and_expires(clients: Clients, rosters: RostersTable) -> None:
    before = int(time.time())
    write = LedgerWrite(ledger_key(HERE, "c1"), None, LedgerRow(State.OUT, 0))
    rosters.commit(LedgerTransaction((write,)))
    (row,) = rows(clients, SETTINGS.rosters_table)
    expires = row.pop("ttl")
    partition = f"golden-eagle-427#{NOW_MS}#0"
    assert row == {"sessionKey": partition, "connectionId": "c1", "state": "OUT", "v": 0}
    assert before + TOMBSTONE_SECONDS <= expires <= time.time() + TOMBSTONE_SECONDS
    assert rosters.read_roster(HERE).languages == {}


def test_a_roster_is_read_consistently_from_its_table(
    clients: Clients, rosters: RostersTable
) -> None:
    asked: list[Any] = []
    clients.dynamodb.meta.events.register(
        "provide-client-params.dynamodb.Query", lambda params, **_: asked.append(params)
    )
    rosters.read_roster(HERE)
    assert [each["ConsistentRead"] for each in asked] == [True]
    assert "IndexName" not in asked[0]


def test_a_roster_of_several_buckets_is_one_roster(clients: Clients, rosters: RostersTable) -> None:
    SessionsTable(rosters.sessions).put_session(HERE)
    wide = replace(rosters, buckets=4)
    counted = LedgerRow(State.IN, 1, "es")
    writes = tuple(LedgerWrite(ledger_key(HERE, f"c{n}"), None, counted) for n in range(20))
    wide.commit(LedgerTransaction(writes, KEY))
    assert len({row["sessionKey"] for row in rows(clients, SETTINGS.rosters_table)}) == 4
    assert sorted(wide.read_roster(HERE).languages["es"]) == sorted(f"c{n}" for n in range(20))
    keys = [write.key for write in writes]
    assert wide.get_ledger(keys) == dict.fromkeys(keys, counted)
    survey = DynamoDbSurvey(wide.sessions, wide.connections.table, wide.table, wide.buckets)
    assert len(list(survey.scan_session(KEY))) == 20


def test_a_malformed_row_takes_the_roster_from_nobody_else(
    clients: Clients, rosters: RostersTable, caplog: pytest.LogCaptureFixture
) -> None:
    SessionsTable(rosters.sessions).put_session(HERE)
    counted = LedgerRow(State.IN, 1, "es")
    rosters.commit(LedgerTransaction((LedgerWrite(ledger_key(HERE, "c1"), None, counted),), KEY))
    odd = {"sessionKey": f"{HERE.session_id}#{NOW_MS}#0", "connectionId": "c2", "state": "IN"}
    clients.dynamodb.put_item(TableName=SETTINGS.rosters_table, Item=encode(odd))
    assert rosters.read_roster(HERE).languages == {"es": ["c1"]}
    assert "malformed" in caplog.text


def test_an_entrys_row_begins_unread(clients: Clients) -> None:
    cache = CachedTranslationsTable(Table(clients, SETTINGS.cached_translations_table, "cacheKey"))
    entry = CachedTranslation("en:es:0", "en", "es", "Hello", "Hola", NOW_MS, NOW_MS // 1000 + 9)
    cache.put_entries([entry])
    assert rows(clients, SETTINGS.cached_translations_table) == [
        {
            "cacheKey": "en:es:0",
            "sourceLanguage": "en",
            "targetLanguage": "es",
            "sourceText": "Hello",
            "translatedText": "Hola",
            "createdAt": NOW_MS,
            "ttl": NOW_MS // 1000 + 9,
            "accessCount": 0,
            "lastAccessedAt": NOW_MS,
            "recencyBucket": recency_bucket("en:es:0"),
        }
    ]


@pytest.mark.parametrize(
    "row",
    [
        {"cacheKey": "key"},
        {"cacheKey": "key", "accessCount": 3, "lastAccessedAt": 5},
        {"cacheKey": "key", "sourceText": "a", "translatedText": "b", "createdAt": "x", "ttl": 1},
    ],
)
def test_a_row_that_is_no_whole_entry_is_no_entry(clients: Clients, row: dict[str, Any]) -> None:
    table = Table(clients, SETTINGS.cached_translations_table, "cacheKey")
    table.put(row)
    assert CachedTranslationsTable(table).get_entries(["key"]) == {}


def test_every_recency_bucket_is_used_and_none_beyond() -> None:
    buckets = {recency_bucket(f"en:es:{n:016x}") for n in range(2_000)}
    assert buckets == {f"{n:02d}" for n in range(RECENCY_BUCKETS)}


def test_a_row_of_another_shape_is_an_error_that_is_seen(connections: ConnectionsTable) -> None:
    broken = {"connectionId": "c1", "sessionId": "s", "sessionEpoch": "x", "role": "listener"}
    connections.table.put({**broken, "connectedAt": 1, "ttl": 1, "v": 1})
    with pytest.raises(TypeError):
        connections.get_connection("c1")


REF = SentenceRef(HERE.session_id, HERE.created_at, 7, "c0", NOW_MS, NOW_MS)
IN_AN_HOUR = NOW_MS // 1000 + 3600


def test_a_session_s_own_limits_are_in_its_row(clients: Clients, sessions: Table) -> None:
    own = replace(HERE, join_code_hash="c0de", max_listeners=9, character_budget=50)
    SessionsTable(sessions).put_session(own)
    SessionsTable(sessions).set_speaker(own, "c1")
    (row,) = rows(clients, SETTINGS.sessions_table)
    assert row["joinCodeHash"] == "c0de"
    assert (row["maxListeners"], row["characterBudget"]) == (9, 50)
    assert (row["speakerConnectionId"], row["speakerGreeted"]) == ("c1", False)


def test_the_row_of_sentences_under_way(clients: Clients, sessions: Table) -> None:
    marks = InFlightRows(sessions)
    marks.add_sentence(REF)
    marks.add_sentence(replace(REF, sequence=8, spoken_at=NOW_MS + 1))
    marks.add_sentence(replace(REF, sequence=9, spoken_at=NOW_MS + 2))
    marks.complete_sentences(REF, {7: NOW_MS, 9: NOW_MS + 2})
    assert rows(clients, SETTINGS.sessions_table) == [
        {
            "sessionId": f"golden-eagle-427#{NOW_MS}#under-way",
            "at.8": NOW_MS + 1,
            "said.7": NOW_MS,
            "said.9": NOW_MS + 2,
            "expiresAt": IN_AN_HOUR,
        }
    ]


def test_of_very_many_marks_as_many_are_changed_as_one_update_can(sessions: Table) -> None:
    marks = InFlightRows(sessions)
    times = {number: NOW_MS + number for number in range(1, 81)}
    for number, at in times.items():
        marks.add_sentence(replace(REF, sequence=number, spoken_at=at))
    marks.complete_sentences(REF, dict(reversed(times.items())))
    found = marks.add_sentence(replace(REF, sequence=81))
    assert (set(found.sent), len(found.in_flight)) == (set(range(1, 51)), 31)
    marks.remove_sentences(REF, range(1, 100))
    found = marks.add_sentence(replace(REF, sequence=81))
    assert (found.sent, len(found.in_flight)) == ({}, 31)


def test_a_tally_s_row(clients: Clients, sessions: Table, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("secrets.token_hex", lambda size: f"{size} bytes")
    tallies = InFlightRows(sessions)
    posted = Posted(4, ("g1", "g2"), 3, 1)
    tallies.claim_part(REF, "es.0")
    tallies.add_part(REF, "es.0", {"es": LanguageReport(10, posted, True, False, True)}, 2)
    tallies.mark_reported(REF)
    assert rows(clients, SETTINGS.sessions_table) == [
        {
            "sessionId": f"golden-eagle-427#{NOW_MS}#7#{NOW_MS}#tally",
            "claim.es.0": "8 bytes",
            "part.es.0": '{"es":[10,4,2,3,1,1,0,1]}',
            "expected": 2,
            "settled": True,
            "expiresAt": IN_AN_HOUR,
        }
    ]


def test_a_tally_that_an_older_function_has_written_is_read(sessions: Table) -> None:
    tallies = InFlightRows(sessions)
    key = f"golden-eagle-427#{NOW_MS}#7#{NOW_MS}#tally"
    sessions.put({"sessionId": key, "part.here": '{"fr": [1, 1, 0, 0, 0, false, true, false]}'})
    found = tallies.add_part(REF, "es.0", {}, 2)
    assert found == {"fr": LanguageReport(1, Posted(1), False, True, False)}


def test_a_counter_s_row(clients: Clients, sessions: Table) -> None:
    counters = CounterRows(sessions)
    counters.count("limit#x", {"connects": 5, "joins": 3}, 99, by=2)
    counters.refund("limit#x", "joins", 1)
    assert rows(clients, SETTINGS.sessions_table) == [
        {"sessionId": "limit#x", "connects": 2, "joins": 1, "expiresAt": 99}
    ]
    assert counters.get_counts("limit#x") == {"connects": 2, "joins": 1}
    assert counters.get_counts("limit#y") == {}


def test_a_hit_row(clients: Clients) -> None:
    table = Table(clients, SETTINGS.cached_translations_table, "cacheKey")
    CacheHits(table).put_hit_row(HitRow("hit#c#0", {"en:es:0": Hits(3, NOW_MS)}))
    (row,) = rows(clients, SETTINGS.cached_translations_table)
    ttl = NOW_MS // 1000 + 24 * 3600
    assert row == {"cacheKey": "hit#c#0", "hits": {"en:es:0": [3, NOW_MS]}, "ttl": ttl}


def test_an_entry_tells_the_settings_that_shaped_it(clients: Clients) -> None:
    cache = CachedTranslationsTable(Table(clients, SETTINGS.cached_translations_table, "cacheKey"))
    entry = CachedTranslation("en:es:0", "en", "es", "a", "b", NOW_MS, 9, "profanity=MASK")
    cache.put_entries([entry])
    (row,) = rows(clients, SETTINGS.cached_translations_table)
    assert row["settings"] == "profanity=MASK"
    assert cache.get_entries(["en:es:0"]) == {"en:es:0": entry}


@pytest.mark.parametrize(
    ("hits", "found"),
    [
        ({"a": [1, 5], "b": [1_000_000, 6]}, {"a": Hits(1, 5), "b": Hits(1_000_000, 6)}),
        ({"a": [0, 5], "b": [1_000_001, 6], "c": [1], "d": "x", "e": [1, 2, 3]}, {}),
        ("no map", {}),
        (None, {}),
    ],
)
def test_only_hits_that_can_be_are_read(clients: Clients, hits: Any, found: Any) -> None:
    table = Table(clients, SETTINGS.cached_translations_table, "cacheKey")
    table.put({"cacheKey": "hit#c#0", "hits": hits})
    assert CacheHits(table).get_hit_rows(["hit#c#0"]) == {"hit#c#0": HitRow("hit#c#0", found)}


def test_a_row_with_more_hits_than_a_transaction_takes_is_cut(clients: Clients) -> None:
    table = Table(clients, SETTINGS.cached_translations_table, "cacheKey")
    table.put({"cacheKey": "hit#c#0", "hits": {str(number): [1, 1] for number in range(101)}})
    assert len(CacheHits(table).get_hit_rows(["hit#c#0"])["hit#c#0"].hits) == 99


@pytest.mark.parametrize(
    ("changes", "use"),
    [
        ({}, EntryUse("key", 5, 3, 9, 2)),
        ({"accessCount": None}, EntryUse("key", 5, 0, 9, 2)),
        ({"sourceText": None}, EntryUse("key", 5, 3, 9, 0)),
        ({"sourceText": 7}, EntryUse("key", 5, 3, 9, 0)),
        ({"accessCount": "3"}, None),
        ({"lastAccessedAt": "5"}, None),
        ({"ttl": "9"}, None),
        ({"ttl": None}, None),
    ],
)
def test_an_entry_s_use_is_read_where_it_is_whole(
    changes: dict[str, Any], use: EntryUse | None
) -> None:
    row = {"cacheKey": "key", "lastAccessedAt": 5, "accessCount": 3, "ttl": 9, "sourceText": "ab"}
    item = {name: value for name, value in {**row, **changes}.items() if value is not None}
    assert use_from(item) == use


def test_a_ledger_row_is_read_whole() -> None:
    row: Item = {"sessionKey": "a#b#5#3", "connectionId": "c1", "state": "OUT", "v": 2}
    row["ttl"] = 100_000
    assert ledger_row_from(row) == LedgerRow(State.OUT, 2, "", 0, 100_000 - 24 * 3600)
    assert ledger_key_from(row) == LedgerKey("a#b", 5, "c1")
    there: Item = {"state": "IN", "v": 1, "targetLanguage": "es", "fromSequence": 4}
    assert ledger_row_from(there) == LedgerRow(State.IN, 1, "es", 4, None)


def test_a_malformed_row_is_logged_and_named(caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(MalformedRows) as raised:
        read_rows({"good": {"n": 1}, "odd": {}}, lambda item: item["n"])
    assert raised.value.keys == {"odd"}
    assert str(raised.value) == "a row is malformed"
    (record,) = caplog.records
    assert (record.levelname, record.getMessage()) == ("ERROR", "a row of the table is malformed")
    assert record.exc_info is not None


def test_a_sentence_is_for_those_who_are_counted_from_it_on(
    clients: Clients, rosters: RostersTable
) -> None:
    SessionsTable(rosters.sessions).put_session(HERE)
    there = LedgerRow(State.IN, 1, "es")
    writes = (
        LedgerWrite(ledger_key(HERE, "c1"), None, there),
        LedgerWrite(ledger_key(HERE, "c4"), None, replace(there, from_sequence=4)),
    )
    rosters.commit(LedgerTransaction(writes, KEY))
    found = [sorted(rosters.read_roster(HERE, each).languages.get("es", ())) for each in (0, 3, 4)]
    assert found == [["c1"], ["c1"], ["c1", "c4"]]
    assert sorted(rosters.read_roster(HERE).languages["es"]) == ["c1", "c4"]


def test_only_several_partitions_are_read_side_by_side(
    rosters: RostersTable, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[int] = []

    class Noted(ContextThreads):
        def __init__(self, threads: int) -> None:
            made.append(threads)
            super().__init__(threads)

    monkeypatch.setattr("chalice_app.aws.dynamodb.rosters.ContextThreads", Noted)
    rosters.read_roster(HERE)
    assert made == []
    replace(rosters, buckets=4).read_roster(HERE)
    assert made == [4]


def test_only_a_hit_row_s_transaction_is_known_by_its_name(clients: Clients) -> None:
    asked: list[Any] = []
    clients.dynamodb.meta.events.register(
        "provide-client-params.dynamodb.TransactWriteItems",
        lambda params, **_: asked.append(params.get("ClientRequestToken")),
    )
    hits = CacheHits(Table(clients, SETTINGS.cached_translations_table, "cacheKey"))
    hits.put_hit_row(HitRow("hit#c#0", {"en:es:0": Hits(3, NOW_MS)}))
    hits.apply_hits(["hit#c#0"], [])
    assert asked == ["c#0", None]
    assert rows(clients, SETTINGS.cached_translations_table) == []


def test_a_sentence_that_was_sent_is_marked_with_what_is_kept_of_it(
    clients: Clients, sentences: Table
) -> None:
    table = SentencesTable(sentences)
    table.claim_sequence(HERE, sentence(7, "Hello"))
    report = LanguageReport(3, Posted(2, ("g1",)), latency_ms=120, characters=5)
    table.mark_sent(REF, {"es": report, "fr": LanguageReport(1, Posted(1))}, {"es": "¡Hola!"})
    (row,) = rows(clients, SETTINGS.sentences_table)
    assert row["settled"] is True
    delivery = zlib.decompress(row["delivery"]).decode()
    assert delivery == '{"es":[3,2,1,0,0,0,0,0,120,0,5],"fr":[1,1,0,0,0,0,0]}'
    assert isinstance(row["captions"], bytes)
    assert zlib.decompress(row["captions"]).decode() == '{"es":"¡Hola!"}'


def test_a_report_that_an_earlier_version_kept_is_read(sentences: Table) -> None:
    table = SentencesTable(sentences)
    table.claim_sequence(HERE, sentence(7, "Hello"))
    key = {"sessionKey": f"{HERE.session_id}#{HERE.created_at}", "sequence": 7}
    plain = '{"es":[3,2,1,0,0,0,0,0,120,0,5]}'
    sentences.update(key, "SET delivery = :value", "attribute_exists(claim)", value=plain)
    (kept,) = table.read_all(HERE)
    assert kept.reports == {"es": LanguageReport(3, Posted(2, ("",)), latency_ms=120, characters=5)}


@pytest.mark.parametrize(
    "malformed",
    [
        {"captions": b"not zlib's"},
        {"captions": zlib.compress(b"7")},
        {"delivery": "[7]"},
        {"delivery": b"not zlib's"},
        {"delivery": zlib.compress(b"\xff")},
    ],
)
def test_a_malformed_sentence_takes_the_transcript_from_no_other(
    sentences: Table, malformed: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    table = SentencesTable(sentences)
    for sequence in (1, 2, 3):
        table.claim_sequence(HERE, sentence(sequence, "Hello"))
    ((name, value),) = malformed.items()
    key = {"sessionKey": f"{HERE.session_id}#{HERE.created_at}", "sequence": 2}
    sentences.update(key, f"SET {name} = :value", "attribute_exists(claim)", value=value)
    assert [each.sentence.sequence for each in table.read_all(HERE)] == [1, 3]
    assert "malformed" in caplog.text


def test_an_ended_session_is_in_no_directory(clients: Clients, sessions: Table) -> None:
    table = SessionsTable(sessions)
    table.put_session(HERE)
    table.end_session(HERE, NOW_MS)
    (row,) = rows(clients, SETTINGS.sessions_table)
    assert row["isActive"] is False
    assert "directory" not in row
