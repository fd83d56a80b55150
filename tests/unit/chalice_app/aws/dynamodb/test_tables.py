"""The contract of the stores in `ports`, held by the tables in DynamoDB and by the fakes alike.

DynamoDB is moto's, with the tables of `infra/tables.yaml`.
"""

import time
from dataclasses import dataclass, replace

import pytest

from chalice_app.admission.ports import CounterStore
from chalice_app.aws.clients import Clients
from chalice_app.aws.dynamodb.cached_translations import CachedTranslationsTable
from chalice_app.aws.dynamodb.connections import ConnectionsTable
from chalice_app.aws.dynamodb.counters import CounterRows
from chalice_app.aws.dynamodb.glossaries import GlossaryRows
from chalice_app.aws.dynamodb.in_flight import InFlightRows
from chalice_app.aws.dynamodb.roster_survey import DynamoDbSurvey
from chalice_app.aws.dynamodb.rosters import RostersTable
from chalice_app.aws.dynamodb.sentences import SentencesTable
from chalice_app.aws.dynamodb.sessions import SessionsTable
from chalice_app.aws.dynamodb.table import Table
from chalice_app.cache.entries import CachedTranslation
from chalice_app.cache.ports import TranslationCacheStore
from chalice_app.domain.dictation import NOT_DICTATED, Dictated
from chalice_app.domain.errors import ConditionFailed, Conflict, RateLimited, SequenceNotKept
from chalice_app.domain.kept import KeptSentence
from chalice_app.domain.reports import LanguageReport, Posted
from chalice_app.domain.sentence import CAPTION_LIFE_MS, Claim, RecentSentences, SentenceRef
from chalice_app.domain.session import Connection, Session
from chalice_app.domain.style import Style
from chalice_app.glossary.ports import GlossaryStore
from chalice_app.operations.ports import SessionDirectory
from chalice_app.rosters.ledger import (
    Deltas,
    LedgerRow,
    LedgerTransaction,
    LedgerWrite,
    SessionCounts,
    State,
    key_of,
)
from chalice_app.rosters.ports import Ledger, RosterSurvey
from chalice_app.sessions.ports import ConnectionStore, Roster, SessionStore
from chalice_app.speech.ports import SentencesInFlight, TallyStore
from chalice_app.transcription.ports import DictationStore
from chalice_app.transcripts.ports import SentenceStore
from tests.fakes.cache import MemoryCache
from tests.fakes.domain import MANY, NOW_MS, ledger_keys, listener, sentence, session, speaker
from tests.fakes.world import SETTINGS, MemoryTables

HERE = session()
KEY = (HERE.session_id, HERE.created_at)


@dataclass
class Stores:
    """One implementation of every store."""

    sessions: SessionStore
    sentences: SentenceStore
    forgetful: SentenceStore
    counters: CounterStore
    in_flight: SentencesInFlight
    tallies: TallyStore
    connections: ConnectionStore
    roster: Roster
    ledger: Ledger
    survey: RosterSurvey
    cache: TranslationCacheStore
    directory: SessionDirectory
    glossaries: GlossaryStore
    dictation: DictationStore


def in_memory() -> Stores:
    tables = MemoryTables()
    tables.lag_ms = 0  # moto does not lag
    forgetful = MemoryTables(keep_sentences=False)
    return Stores(
        sessions=tables,
        sentences=tables,
        forgetful=forgetful,
        counters=tables,
        in_flight=tables,
        tallies=tables,
        connections=tables,
        roster=tables,
        ledger=tables,
        survey=tables,
        cache=MemoryCache(),
        directory=tables,
        glossaries=tables,
        dictation=tables,
    )


def in_dynamodb(clients: Clients) -> Stores:
    sessions = Table(clients, SETTINGS.sessions_table, "sessionId")
    connected = Table(clients, SETTINGS.connections_table, "connectionId")
    counted = Table(clients, SETTINGS.rosters_table, "sessionKey")
    kept = Table(clients, SETTINGS.sentences_table, "sessionKey")
    connections = ConnectionsTable(connected)
    rosters = RostersTable(counted, sessions, connections)
    cache = CachedTranslationsTable(Table(clients, SETTINGS.cached_translations_table, "cacheKey"))
    return Stores(
        SessionsTable(sessions),
        SentencesTable(kept),
        SentencesTable(kept, keep_sentences=False),
        CounterRows(sessions),
        InFlightRows(sessions),
        InFlightRows(sessions),
        connections,
        rosters,
        rosters,
        DynamoDbSurvey(sessions, connected, counted),
        cache,
        SessionsTable(sessions),
        GlossaryRows(sessions),
        SessionsTable(sessions),
    )


@pytest.fixture(params=["memory", "dynamodb"])
def stores(request: pytest.FixtureRequest) -> Stores:
    if request.param == "memory":
        return in_memory()
    request.getfixturevalue("tables")
    return in_dynamodb(request.getfixturevalue("clients"))


def now(stores: Stores, of: Session = HERE) -> Session:
    found = stores.sessions.get_session(of.session_id)
    assert found is not None
    return found


# --- Sessions ------------------------------------------------------------------------------------


def test_a_session_is_found_as_it_was_put(stores: Stores) -> None:
    stores.sessions.put_session(HERE)
    assert stores.sessions.get_session(HERE.session_id) == HERE


def test_what_a_session_has_of_its_own_is_kept(stores: Stores) -> None:
    own = replace(HERE, join_code_hash="1" * 64, max_listeners=7, character_budget=900)
    stores.sessions.put_session(own)
    assert stores.sessions.get_session(HERE.session_id) == own


def test_a_session_s_title_and_its_wish_for_drafts_are_kept(stores: Stores) -> None:
    own = replace(HERE, title="Sunday service", has_drafts=False)
    stores.sessions.put_session(own)
    assert stores.sessions.get_session(HERE.session_id) == own


@pytest.mark.parametrize("style", [Style(masks_profanity=True), Style(formality="informal")])
def test_a_session_s_style_is_kept(stores: Stores, style: Style) -> None:
    own = replace(HERE, style=style)
    stores.sessions.put_session(own)
    assert stores.sessions.get_session(HERE.session_id) == own


# --- Glossaries ----------------------------------------------------------------------------------


def test_a_glossary_is_named_by_its_session_and_found(stores: Stores) -> None:
    stores.sessions.put_session(HERE)
    stores.glossaries.put_glossary(HERE, "v1", "{}")
    assert now(stores) == replace(HERE, glossary_version="v1")
    assert stores.glossaries.get_glossary(HERE, "v1") == "{}"
    assert stores.glossaries.get_glossary(HERE, "v2") is None


def test_a_former_version_is_there_for_sentences_on_their_way(stores: Stores) -> None:
    stores.sessions.put_session(HERE)
    stores.glossaries.put_glossary(HERE, "v1", "first")
    stores.glossaries.put_glossary(HERE, "v2", "second")
    assert now(stores).glossary_version == "v2"
    assert stores.glossaries.get_glossary(HERE, "v1") == "first"


def test_a_session_can_be_without_a_glossary_again(stores: Stores) -> None:
    stores.sessions.put_session(HERE)
    stores.glossaries.put_glossary(HERE, "v1", "{}")
    stores.glossaries.put_glossary(HERE, None, "{}")
    assert now(stores) == HERE


def test_a_session_that_is_not_open_gets_no_glossary(stores: Stores) -> None:
    later = replace(HERE, created_at=HERE.created_at + 1)
    stores.sessions.put_session(HERE)
    with pytest.raises(ConditionFailed):
        stores.glossaries.put_glossary(later, "v1", "{}")
    stores.sessions.end_session(HERE, NOW_MS)
    with pytest.raises(ConditionFailed):
        stores.glossaries.put_glossary(HERE, "v1", "{}")
    assert now(stores).glossary_version is None


def test_a_glossary_is_of_one_session_of_a_name(stores: Stores) -> None:
    stores.sessions.put_session(HERE)
    stores.glossaries.put_glossary(HERE, "v1", "{}")
    later = replace(HERE, created_at=HERE.created_at + 1)
    assert stores.glossaries.get_glossary(later, "v1") is None


# --- Dictation -----------------------------------------------------------------------------------

