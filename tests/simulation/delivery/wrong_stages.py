"""Mutants that deliver wrongly: each is the stage with one part substituted."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from typing import Any

from chalice_app.aws.clients import Clients
from chalice_app.aws.dynamodb.in_flight import InFlightRows
from chalice_app.aws.dynamodb.rosters import RostersTable
from chalice_app.aws.dynamodb.sentences import SentencesTable
from chalice_app.aws.dynamodb.sessions import SessionsTable
from chalice_app.aws.dynamodb.table import Table
from chalice_app.bootstrap.adapters import Adapters
from chalice_app.delivery.broadcast import Broadcast
from chalice_app.domain.errors import ConditionFailed
from chalice_app.domain.reports import LanguageReport, Posted, Reports
from chalice_app.domain.sentence import Caption, Claim, Sentence, SentenceRef
from chalice_app.domain.session import Connection, Session
from chalice_app.rosters.catch_up import CatchUp, Returned
from chalice_app.rosters.ledger import LedgerKey, LedgerTransaction
from chalice_app.rosters.notifier import RosterNotifier
from chalice_app.rosters.recipients import Recipients, RosterReader
from chalice_app.rosters.replay import Replay
from chalice_app.sessions.ports import SessionRoster
from chalice_app.sessions.sessions import Sessions
from chalice_app.speech.delivery_report import DeliveryReporter
from chalice_app.speech.flow_control import FlowControl
from chalice_app.speech.large_halls import LargeHalls, RecipientBatch
from chalice_app.speech.sending import Sending
from chalice_app.wire import outgoing
from chalice_app.wire.incoming import MAX_SEQUENCE
from tests.fakes.threads import SameThread
from tests.simulation.client import SimulatedClient, Tables
from tests.simulation.delivery.sockets import SimulatedGateway
from tests.simulation.delivery.stage import Stage
from tests.simulation.virtual_time import VirtualClock

# --- The roster -----------------------------------------------------------------------------------


def with_roster(read: type[RostersTable]) -> type[Stage]:
    """The stage with another adapter that reads rosters."""

    def adapters(made: Adapters, tables: Tables) -> Adapters:
        rosters = tables.rosters
        return replace(made, roster=read(rosters.table, rosters.sessions, rosters.connections))

    return with_adapters(adapters)


def with_adapters(alter: Callable[[Adapters, Tables], Adapters]) -> type[Stage]:
    """The stage with other adapters."""

    class Altered(Stage):
        @classmethod
        def adapted(cls, tables: Tables, client: SimulatedClient, clock: VirtualClock) -> Adapters:
            return alter(super().adapted(tables, client, clock), tables)

    return Altered


class IndexRoster(RostersTable):
    """Reads the listeners by the index of Connections."""

    def read_roster(self, session: Session, sequence: int | None = None) -> SessionRoster:
        found: dict[str, list[str]] = {}
        for each in self.connections.query_listeners(session.session_id):
            if each.session_epoch == session.created_at:
                found.setdefault(str(each.target_language), []).append(each.connection_id)
        return SessionRoster(found)


class StaleRoster(RostersTable):
    """Reads the roster eventually consistently, which costs half."""

    def read_roster(self, session: Session, sequence: int | None = None) -> SessionRoster:
        stale = RostersTable(eventually(self.table), self.sessions, self.connections)
        return stale.read_roster(session, sequence)


class NamesakesRoster(RostersTable):
    """Reads the roster of the first session that had the name."""

    def read_roster(self, session: Session, sequence: int | None = None) -> SessionRoster:
        first = self.__dict__.setdefault("first", {}).setdefault(session.session_id, session)
        return super().read_roster(replace(session, created_at=first.created_at), sequence)


class FirstPageRoster(RostersTable):
    """Reads the first page alone."""

    def read_roster(self, session: Session, sequence: int | None = None) -> SessionRoster:
        found = super().read_roster(session, sequence)
        first = sorted(key for keys in found.languages.values() for key in keys)[:2]
        return SessionRoster(
            {
                language: kept
                for language, keys in found.languages.items()
                if (kept := [key for key in keys if key in first])
            }
        )


def eventually(table: Table) -> Table:
    """The table whose reads do not ask for consistency."""
    return replace(table, clients=_EventuallyConsistent(table.clients))


class _EventuallyConsistent(Clients):
    def __init__(self, clients: Clients) -> None:
        super().__init__("simulated")
        real: Any = clients.dynamodb

        class Client:
            def query(self, **request: Any) -> Any:
                return real.query(**{**request, "ConsistentRead": False})

            def batch_get_item(self, RequestItems: Any) -> Any:  # noqa: N803 - boto3's name
                asked = {key: {**it, "ConsistentRead": False} for key, it in RequestItems.items()}
                return real.batch_get_item(RequestItems=asked)

        self.dynamodb: Any = Client()


@dataclass(frozen=True, slots=True)
class _Reader(RosterReader):
    """Reads for the sentence that `for_sequence` says, whatever the session does."""

    for_sequence: Callable[[int | None], int | None] = lambda _: None

    def recipients(self, session: Session, sequence: int | None) -> Recipients:
        read = self.roster.read_roster
        return Recipients(self.executor.submit(read, session, self.for_sequence(sequence)))


class NeverOvertaken(Stage):
    """A sentence passes over those who returned later, also when it was overtaken."""

    @cached_property
    def sending(self) -> Sending:
        reader = _Reader(self.adapters.roster, self._executor("rosters"), lambda sequence: sequence)
        return replace(super().sending, rosters=reader)


class AlwaysOvertaken(Stage):
    """A sentence is sent to everybody, also to those to whom it was replayed."""

    @cached_property
    def sending(self) -> Sending:
        reader = _Reader(self.adapters.roster, self._executor("rosters"))
        return replace(super().sending, rosters=reader)


class RosterBeforeClaim(Stage):
    """The roster is read at the side of the claim, which would save a round trip."""

    @cached_property
    def flow_control(self) -> FlowControl:
        made = super().flow_control
        reader = RosterReader(self.adapters.roster, self._executor("rosters"))
        parts = (made.sentences, made.in_flight, made.executor, made.clock, made.per_second)
        return _ReadsFirst(*parts, rosters=reader, read=self._read)

    @cached_property
    def sending(self) -> Sending:
        made = super().sending
        reader = _HasRead(made.rosters.roster, made.rosters.executor, self._read)
        return replace(made, rosters=reader)

    @cached_property
    def _read(self) -> dict[tuple[str, int], Recipients]:
        return {}


@dataclass(frozen=True, slots=True)
class _ReadsFirst(FlowControl):
    rosters: RosterReader = field(kw_only=True)
    read: dict[tuple[str, int], Recipients] = field(kw_only=True)

    def admit(self, session: Session, sentence: Sentence, ref: SentenceRef) -> None:
        read = self.rosters.roster.read_roster
        found = SameThread().submit(read, session, sentence.sequence)
        self.read[session.session_id, sentence.sequence] = Recipients(found)
        FlowControl.admit(self, session, sentence, ref)


@dataclass(frozen=True, slots=True)
class _HasRead(RosterReader):
    read: dict[tuple[str, int], Recipients]

    def recipients(self, session: Session, sequence: int | None) -> Recipients:
        if sequence is None:
            return RosterReader.recipients(self, session, None)
        return self.read[session.session_id, sequence]


# --- The sentence's rows --------------------------------------------------------------------------


def with_sessions(table: type[SessionsTable]) -> type[Stage]:
    """The stage with another adapter of Sessions."""
    return with_adapters(lambda made, tables: replace(made, sessions=table(tables.sessions.table)))


def with_sentences(table: type[SentencesTable]) -> type[Stage]:
    """The stage with another adapter of Sentences."""
    return with_adapters(
        lambda made, tables: replace(made, sentences=table(tables.sentences.table))
    )


class CorrectionsUnnoted(SessionsTable):
    """Reads the session after a correction, and notes nothing in it."""

    def note_correction(self, session: Session) -> Session:
        return self.get_session(session.session_id) or session


class NotedLate(SessionsTable):
    """Does not note the last sequence when it is claimed."""

    def raise_last_sequence(self, session: Session, sequence: int) -> Session:
        now = self.get_session(session.session_id) or session
        return replace(now, last_sequence=max(now.last_sequence, sequence))


@dataclass(frozen=True)
class _NotesLast(SentencesTable):
    sessions: SessionsTable = field(kw_only=True)

    def mark_sent(
        self, ref: SentenceRef, reports: Reports, captions: Mapping[str, str]
    ) -> Reports | None:
        now = self.sessions.get_session(ref.session_id)
        if now is not None:
            with suppress(ConditionFailed):
                self.sessions.raise_last_sequence(now, ref.sequence)
        return super().mark_sent(ref, reports, captions)


def noted_late() -> type[Stage]:
    """The stage that notes the last sequence when the sentence has been sent."""
    return with_adapters(
        lambda made, tables: replace(
            made,
            sessions=NotedLate(tables.sessions.table),
            sentences=_NotesLast(tables.sentences.table, sessions=tables.sessions),
        )
    )


class StaleSentences(SentencesTable):
    """Reads what is replayed eventually consistently."""

    def get_sentences(self, session: Session, sequences: Iterable[int]) -> Sequence[Sentence]:
        return SentencesTable(eventually(self.table)).get_sentences(session, sequences)


class UnorderedSentences(SentencesTable):
    """Gives what is replayed in the order in which the database has it."""

    def get_sentences(self, session: Session, sequences: Iterable[int]) -> Sequence[Sentence]:
        return list(super().get_sentences(session, sequences))[::-1]


class UnconditionalClaim(SentencesTable):
    """Each one who asks has the number."""

    def claim_sequence(self, session: Session, sentence: Sentence) -> Claim:
        super().claim_sequence(session, sentence)
        return Claim.ACQUIRED


# --- Replays --------------------------------------------------------------------------------------


def with_replay(replay: type[Replay]) -> type[Stage]:
    """The stage with another replay."""

    class Altered(Stage):
        @cached_property
        def replay(self) -> Replay:
            made = super().replay
            return replay(made.sentences, made.translator, made.broadcast, made.executor)

    return Altered


@dataclass(frozen=True, slots=True)
class FirstSkipped(Replay):
    """Begins one sentence too late."""

    def send_missed(self, session: Session, language: str, listeners: Sequence[Connection]) -> None:
        later = [replace(each, last_sequence=(each.last_sequence or 0) + 1) for each in listeners]
        Replay.send_missed(self, session, language, later)


@dataclass(frozen=True, slots=True)
class CorrectionsSkipped(Replay):
    """Sends what was missed, and no correction of what was heard."""

    def send_missed(self, session: Session, language: str, listeners: Sequence[Connection]) -> None:
        later = [replace(each, first_sequence=MAX_SEQUENCE) for each in listeners]
        Replay.send_missed(self, session, language, later)


@dataclass(frozen=True, slots=True)
class LastSkipped(Replay):
    """Ends one sentence too early."""

    def send_missed(self, session: Session, language: str, listeners: Sequence[Connection]) -> None:
        earlier = replace(session, last_sequence=session.last_sequence - 1)
        Replay.send_missed(self, earlier, language, listeners)


@dataclass(frozen=True, slots=True)
class AllAgain(Replay):
    """Replays the talk from its beginning, whatever a listener has heard."""

    def send_missed(self, session: Session, language: str, listeners: Sequence[Connection]) -> None:
        from_start = [replace(each, last_sequence=0) for each in listeners]
        Replay.send_missed(self, session, language, from_start)


@dataclass(frozen=True, slots=True)
class NoLimit(Replay):
    """Replays everything that was missed."""

    def send_missed(self, session: Session, language: str, listeners: Sequence[Connection]) -> None:
        missed_from = {each.connection_id: each.last_sequence or 0 for each in listeners}
        if not missed_from:
            return
        sequences = range(min(missed_from.values()) + 1, session.last_sequence + 1)
        for sentence in self.sentences.get_sentences(session, sequences):
            (caption,) = self.translator.translate(session, sentence, [language])
            waiting = [key for key, last in missed_from.items() if last < caption.sequence]
            self.broadcast.notify(waiting, outgoing.caption(caption))


def with_catch_up(catch_up: type[CatchUp]) -> type[Stage]:
    """The stage whose listeners catch up in another way."""

    class Altered(Stage):
        @cached_property
        def catch_up(self) -> CatchUp:
            made = super().catch_up
            parts = made.ledger, made.connections, made.sync, made.notifier, made.replay, made.clock
            return catch_up(*parts, wait=made.wait)

    return Altered


@dataclass(frozen=True, slots=True)
class NothingDue(CatchUp):
    """Who was counted because the speaker was always faster is not sent the rest."""

    def send_due(self, counted: Mapping[str, Connection]) -> Sequence[Connection]:
        """Sends nothing."""
        return ()


@dataclass(frozen=True, slots=True)
class CountedFirst(CatchUp):
    """Who returns is counted like everybody, and has the rest replayed after that."""

    def bring_back(
        self,
        returning: Collection[LedgerKey],
        last_sent: Mapping[LedgerKey, int | None] | None = None,
    ) -> Returned:
        self.sync.synchronise(returning)
        return CatchUp.bring_back(self, returning, last_sent)


class NeverPutOff(Stage):
    """A listener who cannot be reached in time is forgotten."""

    @cached_property
    def catch_up(self) -> CatchUp:
        forgetful: Any = _Forgetful()
        return replace(super().catch_up, connections=forgetful)


class _Forgetful:
    def put_off(self, _: str, __: int | None, ___: bool = False) -> None:
        """Writes nothing."""


def with_commit(alter: Callable[[LedgerTransaction], LedgerTransaction]) -> type[Stage]:
    """The stage whose transactions of those who return are altered."""

    class Altered(RostersTable):
        def commit(self, transaction: LedgerTransaction) -> None:
            returns = transaction.last_sequence is not None
            super().commit(alter(transaction) if returns else transaction)

    def adapters(made: Adapters, tables: Tables) -> Adapters:
        rosters = tables.rosters
        return replace(made, ledger=Altered(rosters.table, rosters.sessions, rosters.connections))

    return with_adapters(adapters)


def whatever_was_spoken(transaction: LedgerTransaction) -> LedgerTransaction:
    """Counts those who return, also when something has been spoken since."""
    return replace(transaction, last_sequence=None)


def from_the_beginning(transaction: LedgerTransaction) -> LedgerTransaction:
    """Forgets where the replay has ended."""
    writes = tuple(
        replace(write, after=replace(write.after, from_sequence=1)) for write in transaction.writes
    )
    return replace(transaction, writes=writes)


def with_notifier(notifier: type[RosterNotifier]) -> type[Stage]:
    """The stage with other messages, or none."""

    class Altered(Stage):
        @cached_property
        def notifier(self) -> RosterNotifier:
            made = super().notifier
            return notifier(**{each.name: getattr(made, each.name) for each in fields(made)})

    return Altered


@dataclass(frozen=True, slots=True)
class HandshakesIgnored(RosterNotifier):
    """A newcomer is counted at once, whether or not its socket answers."""

    def find_connecting(self, _: Sequence[str]) -> Collection[str]:
        return ()


@dataclass(frozen=True, slots=True)
class Ungreeted(RosterNotifier):
    """A listener who returns is not greeted."""

    def greet_group(self, _: Session, __: Mapping[str, Connection]) -> Collection[str]:
        return ()


# --- Slices, posts and reports --------------------------------------------------------------------


def with_halls(halls: type[LargeHalls]) -> type[Stage]:
    """The stage with other slices."""

    class Altered(Stage):
        @cached_property
        def large_halls(self) -> LargeHalls:
            made = super().large_halls
            parts = (made.invoker, made.tallies, made.broadcast, made.reporter, made.executor)
            return halls(*parts, made.clock, made.batch_size, made.voices)

    return Altered


@dataclass(frozen=True, slots=True)
class SliceLost(LargeHalls):
    """The last slice of a language is forgotten."""

    def _cut(
        self,
        session: Session,
        ref: SentenceRef,
        caption: Caption,
        listeners: Sequence[str],
        wanting: frozenset[str],
    ) -> Sequence[RecipientBatch]:
        batches = LargeHalls._cut(self, session, ref, caption, listeners, wanting)
        return batches[:-1] or batches


@dataclass(frozen=True, slots=True)
class SlicesOverlap(LargeHalls):
    """Each slice begins with the last listener of the one before."""

    def _cut(
        self,
        session: Session,
        ref: SentenceRef,
        caption: Caption,
        listeners: Sequence[str],
        wanting: frozenset[str],
    ) -> Sequence[RecipientBatch]:
        batches = LargeHalls._cut(self, session, ref, caption, listeners, wanting)
        ends = [(), *([each.connection_ids[-1]] for each in batches)]
        return [
            replace(each, connection_ids=[*end, *each.connection_ids])
            for each, end in zip(batches, ends, strict=False)
        ]


@dataclass(frozen=True, slots=True)
class DeadDelivered(LargeHalls):
    """A slice whose function died is taken for delivered."""

    def _add(
        self, ref: SentenceRef, part: str, reports: Reports, expected: int | None = None
    ) -> None:
        LargeHalls._add(self, ref, part, _without(reports, failed=True), expected)


class ClaimedTwice(InFlightRows):
    """Every invocation may send a slice."""

    def claim_part(self, ref: SentenceRef, part: str) -> bool:
        super().claim_part(ref, part)
        return True


class TallyOfOne(InFlightRows):
    """The function that cuts the slices reports, as if there were none."""

    def add_part(
        self,
        ref: SentenceRef,
        part: str,
        reports: Mapping[str, LanguageReport],
        expected: int | None = None,
    ) -> Mapping[str, LanguageReport] | None:
        super().add_part(ref, part, reports, expected)
        return reports if expected is not None else None


def with_tallies(rows: type[InFlightRows]) -> type[Stage]:
    """The stage with other tallies."""
    return with_adapters(lambda made, tables: replace(made, tallies=rows(tables.sessions.table)))


def with_reports(alter: Callable[[Reports], Reports]) -> type[Stage]:
    """The stage whose reports are altered."""

    @dataclass(frozen=True, slots=True)
    class Reporter(DeliveryReporter):
        def report(
            self, ref: SentenceRef, reports: Reports, captions: Mapping[str, str] | None = None
        ) -> None:
            DeliveryReporter.report(self, ref, alter(reports), captions)

    class Altered(Stage):
        @cached_property
        def delivery_reporter(self) -> DeliveryReporter:
            made = super().delivery_reporter
            return Reporter(made.broadcast, made.flow_control, made.metrics, made.clock)

    return Altered


def gone_omitted(reports: Reports) -> Reports:
    """Reports without those whose sockets are gone."""
    return {
        language: replace(
            each,
            listeners=each.listeners - len(each.posted.gone),
            posted=replace(each.posted, gone=()),
        )
        for language, each in reports.items()
    }


def failed_delivered(reports: Reports) -> Reports:
    """Reports that take everything posted for delivered."""
    return _without(reports, failed=True)


def dropped_delivered(reports: Reports) -> Reports:
    """Reports that take what came too late for delivered."""
    return _without(reports, failed=False)


def _without(reports: Reports, *, failed: bool) -> Reports:
    def told(posted: Posted) -> Posted:
        lost = posted.failed if failed else posted.dropped
        posted = replace(posted, delivered=posted.delivered + lost)
        return replace(posted, failed=0) if failed else replace(posted, dropped=0)

    return {language: replace(each, posted=told(each.posted)) for language, each in reports.items()}


class EndedByIndex(Stage):
    """The end of a session asks an index who is there."""

    @cached_property
    def sessions(self) -> Sessions:
        return replace(super().sessions, roster=_Empty())


class _Empty:
    def read_roster(self, _: Session, __: int | None = None) -> SessionRoster:
        return SessionRoster()


class YoungDeleted(Stage):
    """The row of a socket that answers 410 is deleted, however young it is."""

    @cached_property
    def broadcast(self) -> Broadcast:
        made = super().broadcast
        hasty: Any = _Hasty(made.connections)
        return replace(made, connections=hasty)


@dataclass(frozen=True)
class _Hasty:
    connections: Any

    def delete_gone(self, connection_ids: Iterable[str], connected_before: int) -> None:
        self.connections.delete_gone(connection_ids, connected_before + 36_000)


class PostedAgain(Stage):
    """A caption whose answer is lost is posted again."""

    @cached_property
    def broadcast(self) -> Broadcast:
        gateway = self.adapters.gateway
        assert isinstance(gateway, SimulatedGateway)
        return replace(super().broadcast, gateway=_Repeats(gateway.client, gateway.clock))


@dataclass(frozen=True)
class _Repeats(SimulatedGateway):
    def post(
        self, connection_ids: Sequence[str], data: bytes, deadline: float, share: float = 1.0
    ) -> Posted:
        return self.notify(connection_ids, data, deadline)
