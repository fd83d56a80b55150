"""What the use cases need from the outside, as protocols: `aws/` provides it, tests provide fakes.

Whatever a method does, it raises `errors.Unavailable` when its service is down or throttled.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Protocol

from chalice_app.ledger import LedgerRow, LedgerTransaction, SessionCounts, SessionKey
from chalice_app.models import (
    AccessRow,
    CachedTranslation,
    Claim,
    Connection,
    EntryCount,
    EntryUse,
    Language,
    LanguageReport,
    Posted,
    Removal,
    Sentence,
    Session,
    UnderWay,
    UseUpdate,
    Utterance,
)
from chalice_app.monitoring import Alarm, Points, Series


class SessionStore(Protocol):
    """The Sessions table, its counts excepted: those belong to the roster ledger."""

    def put_session(self, session: Session) -> None:
        """Stores a new session; ConditionFailed when the name is taken."""

    def get_session(self, session_id: str) -> Session | None:
        """The session as it is now (consistent read)."""

    def set_speaker(self, session: Session, connection_id: str) -> str | None:
        """Makes that connection the speaker's; returns the one that was the speaker's until then.

        ConditionFailed when the session is not open.
        """

    def clear_speaker(self, session_id: str, connection_id: str) -> None:
        """Forgets the speaker's connection, if it still is that one."""

    def end_session(self, session: Session) -> None:
        """Marks it as ended; doing so twice is harmless."""

    def claim_sequence(self, session: Session, sentence: Sentence) -> Claim:
        """Takes the sentence's sequence number, or tells how it stands with who has it.

        A number that was taken `CAPTION_LIFE_MS` before this sentence was spoken, and of which
        `settle_sequence` never told, is taken from a function that has died.
        """

    def settle_sequence(self, utterance: Utterance) -> None:
        """Notes that the sentence has been sent: nobody may take its number any more."""

    def release_sequence(self, session: Session, sequence: int) -> None:
        """Gives a number back that was taken for a sentence that was then not sent."""

    def raise_last_sequence(self, session: Session, sequence: int) -> Session:
        """Notes the highest sequence spoken; a lower one changes nothing.

        Returns the session as it is from then on: whoever is not in its rosters yet will find the
        sequence there when they join. ConditionFailed when it is no more.
        """

    def get_sentences(self, session: Session, sequences: Iterable[int]) -> Sequence[Sentence]:
        """The kept sentences with these numbers, in order; those not kept are left out."""


class SessionDirectory(Protocol):
    """Which sessions are open, for whoever looks after a stage."""

    def list_open(self, limit: int) -> Sequence[Session]:
        """The newest sessions that have not been ended, newest first (eventually consistent)."""


class Monitor(Protocol):
    """What CloudWatch knows of the stage."""

    def describe_alarms(self, names: Sequence[str]) -> Mapping[str, Alarm]:
        """The alarms of these names that exist."""

    def get_series(
        self, wanted: Iterable[Series], begin_ms: int, minutes: int
    ) -> Mapping[Series, Points]:
        """Each series by minutes, from a full minute on; None where nothing was measured."""


class SentencesUnderWay(Protocol):
    """A session's sentences that are on their way or were just said, whatever function has them."""

    def enter(self, utterance: Utterance) -> UnderWay:
        """Adds one that is on its way; what there is by then, itself included."""

    def finish(self, utterance: Utterance) -> None:
        """Makes one that is on its way one that was said."""

    def forget(self, utterance: Utterance, sequences: Iterable[int]) -> None:
        """Takes sentences of its session away; those not there are fine."""


class CounterStore(Protocol):
    """Counts that stop at their limits, in rows that expire."""

    def count(self, key: str, most: Mapping[str, int], expires_at: int, by: int = 1) -> None:
        """Adds to each count of a row, whose limits `most` names, and has it expire (seconds).

        ConditionFailed when one would pass its limit: then none is changed.
        """

    def give_back(self, key: str, name: str, by: int) -> None:
        """Takes from a count what was counted and not used."""

    def get_counts(self, key: str) -> Mapping[str, int]:
        """The counts of a row as they are now; none where there is no row."""