BEGUN, OVER = Dictated(0, NOW_MS, "first"), Dictated(90_000, None, "second")


def dictated(stores: Stores) -> tuple[Dictated, str | None]:
    found = now(stores).dictated
    return found, found.change


def test_what_a_session_dictates_is_written_from_state_to_state(stores: Stores) -> None:
    stores.sessions.put_session(HERE)
    stores.dictation.put_dictated(HERE, now(stores).dictated, BEGUN, only_open=True)
    assert dictated(stores) == (BEGUN, "first")
    stores.dictation.put_dictated(HERE, BEGUN, OVER, only_open=True)
    assert dictated(stores) == (OVER, "second")


def test_a_change_from_another_state_is_not_made(stores: Stores) -> None:
    stores.sessions.put_session(HERE)
    stores.dictation.put_dictated(HERE, NOT_DICTATED, BEGUN, only_open=True)
    for before in (NOT_DICTATED, OVER):
        with pytest.raises(ConditionFailed):
            stores.dictation.put_dictated(HERE, before, Dictated(1, 2, "other"), only_open=True)
    assert dictated(stores) == (BEGUN, "first")


def test_a_change_that_is_sent_again_is_made_once(stores: Stores) -> None:
    stores.sessions.put_session(HERE)
    for _ in range(2):
        stores.dictation.put_dictated(HERE, NOT_DICTATED, BEGUN, only_open=True)
    for _ in range(2):
        stores.dictation.put_dictated(HERE, BEGUN, OVER, only_open=True)
    assert dictated(stores) == (OVER, "second")


def test_an_ended_session_begins_no_dictation_and_ends_one(stores: Stores) -> None:
    stores.sessions.put_session(HERE)
    stores.dictation.put_dictated(HERE, NOT_DICTATED, BEGUN, only_open=True)
    stores.sessions.end_session(HERE, NOW_MS)
    with pytest.raises(ConditionFailed):
        stores.dictation.put_dictated(HERE, BEGUN, Dictated(1, 2, "other"), only_open=True)
    stores.dictation.put_dictated(HERE, BEGUN, OVER, only_open=False)
    assert dictated(stores) == (OVER, "second")


@pytest.mark.parametrize("of", [HERE, replace(HERE, created_at=HERE.created_at + 1)])
def test_a_session_that_is_not_there_dictates_nothing(stores: Stores, of: Session) -> None:
    if of != HERE:
        stores.sessions.put_session(HERE)
    for only_open in (True, False):
        with pytest.raises(ConditionFailed):
            stores.dictation.put_dictated(of, NOT_DICTATED, BEGUN, only_open=only_open)
    found = stores.sessions.get_session(HERE.session_id)
    assert found is None or found == HERE


def test_the_end_of_a_session_tells_what_it_has_dictated(stores: Stores) -> None:
    stores.sessions.put_session(HERE)
    stores.dictation.put_dictated(HERE, NOT_DICTATED, BEGUN, only_open=True)
    assert stores.sessions.end_session(HERE, NOW_MS).dictated == BEGUN


def test_a_session_that_was_never_put_is_none(stores: Stores) -> None:
    assert stores.sessions.get_session("golden-eagle-427") is None


def test_a_new_session_begins_with_nobody_in_it(stores: Stores) -> None:
    stores.sessions.put_session(
        replace(HERE, listener_count=9, last_sequence=9, speaker_connection_id="c1")
    )
    assert now(stores) == HERE


def test_open_sessions_are_listed_newest_first_until_they_are_ended(stores: Stores) -> None:
    made = [session(f"golden-eagle-10{n}", created_at=NOW_MS + n) for n in range(5)]
    for each in made:
        stores.sessions.put_session(each)
    stores.sessions.raise_last_sequence(made[4], 7)
    stores.sentences.claim_sequence(made[3], sentence(1))
    stores.sessions.end_session(made[3], NOW_MS)
    listed = stores.directory.list_open(3)
    assert listed == [now(stores, made[4]), made[2], made[1]]
    assert listed[0].last_sequence == 7
    assert len(stores.directory.list_open(10)) == 4


def test_where_no_session_is_open_none_is_listed(stores: Stores) -> None:
    assert stores.directory.list_open(3) == []


def test_a_name_is_taken_while_its_session_lives(stores: Stores) -> None:
    stores.sessions.put_session(HERE)
    later = session(created_at=HERE.expires_at_seconds * 1000 - 1)
    with pytest.raises(ConditionFailed):
        stores.sessions.put_session(later)
    assert now(stores) == HERE


def test_a_name_is_taken_though_its_session_has_ended(stores: Stores) -> None:
    stores.sessions.put_session(HERE)
    stores.sessions.end_session(HERE, NOW_MS)
    with pytest.raises(ConditionFailed):
        stores.sessions.put_session(session(created_at=NOW_MS + 1))


def test_a_name_is_free_when_nothing_of_its_session_is_kept(stores: Stores) -> None:
    stores.sessions.put_session(HERE)
    join(stores, listener(HERE, "c1"))
    with pytest.raises(ConditionFailed):
        stores.sessions.put_session(session(created_at=HERE.kept_until_ms - 1))
    again = session(created_at=HERE.kept_until_ms)
    stores.sessions.put_session(again)
    assert now(stores) == again


def test_the_last_speaker_stands(stores: Stores) -> None:
    stores.sessions.put_session(HERE)
    assert stores.sessions.set_speaker(HERE, "c1") is None
    assert stores.sessions.set_speaker(HERE, "c2") == "c1"
    assert now(stores).speaker_connection_id == "c2"


def test_only_the_speaker_that_stands_is_noted_as_greeted(stores: Stores) -> None:
    stores.sessions.put_session(HERE)
    stores.sessions.set_speaker(HERE, "c1")
    assert not now(stores).is_speaker_greeted
    stores.sessions.note_greeting(HERE.session_id, "c1")
    assert now(stores).is_speaker_greeted
    stores.sessions.set_speaker(HERE, "c2")
    stores.sessions.note_greeting(HERE.session_id, "c1")
    assert not now(stores).is_speaker_greeted
    stores.sessions.note_greeting("nobody-here-100", "c1")
    assert stores.sessions.get_session("nobody-here-100") is None


def test_an_ended_session_takes_no_speaker(stores: Stores) -> None:
    stores.sessions.put_session(HERE)
    stores.sessions.end_session(HERE, NOW_MS)
    with pytest.raises(ConditionFailed):
        stores.sessions.set_speaker(HERE, "c1")


def test_a_session_that_is_not_there_takes_no_speaker(stores: Stores) -> None:
    with pytest.raises(ConditionFailed):
        stores.sessions.set_speaker(HERE, "c1")
    assert stores.sessions.get_session(HERE.session_id) is None


def test_only_the_speaker_that_stands_is_forgotten(stores: Stores) -> None:
    stores.sessions.put_session(HERE)
    stores.sessions.set_speaker(HERE, "c2")
    stores.sessions.clear_speaker(HERE.session_id, "c1")
    assert now(stores).speaker_connection_id == "c2"
    stores.sessions.clear_speaker(HERE.session_id, "c2")
    assert now(stores).speaker_connection_id is None
    stores.sessions.clear_speaker(HERE.session_id, "c2")


def test_forgetting_the_speaker_of_no_session_makes_none(stores: Stores) -> None:
    stores.sessions.clear_speaker(HERE.session_id, "c1")
    assert stores.sessions.get_session(HERE.session_id) is None


def test_a_session_ends_once_and_for_all(stores: Stores) -> None:
    stores.sessions.put_session(HERE)
    stores.sessions.end_session(HERE, NOW_MS + 5)
    stores.sessions.end_session(HERE, NOW_MS + 7)
    assert now(stores) == replace(HERE, is_active=False, ended_at=NOW_MS + 5)


def test_a_session_s_end_is_never_after_its_life(stores: Stores) -> None:
    stores.sessions.put_session(HERE)
    ended = stores.sessions.end_session(HERE, HERE.kept_until_ms)
    assert ended.ended_at == HERE.expires_at_seconds * 1000


def test_a_purge_ends_a_session_too_and_is_made_once(stores: Stores) -> None:
    stores.sessions.put_session(HERE)
    purged = stores.sessions.purge_session(HERE, NOW_MS + 5)
    assert purged == replace(HERE, is_active=False, ended_at=NOW_MS + 5, purged_at=NOW_MS + 5)
    assert stores.sessions.purge_session(HERE, NOW_MS + 9) == now(stores) == purged
    former = session(created_at=NOW_MS - 1)
    assert stores.sessions.purge_session(former, NOW_MS) == former


@pytest.mark.parametrize("hours", [0, 720])
def test_how_long_a_session_is_kept_and_for_whom(stores: Stores, hours: int) -> None:
    own = replace(HERE, retention_hours=hours, has_open_transcript=True)
    stores.sessions.put_session(own)
    assert now(stores) == own


def test_ending_a_former_session_does_not_end_the_one_of_its_name(stores: Stores) -> None:
    former = session(created_at=NOW_MS - 1)
    stores.sessions.put_session(HERE)
    stores.sessions.end_session(former, NOW_MS)
    with pytest.raises(ConditionFailed):
        stores.sessions.raise_last_sequence(former, 7)
    with pytest.raises(ConditionFailed):
        stores.sessions.set_speaker(former, "c1")
    assert now(stores) == HERE


def test_ending_no_session_makes_none(stores: Stores) -> None:
    stores.sessions.end_session(HERE, NOW_MS)
    with pytest.raises(ConditionFailed):
        stores.sessions.raise_last_sequence(HERE, 7)
    assert stores.sessions.get_session(HERE.session_id) is None


# --- Sentences -----------------------------------------------------------------------------------


def test_a_sequence_is_claimed_once(stores: Stores) -> None:
    assert stores.sentences.claim_sequence(HERE, sentence(1, "Hello")) is Claim.ACQUIRED
    assert stores.sentences.claim_sequence(HERE, sentence(1, "Something else")) is Claim.IN_PROGRESS
    assert stores.sentences.claim_sequence(HERE, sentence(2)) is Claim.ACQUIRED
    assert stores.sentences.get_sentences(HERE, [1]) == [sentence(1, "Hello")]


def test_sequences_may_be_claimed_in_any_order(stores: Stores) -> None:
    assert [stores.sentences.claim_sequence(HERE, sentence(n)) for n in (5, 3, 4)] == [
        Claim.ACQUIRED
    ] * 3


def test_each_session_counts_its_own_sequences(stores: Stores) -> None:
    assert stores.sentences.claim_sequence(HERE, sentence(1)) is Claim.ACQUIRED
    assert stores.sentences.claim_sequence(session("silver-fox-100"), sentence(1)) is Claim.ACQUIRED
    assert (
        stores.sentences.claim_sequence(session(created_at=NOW_MS + 1), sentence(1))
        is Claim.ACQUIRED
    )


def test_a_sequence_is_claimed_once_though_sentences_are_not_kept(stores: Stores) -> None:
    assert stores.forgetful.claim_sequence(HERE, sentence(1)) is Claim.ACQUIRED
    assert stores.forgetful.claim_sequence(HERE, sentence(1)) is Claim.IN_PROGRESS
    assert stores.forgetful.get_sentences(HERE, [1]) == []


def test_the_highest_sequence_is_noted_in_whatever_order_they_come(stores: Stores) -> None:
    stores.sessions.put_session(HERE)
    for sequence in (2, 5, 3, 5, 2**53 - 1, 1):
        stores.sessions.raise_last_sequence(HERE, sequence)
    assert now(stores).last_sequence == 2**53 - 1


def test_sentences_come_in_order_and_without_those_that_are_not_there(stores: Stores) -> None:
    spoken = [sentence(n, f"Sentence {n} 😀", NOW_MS + n, "es") for n in (1, 2, 4, 130)]
    for each in reversed(spoken):
        stores.sentences.claim_sequence(HERE, each)
    assert stores.sentences.get_sentences(HERE, range(130, 0, -1)) == spoken
    assert stores.sentences.get_sentences(HERE, []) == []
    assert stores.sentences.get_sentences(session(created_at=NOW_MS + 1), [1, 2]) == []


def spoken(stores: Stores, sequence: int = 1, text: str = "Hello") -> None:
    """A sentence that was sent."""
    stores.sentences.claim_sequence(HERE, sentence(sequence, text))
    stores.sentences.mark_sent(reference(sequence), {}, {})


def reference(sequence: int) -> SentenceRef:
    return SentenceRef(HERE.session_id, HERE.created_at, sequence, "speaker", NOW_MS, NOW_MS)


def test_a_correction_is_the_next_revision_of_a_sentence(stores: Stores) -> None:
    spoken(stores)
    for revision, text in enumerate(("one", "two", "three"), 1):
        corrected = stores.sentences.correct_sentence(HERE, 1, text, NOW_MS)
        assert corrected == replace(sentence(1, text), revision=revision)
        assert stores.sentences.get_sentences(HERE, [1]) == [corrected]


def test_a_retracted_sentence_has_no_text_and_stays_retracted(stores: Stores) -> None:
    spoken(stores)
    assert stores.sentences.correct_sentence(HERE, 1, "", NOW_MS).revision == 1
    retracted = stores.sentences.correct_sentence(HERE, 1, "", NOW_MS)
    assert retracted == replace(sentence(1, ""), revision=2)
    assert retracted.is_retracted
    with pytest.raises(SequenceNotKept):
        stores.sentences.correct_sentence(HERE, 1, "Hello again", NOW_MS)
    assert stores.sentences.get_sentences(HERE, [1]) == [retracted]


@pytest.mark.parametrize("text", ["Hello again", ""])
def test_what_is_not_kept_is_not_corrected(stores: Stores, text: str) -> None:
    spoken(stores)
    elsewhere = session("silver-fox-100")
    with pytest.raises(SequenceNotKept):
        stores.sentences.correct_sentence(elsewhere, 1, text, NOW_MS)
    with pytest.raises(SequenceNotKept):
        stores.sentences.correct_sentence(HERE, 2, text, NOW_MS)
    stores.forgetful.claim_sequence(HERE, sentence(3))
    with pytest.raises(SequenceNotKept):
        stores.forgetful.correct_sentence(HERE, 3, text, NOW_MS)


def test_a_sentence_on_its_way_is_not_corrected_before_its_life_is_over(stores: Stores) -> None:
    stores.sentences.claim_sequence(HERE, sentence(1))
    over = NOW_MS + CAPTION_LIFE_MS
    with pytest.raises(ConditionFailed):
        stores.sentences.correct_sentence(HERE, 1, "Hello again", over - 1)
    assert stores.sentences.correct_sentence(HERE, 1, "Hello again", over).revision == 1
    late = sentence(1, spoken_at=over)
    assert stores.sentences.claim_sequence(HERE, late) is Claim.DONE


def test_a_session_s_overlays_are_hidden_until_they_are_shown(stores: Stores) -> None:
    stores.sessions.put_session(HERE)
    assert not now(stores).overlays_hidden
    for hidden in (True, True, False, False):
        switched = stores.sessions.set_overlays_hidden(HERE, hidden, NOW_MS, 0)
        assert switched == now(stores)
        assert switched.overlays_hidden is hidden
    with pytest.raises(ConditionFailed):
        stores.sessions.set_overlays_hidden(session(created_at=NOW_MS + 1), True, NOW_MS, 0)
    stores.sessions.end_session(HERE, NOW_MS)
    with pytest.raises(ConditionFailed):
        stores.sessions.set_overlays_hidden(HERE, True, NOW_MS, 0)


def test_overlays_that_were_just_switched_stay_as_they_are(stores: Stores) -> None:
    stores.sessions.put_session(HERE)
    stores.sessions.set_overlays_hidden(HERE, True, NOW_MS, 100)
    for at in (NOW_MS - 99, NOW_MS, NOW_MS + 99):
        with pytest.raises(RateLimited) as refused:
            stores.sessions.set_overlays_hidden(HERE, False, at, 100)
        assert refused.value.details == {"retryAfterMs": 100}
        assert now(stores).overlays_hidden
    # A clock that was put back holds nobody.
    for at in (NOW_MS + 100, NOW_MS - 3_600_000):
        stores.sessions.set_overlays_hidden(HERE, False, at, 100)
        assert not now(stores).overlays_hidden
    stores.sessions.end_session(HERE, NOW_MS)
    with pytest.raises(ConditionFailed):
        stores.sessions.set_overlays_hidden(HERE, True, NOW_MS - 3_600_000, 100)