class TallyStore(Protocol):
    """What became of a sentence whose parts are sent by several functions, each telling its own."""

    def claim_part(self, utterance: Utterance, part: str) -> bool:
        """Takes a part to send: True the first time, False ever after."""

    def add_part(
        self,
        utterance: Utterance,
        part: str,
        reports: Mapping[str, LanguageReport],
        expected: int | None = None,
    ) -> Mapping[str, LanguageReport] | None:
        """Adds what became of a part; telling the same part again changes nothing.

        `expected` is the number of parts, from whoever knows it. Returns the whole, by language,
        once every part is there and until `settle`; None otherwise.
        """

    def settle(self, utterance: Utterance) -> None:
        """Notes that the speaker has been told."""


class SliceInvoker(Protocol):
    """How a slice gets a function of its own."""

    def invoke(self, payload: Mapping[str, Any]) -> None:
        """Hands the payload to an invocation of the broadcast function and returns at once.

        It may come to be invoked more than once. Unavailable when it will perhaps not be invoked.
        """


class ConnectionStore(Protocol):
    """The Connections table: the truth about who is there."""

    def put_connection(self, connection: Connection) -> None:
        """Stores a new connection."""

    def get_connection(self, connection_id: str) -> Connection | None:
        """The connection as it is now (consistent read)."""

    def change_language(self, connection_id: str, target_language: str) -> None:
        """Changes the language and raises the version; ConditionFailed when the row is gone."""

    def delete_connection(self, connection_id: str) -> None:
        """Deletes the row; doing so twice is harmless."""

    def delete_expired(self, connection_id: str, now_seconds: int) -> None:
        """Deletes the row if its life is over at that time (epoch seconds)."""

    def delete_gone(self, connection_ids: Iterable[str], connected_before: int) -> None:
        """Deletes the rows of sockets that are gone, but none connected after that time (ms)."""

    def query_listeners(self, session_id: str) -> Iterable[Connection]:
        """The listeners of a session, by the index (eventually consistent)."""


class Roster(Protocol):
    """The roster index: who gets the captions of a language."""

    def query_roster(
        self, session: Session, language: str, sequence: int | None = None
    ) -> Sequence[str]:
        """The connection ids of the session's listeners of that language.

        With a sequence, only of those whom that sentence's broadcast is for: whoever came back
        later has had it replayed.
        """

    def query_moved(self, session: Session, language: str, sequence: int | None) -> Sequence[str]:
        """Those of them who have changed their language since they joined."""


class TranslationCacheStore(Protocol):
    """The CachedTranslations table."""

    def get_entries(self, cache_keys: Iterable[str]) -> Mapping[str, CachedTranslation]:
        """The entries that exist, in one BatchGetItem for up to 100 keys."""

    def put_entries(self, entries: Sequence[CachedTranslation]) -> None:
        """Stores new entries, replacing what stands under their keys."""


class AccessStore(Protocol):
    """The access outbox, and the use of the entries that its hits are of.

    Every read is consistent: what is written depends on it.
    """

    def put_accesses(self, row: AccessRow) -> None:
        """Stores an outbox row; storing it again within ten minutes changes nothing."""

    def get_accesses(self, names: Iterable[str]) -> Mapping[str, AccessRow]:
        """The outbox rows that exist: those that have not been applied."""

    def get_uses(self, cache_keys: Iterable[str]) -> Mapping[str, EntryUse]:
        """The use of the entries that exist and are whole."""

    def apply_accesses(self, names: Sequence[str], updates: Sequence[UseUpdate]) -> None:
        """Deletes the outbox rows and updates the entries, all or nothing.

        Raises:
            Conflict: a row is gone, an entry is not as it was seen, or another writer was there.
        """