def test_a_session_notes_its_corrections(stores: Stores) -> None:
    stores.sessions.put_session(HERE)
    assert stores.sessions.note_correction(HERE).corrections == 1
    assert stores.sessions.note_correction(HERE) == now(stores)
    assert now(stores).corrections == 2
    with pytest.raises(ConditionFailed):
        stores.sessions.note_correction(session(created_at=NOW_MS + 1))


# --- Connections ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "connection",
    [
        listener(HERE, "c1", "pt-BR"),
        listener(HERE, "c1", last_sequence=0),
        listener(HERE, "c1", wants_voice=True),
        speaker(HERE, "c1"),
    ],
    ids=["listener", "returning listener", "listener who wants the voice", "speaker"],
)
def test_a_connection_is_found_as_it_was_put(stores: Stores, connection: Connection) -> None:
    stores.connections.put_connection(connection)
    assert stores.connections.get_connection("c1") == connection
    assert stores.ledger.get_connections(["c1", "c2"]) == {"c1": connection}


def test_a_copy_of_the_put_that_comes_late_undoes_nothing(stores: Stores) -> None:
    stores.connections.put_connection(listener(HERE, "c1", "es"))
    stores.connections.change_language("c1", "fr", MANY, wants_voice=True)
    changed = stores.connections.get_connection("c1")
    stores.connections.put_connection(listener(HERE, "c1", "es"))
    assert stores.connections.get_connection("c1") == changed


def test_a_connection_that_was_never_put_is_none(stores: Stores) -> None:
    assert stores.connections.get_connection("c1") is None


def test_each_change_of_language_raises_the_version(stores: Stores) -> None:
    stores.connections.put_connection(listener(HERE, "c1", "es"))
    stores.connections.change_language("c1", "fr", MANY)
    stores.connections.change_language("c1", "zh-TW", MANY)
    expected = replace(listener(HERE, "c1", "zh-TW"), version=3)
    assert stores.connections.get_connection("c1") == expected


def test_a_wish_for_the_voice_changes_or_stays(stores: Stores) -> None:
    def wish() -> bool:
        found = stores.connections.get_connection("c1")
        assert found is not None
        return found.wants_voice

    stores.connections.put_connection(listener(HERE, "c1", "es"))
    seen = []
    for wanted in (None, True, True, None, False, None, False):
        stores.connections.change_language("c1", "es", MANY, wanted)
        seen.append(wish())
    assert seen == [False, True, True, True, False, False, False]
    found = stores.connections.get_connection("c1")
    assert found == replace(listener(HERE, "c1", "es"), version=8)


@pytest.mark.parametrize(("heard", "sent", "noted"), [(3, 5, 5), (3, None, 3), (None, 0, 0)])
def test_a_listener_that_is_put_off_has_a_new_version_and_what_it_was_sent(
    stores: Stores, heard: int | None, sent: int | None, noted: int
) -> None:
    before = listener(HERE, "c1", last_sequence=heard)
    stores.connections.put_connection(before)
    stores.connections.put_off("c1", sent)
    after = stores.connections.get_connection("c1")
    assert after == replace(before, version=2, last_sequence=noted)


def test_a_replay_is_due_until_it_is_done(stores: Stores) -> None:
    before = listener(HERE, "c1", last_sequence=3)
    stores.connections.put_connection(before)
    stores.connections.put_off("c1", 7, True)
    put_off = replace(before, version=2, last_sequence=7, is_replay_due=True)
    assert stores.connections.get_connection("c1") == put_off
    stores.connections.end_replay("c1")
    assert stores.connections.get_connection("c1") == replace(put_off, is_replay_due=False)


def test_no_replay_ends_for_a_connection_that_is_gone(stores: Stores) -> None:
    with pytest.raises(ConditionFailed):
        stores.connections.end_replay("c1")
    assert stores.connections.get_connection("c1") is None


def test_a_connection_that_is_gone_is_not_put_off(stores: Stores) -> None:
    with pytest.raises(ConditionFailed):
        stores.connections.put_off("c1", None)
    assert stores.connections.get_connection("c1") is None


def test_a_connection_that_is_gone_changes_no_language_and_is_not_brought_back(
    stores: Stores,
) -> None:
    with pytest.raises(ConditionFailed):
        stores.connections.change_language("c1", "fr", MANY)
    assert stores.connections.get_connection("c1") is None


def test_deleting_a_connection_twice_is_harmless(stores: Stores) -> None:
    stores.connections.put_connection(listener(HERE, "c1"))
    stores.connections.delete_connection("c1")
    stores.connections.delete_connection("c1")
    assert stores.connections.get_connection("c1") is None


def test_gone_connections_are_deleted_unless_they_are_young(stores: Stores) -> None:
    for connection_id, connected_at in [("old", NOW_MS - 1), ("young", NOW_MS), ("other", 1)]:
        stores.connections.put_connection(listener(HERE, connection_id, connected_at=connected_at))
    stores.connections.delete_gone(["old", "young", "never was"], connected_before=NOW_MS)
    assert set(stores.ledger.get_connections(["old", "young", "other"])) == {"young", "other"}


def test_an_expired_connection_is_deleted_and_no_other(stores: Stores) -> None:
    connection = listener(HERE, "c1")
    stores.connections.put_connection(connection)
    stores.connections.delete_expired("c1", connection.ttl - 1)
    assert stores.connections.get_connection("c1") == connection
    stores.connections.delete_expired("c1", connection.ttl)
    stores.connections.delete_expired("c1", connection.ttl)
    assert stores.connections.get_connection("c1") is None


def test_many_gone_connections_are_deleted(stores: Stores) -> None:
    names = [f"c{n}" for n in range(40)]
    for connection_id in names:
        stores.connections.put_connection(listener(HERE, connection_id))
    stores.connections.delete_gone(names, connected_before=NOW_MS + 1)
    assert stores.ledger.get_connections(names) == {}


def test_the_listeners_of_a_session_are_found_without_its_speaker(stores: Stores) -> None:
    here = [listener(HERE, "c1", "es"), listener(HERE, "c2", "fr")]
    for connection in [*here, speaker(HERE, "c3"), listener(session("silver-fox-100"), "c4")]:
        stores.connections.put_connection(connection)
    found = stores.connections.query_listeners(HERE.session_id)
    assert sorted(found, key=lambda each: each.connection_id) == here


# --- The ledger and the rosters ------------------------------------------------------------------


C1, C2, C3, C4 = ledger_keys(HERE, "c1", "c2", "c3", "c4")


def counted(language: str = "es", version: int = 1) -> LedgerRow:
    return LedgerRow(State.IN, version, language)


def tombstone(row: LedgerRow) -> LedgerRow:
    return replace(row, state=State.OUT)


def join(stores: Stores, *connections: Connection) -> None:
    """Puts connections and counts them."""
    for each in connections:
        stores.connections.put_connection(each)
    stores.ledger.commit(
        LedgerTransaction(
            tuple(
                LedgerWrite(key_of(each), None, counted(each.target_language or ""))
                for each in connections
            ),
            KEY,
        )
    )


def test_rows_and_counts_are_written_together(stores: Stores) -> None:
    stores.sessions.put_session(HERE)
    join(stores, listener(HERE, "c1", "es"), listener(HERE, "c2", "es"), listener(HERE, "c3", "fr"))
    assert now(stores).listener_count == 3
    assert now(stores).languages == {"es": 2, "fr": 1}
    assert stores.ledger.get_ledger([C1, C3, C4]) == {C1: counted(), C3: counted("fr")}
    assert sorted(stores.roster.read_roster(HERE).languages.get("es", [])) == ["c1", "c2"]
    assert stores.roster.read_roster(HERE).languages.get("fr", []) == ["c3"]
    assert stores.roster.read_roster(HERE).languages.get("de", []) == []


def test_a_language_change_moves_rosters(stores: Stores) -> None:
    stores.sessions.put_session(HERE)
    join(stores, listener(HERE, "c1", "es"))
    write = LedgerWrite(C1, counted("es"), counted("pt-BR", version=2))
    stores.ledger.commit(LedgerTransaction((write,), KEY))
    assert now(stores).listener_count == 1
    assert now(stores).languages == {"pt-BR": 1}
    assert stores.roster.read_roster(HERE).languages.get("es", []) == []
    assert stores.roster.read_roster(HERE).languages.get("pt-BR", []) == ["c1"]


def test_voices_are_counted_with_their_rows(stores: Stores) -> None:
    stores.sessions.put_session(HERE)
    join(stores, listener(HERE, "c1", "es"), listener(HERE, "c2", "es"), listener(HERE, "c3", "fr"))
    assert now(stores).voices == {}
    heard = replace(counted("es", version=2), wants_voice=True)
    stores.ledger.commit(LedgerTransaction((LedgerWrite(C1, counted("es"), heard),), KEY))
    assert (now(stores).voices, now(stores).languages) == ({"es": 1}, {"es": 2, "fr": 1})
    roster = stores.roster.read_roster(HERE)
    assert sorted(roster.languages["es"]) == ["c1", "c2"]
    assert roster.voices == {"es": ["c1"]}
    assert stores.ledger.get_ledger([C1]) == {C1: heard}
    moved = replace(counted("fr", version=3), wants_voice=True)
    stores.ledger.commit(LedgerTransaction((LedgerWrite(C1, heard, moved),), KEY))
    assert (now(stores).voices, now(stores).languages) == ({"fr": 1}, {"es": 1, "fr": 2})
    assert [row.wants_voice for row in stores.survey.scan_session(KEY)].count(True) == 1
    stores.ledger.commit(LedgerTransaction((LedgerWrite(C1, moved, tombstone(moved)),), KEY))
    assert (now(stores).voices, now(stores).listener_count) == ({}, 2)
    assert stores.roster.read_roster(HERE).voices == {}


def test_a_sentence_is_heard_by_those_whom_it_is_for(stores: Stores) -> None:
    stores.sessions.put_session(HERE)
    returned = replace(counted("es"), from_sequence=8, wants_voice=True)
    stores.ledger.commit(LedgerTransaction((LedgerWrite(C1, None, returned),), KEY))
    assert stores.roster.read_roster(HERE, 7).voices == {}
    assert stores.roster.read_roster(HERE, 8).voices == {"es": ["c1"]}


def test_two_who_swap_wishes_raise_the_revision(stores: Stores) -> None:
    stores.sessions.put_session(HERE)
    join(stores, listener(HERE, "c1", "es"), listener(HERE, "c2", "es"))
    heard = replace(counted("es", version=2), wants_voice=True)
    stores.ledger.commit(LedgerTransaction((LedgerWrite(C1, counted("es"), heard),), KEY))
    before = now(stores).counts_revision
    swap = (
        LedgerWrite(C1, heard, counted("es", version=3)),
        LedgerWrite(C2, counted("es"), heard),
    )
    stores.ledger.commit(LedgerTransaction(swap, KEY))
    assert now(stores).voices == {"es": 1}
    assert now(stores).counts_revision > before


def test_the_revision_rises_with_every_move(stores: Stores) -> None:
    stores.sessions.put_session(HERE)
    join(stores, listener(HERE, "c1", "es"), listener(HERE, "c2", "fr"))
    before = now(stores).counts_revision
    swap = (
        LedgerWrite(C1, counted("es"), counted("fr", version=2)),
        LedgerWrite(C2, counted("fr"), counted("es", version=2)),
    )
    stores.ledger.commit(LedgerTransaction(swap, KEY))
    assert now(stores).languages == {"es": 1, "fr": 1}
    assert now(stores).counts_revision > before


def test_a_returning_listener_is_in_the_roster_from_its_first_sentence_on(stores: Stores) -> None:
    stores.sessions.put_session(HERE)
    join(stores, listener(HERE, "c1", "es"))
    returned = replace(counted("es"), from_sequence=8)
    stores.ledger.commit(LedgerTransaction((LedgerWrite(C2, None, returned),), KEY))
    assert stores.roster.read_roster(HERE, 7).languages == {"es": ["c1"]}
    assert sorted(stores.roster.read_roster(HERE, 8).languages["es"]) == ["c1", "c2"]
    assert sorted(stores.roster.read_roster(HERE).languages["es"]) == ["c1", "c2"]
    assert stores.ledger.get_ledger([C2]) == {C2: returned}


def test_a_tombstone_is_in_no_roster(stores: Stores) -> None:
    stores.sessions.put_session(HERE)
    join(stores, listener(HERE, "c1", "es"))
    write = LedgerWrite(C1, counted(), tombstone(counted()))
    stores.ledger.commit(LedgerTransaction((write,), KEY))
    assert now(stores).listener_count == 0
    assert now(stores).languages == {}
    assert stores.roster.read_roster(HERE).languages.get("es", []) == []
    assert stores.ledger.get_ledger([C1]) == {C1: tombstone(counted())}


def test_a_tombstone_of_what_was_never_counted_needs_no_session(stores: Stores) -> None:
    write = LedgerWrite(C1, None, LedgerRow(State.OUT, 0))
    stores.ledger.commit(LedgerTransaction((write,)))
    assert stores.ledger.get_ledger([C1]) == {C1: LedgerRow(State.OUT, 0)}


@pytest.mark.parametrize(
    "before",
    [None, counted(version=2), tombstone(counted())],
    ids=["thought absent", "another version", "another state"],
)
def test_a_row_that_is_not_as_it_was_read_is_a_conflict_and_nothing_is_written(
    stores: Stores, before: LedgerRow | None
) -> None:
    stores.sessions.put_session(HERE)
    join(stores, listener(HERE, "c1", "es"))
    writes = (
        LedgerWrite(C2, None, counted()),
        LedgerWrite(C1, before, counted("fr", version=3)),
    )
    with pytest.raises(Conflict):
        stores.ledger.commit(LedgerTransaction(writes, KEY))
    assert stores.ledger.get_ledger([C1, C2]) == {C1: counted()}
    assert now(stores).languages == {"es": 1}


def test_a_row_that_was_thought_to_be_there_is_a_conflict(stores: Stores) -> None:
    stores.sessions.put_session(HERE)
    write = LedgerWrite(C1, counted(), tombstone(counted()))
    with pytest.raises(Conflict):
        stores.ledger.commit(LedgerTransaction((write,), KEY))
    assert stores.ledger.get_ledger([C1]) == {}


@pytest.mark.parametrize("again", [None, session(created_at=NOW_MS + 1)], ids=["none", "another"])
def test_a_session_that_is_no_more_is_a_conflict(stores: Stores, again: Session | None) -> None:
    if again is not None:
        stores.sessions.put_session(again)
    with pytest.raises(Conflict):
        join(stores, listener(HERE, "c1"))
    assert stores.ledger.get_ledger([C1]) == {}
    assert stores.sessions.get_session(HERE.session_id) == again


def test_writes_that_change_no_count_need_no_session(stores: Stores) -> None:
    write = LedgerWrite(C1, None, LedgerRow(State.OUT, 0))
    stores.ledger.commit(LedgerTransaction((write,), KEY))
    assert stores.sessions.get_session(HERE.session_id) is None


def test_the_largest_transaction_is_written_whole(stores: Stores) -> None:
    stores.sessions.put_session(HERE)
    join(stores, *(listener(HERE, f"c{n}") for n in range(99)))
    assert now(stores).languages == {"es": 99}
    assert len(stores.roster.read_roster(HERE).languages.get("es", [])) == 99


def test_rosters_of_two_sessions_with_one_name_are_two(stores: Stores) -> None:
    stores.sessions.put_session(HERE)
    join(stores, listener(HERE, "c1"))
    assert stores.roster.read_roster(session(created_at=NOW_MS + 1)).languages.get("es", []) == []
    assert stores.roster.read_roster(session("silver-fox-100")).languages.get("es", []) == []


def test_sessions_are_read_by_their_names(stores: Stores) -> None:
    there = session("silver-fox-100")
    stores.sessions.put_session(HERE)
    stores.sessions.put_session(there)
    found = stores.ledger.get_sessions([HERE.session_id, there.session_id, "red-owl-100"])
    assert found == {HERE.session_id: HERE, there.session_id: there}