class RecencyIndex(Protocol):
    """The cache's entries by their last access, in some buckets (eventually consistent)."""

    def count_entries(self, now_seconds: int) -> EntryCount:
        """How many entries there are at that time (epoch seconds)."""

    def query_oldest(self, page: int) -> Sequence[Iterator[EntryUse]]:
        """Each bucket's entries, longest unused first, read so many at a time and when needed."""

    def remove_if_unused(self, use: EntryUse) -> Removal:
        """Deletes the entry unless it was used or replaced since."""

    def remove_entries(self, cache_keys: Iterable[str]) -> None:
        """Deletes entries whatever they hold; those that are gone are fine."""


class Translator(Protocol):
    """The translation engine."""

    def translate(self, text: str, source_language: str, target_language: str) -> str:
        """One translation; TranslationFailed when there is none."""

    def list_languages(self) -> Sequence[Language]:
        """What the engine offers."""


class OwnerVerifier(Protocol):
    """Who may open sessions, where not everybody may."""

    def owner_of(self, token: str) -> str:
        """Whom a token was given to; NotSpeaker when it opens no sessions here."""


class Gateway(Protocol):
    """The sockets' other end: API Gateway's `@connections`."""

    def post(
        self, connection_ids: Sequence[str], data: bytes, deadline: float, share: float = 1.0
    ) -> Posted:
        """Posts the same bytes to every connection, until `deadline` (time.monotonic seconds).

        `share` is the part of the requests a second that these may take, where other functions send
        the rest at the same time. Never raises for what one connection does; every connection is in
        exactly one count.
        """

    def notify(self, connection_ids: Sequence[str], data: bytes, deadline: float) -> Posted:
        """Posts what may come twice, so that it is tried oftener, and also where no answer came."""

    def probe(self, connection_ids: Sequence[str], deadline: float, share: float = 1.0) -> Posted:
        """Asks whether connections are open, as `notify` tries: `delivered` are, `gone` are not."""

    def close(self, connection_ids: Sequence[str], deadline: float) -> Posted:
        """Closes connections, until `deadline`: `delivered` are closed, `gone` already were.

        Never raises for what one connection does; every connection is in exactly one count.
        """


class MetricsSink(Protocol):
    """Where metrics go."""

    def emit(self, values: Mapping[str, float]) -> None:
        """Publishes the metrics under their names (see `metrics`)."""


class PairMetricsSink(Protocol):
    """Where metrics of one language pair go."""

    def emit_pair(self, pair: str, values: Mapping[str, float]) -> None:
        """Publishes metrics of a pair such as `en:es`, apart from the stage's own."""


class Ledger(Protocol):
    """What has been counted (Rosters), and the truth to bring it to (Connections, Sessions).

    Every read is consistent: an eventually consistent one loses a change for ever. Each raises
    MalformedRows where rows are not what this code writes.
    """

    def get_ledger(self, connection_ids: Iterable[str]) -> Mapping[str, LedgerRow]:
        """The ledger rows that exist."""

    def get_connections(self, connection_ids: Iterable[str]) -> Mapping[str, Connection]:
        """The connections that exist."""

    def get_sessions(self, session_ids: Iterable[str]) -> Mapping[str, Session]:
        """The sessions that exist."""

    def commit(self, transaction: LedgerTransaction) -> None:
        """Writes rows and counts together; Conflict when a row is not as it was read."""


class RosterSurvey(Protocol):
    """Everything that is counted and everything that ought to be.

    The scans are eventually consistent and show where to look; `read_counts` and `scan_session`
    are consistent, for whoever corrects.
    """

    def scan_connections(self) -> Iterable[Connection]:
        """Every connection."""

    def scan_counted(self) -> Iterable[tuple[str, LedgerRow]]:
        """Every connection that is counted, with its row but for the version."""

    def scan_counts(self) -> Iterable[SessionCounts]:
        """The counts of every session."""

    def read_counts(self, session_id: str) -> SessionCounts | None:
        """The counts of one session as they are now."""

    def scan_session(self, session: SessionKey) -> Iterable[LedgerRow]:
        """The rows that count in one session, as they are now."""

    def correct_counts(self, seen: SessionCounts, deltas: Mapping[str, int]) -> None:
        """Adds to a session's counts (listeners per language); listenerCount becomes their sum.

        ConditionFailed when the counts are no longer as they were seen.
        """