def test_more_rows_than_one_call_takes_are_read(stores: Stores) -> None:
    names = [f"c{n}" for n in range(205)]
    for connection_id in names:
        stores.connections.put_connection(listener(HERE, connection_id))
    assert set(stores.ledger.get_connections([*names, *names])) == set(names)
    assert stores.ledger.get_ledger([]) == {}


# --- The survey ----------------------------------------------------------------------------------


def test_a_survey_sees_everyone_and_every_count(stores: Stores) -> None:
    stores.sessions.put_session(HERE)
    join(stores, listener(HERE, "c1", "es"), listener(HERE, "c2", "fr"))
    stores.connections.put_connection(speaker(HERE, "c3"))
    leave = LedgerWrite(C2, counted("fr"), tombstone(counted("fr")))
    stores.ledger.commit(LedgerTransaction((leave,), KEY))
    stores.sentences.claim_sequence(HERE, sentence(1))
    everyone = {each.connection_id for each in stores.survey.scan_connections()}
    assert everyone == {"c1", "c2", "c3"}
    assert dict(stores.survey.scan_ledger()) == {C1: counted(), C2: tombstone(counted("fr"))}
    assert list(stores.survey.scan_counts()) == [
        SessionCounts(*KEY, 1, {"es": 1, "fr": 0}, revision=2)
    ]


def test_tombstones_are_removed_and_tell_when_they_were_written(stores: Stores) -> None:
    stores.sessions.put_session(HERE)
    join(stores, listener(HERE, "c1", "es"), listener(HERE, "c2", "fr"))
    before = int(time.time())
    leave = LedgerWrite(C2, counted("fr"), tombstone(counted("fr")))
    stores.ledger.commit(LedgerTransaction((leave,), KEY))
    left = {key: row.left_at for key, row in stores.survey.scan_ledger() if row.left_at is not None}
    assert left.keys() == {C2}
    assert before <= left[C2] <= time.time()
    stores.survey.remove_tombstones([C2, C3])
    assert dict(stores.survey.scan_ledger()) == {C1: counted()}


def test_counts_are_corrected_by_what_they_are_off(stores: Stores) -> None:
    stores.sessions.put_session(HERE)
    join(stores, listener(HERE, "c1", "es"))
    (seen,) = stores.survey.scan_counts()
    stores.survey.correct_counts(seen, Deltas({"es": -1, "fr": 2}))
    assert now(stores).languages == {"fr": 2}
    assert now(stores).listener_count == 2


def test_counts_that_have_moved_since_are_not_corrected(stores: Stores) -> None:
    stores.sessions.put_session(HERE)
    (seen,) = stores.survey.scan_counts()
    join(stores, listener(HERE, "c1", "es"))
    for deltas in ({"fr": 1}, {"es": 1}):
        with pytest.raises(ConditionFailed):
            stores.survey.correct_counts(seen, Deltas(deltas))
    assert now(stores).languages == {"es": 1}


# --- Cached translations -------------------------------------------------------------------------


def entry(key: str, translated: str = "Hola") -> CachedTranslation:
    return CachedTranslation(
        key, "en", "es", "Hello", translated, created_at=NOW_MS, ttl=NOW_MS // 1000 + 3600
    )


def test_entries_are_found_as_they_were_put(stores: Stores) -> None:
    stores.cache.put_entries([entry("a"), entry("b", "¡Hola! 😀")])
    found = stores.cache.get_entries(["a", "b", "c"])
    assert found == {"a": entry("a"), "b": entry("b", "¡Hola! 😀")}


def test_a_new_entry_replaces_the_one_under_its_key(stores: Stores) -> None:
    stores.cache.put_entries([entry("a", "old")])
    stores.cache.put_entries([entry("a", "new")])
    assert stores.cache.get_entries(["a"]) == {"a": entry("a", "new")}


def test_more_entries_than_one_call_takes_are_written_and_read(stores: Stores) -> None:
    entries = [entry(f"key {n}") for n in range(101)]
    stores.cache.put_entries(entries)
    found = stores.cache.get_entries([each.cache_key for each in entries])
    assert found == {each.cache_key: each for each in entries}


def test_no_entries_are_no_call(stores: Stores) -> None:
    stores.cache.put_entries([])
    assert stores.cache.get_entries([]) == {}


# --- Sentences under way -------------------------------------------------------------------------


def ref(sequence: int = 1, of: Session = HERE, spoken_at: int = NOW_MS) -> SentenceRef:
    return SentenceRef(of.session_id, of.created_at, sequence, "speaker", spoken_at, spoken_at)


def test_a_number_given_back_can_be_taken_again(stores: Stores) -> None:
    assert stores.sentences.claim_sequence(HERE, sentence(1)) is Claim.ACQUIRED
    stores.sentences.release_sequence(ref(1))
    stores.sentences.release_sequence(ref(2))
    assert stores.sentences.claim_sequence(HERE, sentence(1)) is Claim.ACQUIRED


def test_a_number_that_was_taken_over_is_not_given_back_by_whoever_had_it(stores: Stores) -> None:
    stores.sentences.claim_sequence(HERE, sentence(1))
    later = NOW_MS + CAPTION_LIFE_MS
    stores.sentences.claim_sequence(HERE, sentence(1, "Hello", later))
    stores.sentences.mark_sent(ref(1, spoken_at=later), {}, {})
    stores.sentences.release_sequence(ref(1))
    assert [each.sentence for each in stores.sentences.read_all(HERE)] == [
        sentence(1, "Hello", later)
    ]


def test_a_number_whose_sentence_was_sent_is_never_taken_again(stores: Stores) -> None:
    stores.sentences.claim_sequence(HERE, sentence(1))
    stores.sentences.mark_sent(ref(1), {}, {})
    for later in (0, CAPTION_LIFE_MS, 3_600_000):
        again = sentence(1, "Once more", NOW_MS + later)
        assert stores.sentences.claim_sequence(HERE, again) is Claim.DONE
    assert stores.sentences.get_sentences(HERE, [1]) == [sentence(1)]


def test_a_number_is_taken_from_a_function_that_died_once_its_caption_s_life_is_over(
    stores: Stores,
) -> None:
    stores.sentences.claim_sequence(HERE, sentence(1, "Hello"))
    young = sentence(1, "Hello", NOW_MS + CAPTION_LIFE_MS - 1)
    assert stores.sentences.claim_sequence(HERE, young) is Claim.IN_PROGRESS
    again = sentence(1, "Hello", NOW_MS + CAPTION_LIFE_MS)
    assert stores.sentences.claim_sequence(HERE, again) is Claim.ACQUIRED
    assert stores.sentences.get_sentences(HERE, [1]) == [again]
    # Of two who come for it at once, one gets it.
    assert stores.sentences.claim_sequence(HERE, replace(again, spoken_at=again.spoken_at + 1)) is (
        Claim.IN_PROGRESS
    )


def test_whoever_lost_a_number_cannot_settle_it(stores: Stores) -> None:
    stores.sentences.claim_sequence(HERE, sentence(1))
    again = sentence(1, spoken_at=NOW_MS + CAPTION_LIFE_MS)
    stores.sentences.claim_sequence(HERE, again)
    stores.sentences.mark_sent(ref(1), {}, {})
    third = sentence(1, spoken_at=again.spoken_at + CAPTION_LIFE_MS)
    assert stores.sentences.claim_sequence(HERE, third) is Claim.ACQUIRED


def test_which_of_many_have_been_sent_is_known(stores: Stores) -> None:
    for number in range(1, 131):
        stores.sentences.claim_sequence(HERE, sentence(number))
    for number in range(1, 131, 2):
        stores.sentences.mark_sent(ref(number), {}, {})
    elsewhere = ref(2, session("silver-fox-100"))
    stores.sentences.claim_sequence(session("silver-fox-100"), sentence(2))
    stores.sentences.mark_sent(elsewhere, {}, {})
    assert set(stores.sentences.sent_among(ref(1), range(1, 140))) == set(range(1, 131, 2))
    assert set(stores.sentences.sent_among(elsewhere, [1, 2])) == {2}
    assert not stores.sentences.sent_among(ref(1), [])


def test_a_number_that_nobody_has_is_not_settled(stores: Stores) -> None:
    stores.sentences.mark_sent(ref(1), {}, {})
    assert stores.sentences.claim_sequence(HERE, sentence(1)) is Claim.ACQUIRED


def test_a_sentence_that_is_spoken_again_is_tallied_anew(stores: Stores) -> None:
    assert stores.tallies.claim_part(ref(1), "es.0")
    assert not stores.tallies.claim_part(ref(1), "es.0")
    again = ref(1, spoken_at=NOW_MS + CAPTION_LIFE_MS)
    assert stores.tallies.claim_part(again, "es.0")


def test_what_is_under_way_is_known_to_whoever_enters(stores: Stores) -> None:
    assert stores.in_flight.add_sentence(ref(1)) == RecentSentences({1: NOW_MS})
    assert stores.in_flight.add_sentence(ref(12, spoken_at=NOW_MS + 5)) == RecentSentences(
        {1: NOW_MS, 12: NOW_MS + 5}
    )
    stores.in_flight.remove_sentences(ref(12), [1, 3])
    assert stores.in_flight.add_sentence(ref(2)) == RecentSentences({2: NOW_MS, 12: NOW_MS + 5})


def test_a_sentence_that_is_over_was_said_until_it_is_forgotten(stores: Stores) -> None:
    stores.in_flight.add_sentence(ref(1))
    stores.in_flight.complete_sentences(ref(1), {1: NOW_MS})
    stores.in_flight.complete_sentences(ref(2), {1: NOW_MS})
    assert stores.in_flight.add_sentence(ref(2)) == RecentSentences({2: NOW_MS}, {1: NOW_MS})
    stores.in_flight.remove_sentences(ref(2), [1])
    assert stores.in_flight.add_sentence(ref(2)) == RecentSentences({2: NOW_MS})


def test_entering_again_keeps_the_first_time(stores: Stores) -> None:
    stores.in_flight.add_sentence(ref(1))
    assert stores.in_flight.add_sentence(ref(1, spoken_at=NOW_MS + 9)) == RecentSentences(
        {1: NOW_MS}
    )


def test_forgetting_what_was_never_entered_is_harmless(stores: Stores) -> None:
    stores.in_flight.remove_sentences(ref(1), [])
    stores.in_flight.remove_sentences(ref(1), [1, 2, 3])
    assert stores.in_flight.add_sentence(ref(4)) == RecentSentences({4: NOW_MS})


def test_what_is_under_way_is_a_sessions_own(stores: Stores) -> None:
    stores.in_flight.add_sentence(ref(1))
    elsewhere = ref(2, session("silver-fox-100"))
    assert stores.in_flight.add_sentence(elsewhere) == RecentSentences({2: NOW_MS})
    again = ref(3, session(created_at=NOW_MS + 1))
    assert stores.in_flight.add_sentence(again) == RecentSentences({3: NOW_MS})


def test_rows_of_sentences_leave_the_session_as_it_is(stores: Stores) -> None:
    stores.sessions.put_session(HERE)
    stores.in_flight.add_sentence(ref(1))
    stores.tallies.claim_part(ref(1), "es.0")
    stores.counters.count("limit#address#0", {"joins": 1}, 1)
    assert now(stores) == HERE
    assert len(list(stores.survey.scan_counts())) == 1


# --- Counters -------------------------------------------------------------------------------------

LATER = HERE.expires_at_seconds


def test_a_count_stops_at_its_limit(stores: Stores) -> None:
    for _ in range(3):
        stores.counters.count("limit#a", {"joins": 3}, LATER)
    with pytest.raises(ConditionFailed):
        stores.counters.count("limit#a", {"joins": 3}, LATER)
    assert stores.counters.get_counts("limit#a") == {"joins": 3}
    stores.counters.count("limit#a", {"joins": 4}, LATER)
    assert stores.counters.get_counts("limit#a") == {"joins": 4}


def test_counts_of_one_row_rise_together_or_not_at_all(stores: Stores) -> None:
    stores.counters.count("limit#a", {"connects": 9, "joins": 1}, LATER)
    with pytest.raises(ConditionFailed):
        stores.counters.count("limit#a", {"connects": 9, "joins": 1}, LATER)
    stores.counters.count("limit#a", {"connects": 9}, LATER)
    assert stores.counters.get_counts("limit#a") == {"connects": 2, "joins": 1}


def test_a_guard_stops_what_it_does_not_count(stores: Stores) -> None:
    count = stores.counters.count
    count("limit#a", {"newcomers": 9}, LATER, guards={"guesses": 2})
    count("limit#a", {}, LATER, guards={"guesses": 2, "newcomers": 2})
    for _ in range(2):
        count("limit#a", {"newcomers": 9, "guesses": 2}, LATER)
    with pytest.raises(ConditionFailed) as refused:
        count("limit#a", {"newcomers": 9}, LATER, guards={"guesses": 2})
    assert refused.value.found["guesses"] == 2
    with pytest.raises(ConditionFailed):
        count("limit#a", {}, LATER, guards={"newcomers": 3, "guesses": 9})
    count("limit#a", {}, LATER, guards={"newcomers": 4, "guesses": 3})
    assert stores.counters.get_counts("limit#a") == {"newcomers": 3, "guesses": 2}


def test_more_than_is_left_is_not_taken_in_part(stores: Stores) -> None:
    stores.counters.count("limit#a", {"spent": 10}, LATER, by=7)
    for by in (4, 11):
        with pytest.raises(ConditionFailed):
            stores.counters.count("limit#a", {"spent": 10}, LATER, by=by)
    stores.counters.count("limit#a", {"spent": 10}, LATER, by=3)
    stores.counters.refund("limit#a", "spent", 7)
    assert stores.counters.get_counts("limit#a") == {"spent": 3}


def test_more_than_the_whole_limit_is_refused_at_first(stores: Stores) -> None:
    with pytest.raises(ConditionFailed):
        stores.counters.count("limit#a", {"spent": 10}, LATER, by=11)
    assert stores.counters.get_counts("limit#a") == {}


def test_rows_of_counts_are_apart(stores: Stores) -> None:
    stores.counters.count("limit#a", {"joins": 1}, LATER)
    stores.counters.count("limit#b", {"joins": 1}, LATER)
    assert stores.counters.get_counts("limit#c") == {}


@pytest.mark.parametrize(
    "name", ["newcomers", "wrongCodes", "handshakes", "admitted", "guesses", "opened", "spent"]
)
def test_no_count_has_a_reserved_name(stores: Stores, name: str) -> None:
    stores.counters.count("limit#a", {name: 1}, LATER)
    assert stores.counters.get_counts("limit#a") == {name: 1}


def test_a_row_of_counts_expires(clients: Clients, tables: dict[str, dict[str, str]]) -> None:
    table = Table(clients, SETTINGS.sessions_table, "sessionId")
    CounterRows(table).count("limit#a", {"joins": 1}, LATER)
    row = table.get("limit#a")
    assert row is not None
    assert row["expiresAt"] == LATER


# --- Tallies -------------------------------------------------------------------------------------

ES = {"es": LanguageReport(9, Posted(4, ("", ""), 2, 1), cached=True)}
FR = {"fr": LanguageReport(1, Posted(1), cached=False, failed=True, over_budget=True)}


def test_a_part_is_claimed_once(stores: Stores) -> None:
    assert stores.tallies.claim_part(ref(), "es.0")
    assert not stores.tallies.claim_part(ref(), "es.0")
    assert stores.tallies.claim_part(ref(), "es.1")
    assert stores.tallies.claim_part(ref(2), "es.0")


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 0, 1), (1, 2, 0)])
def test_the_whole_is_known_when_its_last_part_is_there(
    stores: Stores, order: tuple[int, ...]
) -> None:
    parts = [("here", FR, 3), ("es.0", ES, None), ("es.1", ES, None)]
    *first, last = [stores.tallies.add_part(ref(), *parts[n]) for n in order]
    assert first == [None, None]
    assert last == {
        "es": LanguageReport(18, Posted(8, ("",) * 4, 4, 2), cached=True),
        "fr": FR["fr"],
    }


def test_a_part_told_again_changes_nothing(stores: Stores) -> None:
    assert stores.tallies.add_part(ref(), "es.0", ES) is None
    assert stores.tallies.add_part(ref(), "es.0", FR) is None
    assert stores.tallies.add_part(ref(), "here", {}, 2) == ES


def test_the_whole_is_told_until_it_is_settled(stores: Stores) -> None:
    assert stores.tallies.add_part(ref(), "here", ES, 1) == ES
    assert stores.tallies.add_part(ref(), "here", ES, 1) == ES
    stores.tallies.mark_reported(ref())
    assert stores.tallies.add_part(ref(), "here", ES, 1) is None


# --- What is kept ---------------------------------------------------------------------------------

REPORTS = {
    "es": LanguageReport(5, Posted(2, ("", ""), 1), latency_ms=140, voices=1, characters=5),
    "fr": LanguageReport(1, Posted(failed=1), cached=True, over_budget=True),
}
CAPTIONS = {"es": "¡Hola!", "ar": "مرحبا", "ja": "こんにちは 👋"}


def kept(stores: Stores, of: Session = HERE) -> list[KeptSentence]:
    return list(stores.sentences.read_all(of))


def test_a_sentence_is_kept_with_what_was_sent_and_what_became_of_it(stores: Stores) -> None:
    said = replace(sentence(1, "Hello"), began_at=NOW_MS - 4_200, ended_at=NOW_MS - 700)
    stores.sentences.claim_sequence(HERE, said)
    assert kept(stores) == [KeptSentence(said)]
    assert stores.sentences.mark_sent(ref(1), REPORTS, CAPTIONS) == REPORTS
    assert kept(stores) == [KeptSentence(said, CAPTIONS, REPORTS)]


def test_a_sentence_that_nobody_listened_to_is_kept_with_an_empty_report(stores: Stores) -> None:
    stores.sentences.claim_sequence(HERE, sentence(1))
    stores.sentences.mark_sent(ref(1), {}, {})
    assert kept(stores) == [KeptSentence(sentence(1), {}, {})]


def test_all_sentences_of_a_talk_come_in_order_and_no_other_s(stores: Stores) -> None:
    for sequence in (12, 2, 9, 100, 1):
        stores.sentences.claim_sequence(HERE, sentence(sequence))
    for other in (session("golden-eagle-42"), session(created_at=NOW_MS + 1)):
        stores.sentences.claim_sequence(other, sentence(3, "Another session's"))
    assert [each.sentence.sequence for each in kept(stores)] == [1, 2, 9, 12, 100]


def test_a_report_is_kept_once(stores: Stores) -> None:
    stores.sentences.claim_sequence(HERE, sentence(1))
    stores.sentences.mark_sent(ref(1), REPORTS, {})
    later = {"es": LanguageReport(5, Posted(failed=5))}
    assert stores.sentences.mark_sent(ref(1), later, CAPTIONS) == REPORTS
    assert kept(stores) == [KeptSentence(sentence(1), CAPTIONS, REPORTS)]


def test_what_another_function_took_over_is_not_marked(stores: Stores) -> None:
    stores.sentences.claim_sequence(HERE, sentence(1))
    again = sentence(1, spoken_at=NOW_MS + CAPTION_LIFE_MS)
    stores.sentences.claim_sequence(HERE, again)
    assert stores.sentences.mark_sent(ref(1), REPORTS, CAPTIONS) is None
    stores.sentences.keep_captions(ref(1), CAPTIONS)
    assert kept(stores) == [KeptSentence(again)]


def test_a_correction_takes_the_captions_away_at_once(stores: Stores) -> None:
    stores.sentences.claim_sequence(HERE, sentence(1, "Hello"))
    stores.sentences.mark_sent(ref(1), REPORTS, CAPTIONS)
    corrected = stores.sentences.correct_sentence(HERE, 1, "Goodbye", NOW_MS + 3)
    assert kept(stores) == [KeptSentence(corrected, {}, REPORTS, NOW_MS + 3)]
    of_correction = replace(ref(1), revision=1, spoken_at=NOW_MS + 3)
    stores.sentences.keep_captions(of_correction, {"es": "Adiós"})
    assert kept(stores) == [KeptSentence(corrected, {"es": "Adiós"}, REPORTS, NOW_MS + 3)]
    retracted = stores.sentences.correct_sentence(HERE, 1, "", NOW_MS + 4)
    stores.sentences.keep_captions(of_correction, {"es": "Adiós"})
    assert kept(stores) == [KeptSentence(retracted, {}, REPORTS, NOW_MS + 4)]


def test_old_words_do_not_come_back_over_a_correction(stores: Stores) -> None:
    stores.sentences.claim_sequence(HERE, sentence(1, "Hello"))
    at = NOW_MS + CAPTION_LIFE_MS
    corrected = stores.sentences.correct_sentence(HERE, 1, "Goodbye", at)
    stores.sentences.keep_captions(ref(1), CAPTIONS)
    assert stores.sentences.mark_sent(ref(1), REPORTS, CAPTIONS) == REPORTS
    assert kept(stores) == [KeptSentence(corrected, {}, REPORTS, at)]


def test_a_caption_is_added_unless_the_sentence_was_corrected(stores: Stores) -> None:
    stores.sentences.claim_sequence(HERE, sentence(1, "Hello"))
    stores.sentences.mark_sent(ref(1), REPORTS, {"es": "¡Hola!"})
    (before,) = kept(stores)
    stores.sentences.add_caption(HERE, before, "fr", "Bonjour")
    stores.sentences.add_caption(HERE, before, "de", "Hallo")
    added = {"es": "¡Hola!", "fr": "Bonjour", "de": "Hallo"}
    assert kept(stores) == [replace(before, captions=added)]
    stores.sentences.correct_sentence(HERE, 1, "Goodbye", NOW_MS)
    stores.sentences.add_caption(HERE, before, "it", "Ciao")
    (after,) = kept(stores)
    assert after.captions == {}
    stores.sentences.add_caption(HERE, after, "fr", "Au revoir")
    assert kept(stores) == [replace(after, captions={"fr": "Au revoir"})]


def test_a_caption_is_added_to_nothing_that_is_gone(stores: Stores) -> None:
    stores.sentences.claim_sequence(HERE, sentence(1, "Hello"))
    (before,) = kept(stores)
    stores.sentences.delete_all(HERE)
    stores.sentences.add_caption(HERE, before, "fr", "Bonjour")
    stores.sentences.mark_sent(ref(1), REPORTS, CAPTIONS)
    stores.sentences.keep_captions(ref(1), CAPTIONS)
    assert kept(stores) == []
    assert stores.sentences.claim_sequence(HERE, sentence(1)) is Claim.ACQUIRED


def test_everything_of_a_talk_is_deleted_and_nothing_of_another(stores: Stores) -> None:
    other = session("golden-eagle-42")
    stores.sentences.claim_sequence(other, sentence(1))
    for sequence in range(1, 61):
        stores.sentences.claim_sequence(HERE, sentence(sequence))
    stores.sentences.delete_all(HERE)
    assert kept(stores) == []
    assert len(kept(stores, other)) == 1


def test_a_talk_that_keeps_nothing_has_the_words_of_its_last_sentences_alone(
    stores: Stores,
) -> None:
    here = replace(HERE, retention_hours=0)
    for sequence in range(1, 54):
        stores.sentences.claim_sequence(here, sentence(sequence))
        sent = replace(ref(sequence), is_kept=False)
        assert stores.sentences.mark_sent(sent, REPORTS, CAPTIONS) is None
        stores.sentences.keep_captions(sent, CAPTIONS)
    assert kept(stores, here) == [KeptSentence(sentence(each)) for each in range(4, 54)]
    assert stores.sentences.claim_sequence(here, sentence(1)) is Claim.DONE


def test_a_stage_that_keeps_no_words_keeps_no_captions_either(stores: Stores) -> None:
    stores.forgetful.claim_sequence(HERE, sentence(1))
    assert stores.forgetful.mark_sent(ref(1), REPORTS, CAPTIONS) is None
    stores.forgetful.keep_captions(ref(1), CAPTIONS)
    assert list(stores.forgetful.read_all(HERE)) == []
