"""Mutants that keep wrongly: what was said, what was told, and what was to be deleted."""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cached_property

from chalice_app.aws.dynamodb.report_json import packed_reports
from chalice_app.aws.dynamodb.sentences import SentencesTable
from chalice_app.domain.errors import ConditionFailed, Unavailable
from chalice_app.domain.kept import KeptSentence
from chalice_app.domain.reports import Reports
from chalice_app.domain.sentence import Claim, Sentence, SentenceRef
from chalice_app.domain.session import Session
from chalice_app.sessions.sessions import Sessions
from chalice_app.speech.delivery_report import DeliveryReporter
from chalice_app.speech.flow_control import FlowControl
from chalice_app.wire import outgoing
from tests.simulation.delivery.stage import Stage


class SpokenFirst(Stage):
    """The speaker is told before the report is kept."""

    @cached_property
    def delivery_reporter(self) -> DeliveryReporter:
        made = super().delivery_reporter
        return _ToldFirst(made.broadcast, made.flow_control, made.metrics, made.clock)


@dataclass(frozen=True, slots=True)
class _ToldFirst(DeliveryReporter):
    def report(
        self, ref: SentenceRef, reports: Reports, captions: Mapping[str, str] | None = None
    ) -> None:
        if ref.revision:
            DeliveryReporter.report(self, ref, reports, captions)
            return
        self.broadcast.notify(
            [ref.speaker_connection_id], outgoing.spoken(ref.sequence, reports, 0)
        )
        self.flow_control.mark_sent(ref, reports, captions or {})


class OneLanguageKept(SentencesTable):
    """Keeps the report of the first language, as of one batch alone."""

    def mark_sent(
        self, ref: SentenceRef, reports: Reports, captions: Mapping[str, str]
    ) -> Reports | None:
        super().mark_sent(ref, dict(list(reports.items())[:1]), captions)
        return None


class ReportReplaced(SentencesTable):
    """Of two functions that report a sentence, keeps the second's and has both told."""

    def mark_sent(
        self, ref: SentenceRef, reports: Reports, captions: Mapping[str, str]
    ) -> Reports | None:
        if super().mark_sent(ref, reports, captions) not in (None, reports):
            with suppress(ConditionFailed):
                self.table.update(
                    _key(ref.session_id, ref.session_epoch, ref.sequence),
                    "SET delivery = :delivery",
                    "spokenAt = :at",
                    delivery=packed_reports({**reports, "xx": next(iter(reports.values()))}),
                    at=ref.spoken_at,
                )
        return None


class WithoutEpoch(SentencesTable):
    """Keeps by the session's name alone."""

    def claim_sequence(self, session: Session, sentence: Sentence) -> Claim:
        return super().claim_sequence(_nameless(session), sentence)

    def mark_sent(
        self, ref: SentenceRef, reports: Reports, captions: Mapping[str, str]
    ) -> Reports | None:
        return super().mark_sent(replace(ref, session_epoch=0), reports, captions)

    def read_all(self, session: Session) -> Iterator[KeptSentence]:
        return super().read_all(_nameless(session))


def _nameless(session: Session) -> Session:
    return replace(session, created_at=0)


class CaptionsOverCorrection(SentencesTable):
    """Keeps the first revision's captions, whatever the sentence says now."""

    def mark_sent(
        self, ref: SentenceRef, reports: Reports, captions: Mapping[str, str]
    ) -> Reports | None:
        kept = super().mark_sent(ref, reports, captions)
        self.keep_captions(ref, captions)
        return kept

    def keep_captions(self, ref: SentenceRef, captions: Mapping[str, str]) -> None:
        super().keep_captions(replace(ref, revision=0), captions)
        key = _key(ref.session_id, ref.session_epoch, ref.sequence)
        row = self.table.get(key)
        if captions and row is not None:
            super().keep_captions(replace(ref, revision=int(str(row.get("revision", 0)))), captions)


class CaptionsOutliveCorrection(SentencesTable):
    """A correction leaves the captions of what was said before."""

    def correct_sentence(
        self, session: Session, sequence: int, text: str, corrected_at: int
    ) -> Sentence:
        key = _key(session.session_id, session.created_at, sequence)
        before = (self.table.get(key) or {}).get("captions")
        sentence = super().correct_sentence(session, sequence, text, corrected_at)
        if before is not None:
            with suppress(ConditionFailed):
                self.table.update(
                    key, "SET captions = :captions", "attribute_exists(revision)", captions=before
                )
        return sentence


class ReleasedByAnybody(SentencesTable):
    """Gives a number back, whoever has it now."""

    def release_sequence(self, ref: SentenceRef) -> None:
        self.table.delete(_key(ref.session_id, ref.session_epoch, ref.sequence))


def _key(name: str, epoch: int, sequence: int) -> dict[str, str | int]:
    return {"sessionKey": f"{name}#{epoch}", "sequence": sequence}


class DeletedFirst(Stage):
    """A purge deletes the rows, and notes in the session that it did so afterwards."""

    @cached_property
    def sessions(self) -> Sessions:
        made = super().sessions
        return _DeletesFirst(**{name: getattr(made, name) for name in Sessions.__slots__})


@dataclass(frozen=True, slots=True)
class _DeletesFirst(Sessions):
    def purge(self, session: Session) -> Session:
        with suppress(Unavailable):
            self.sentences.delete_all(session)
        purged = self.session_store.purge_session(session, self.clock.now_ms())
        self._close(purged)
        return purged


class PurgeUnnoted(Stage):
    """A purge deletes the rows, and the session does not say so."""

    @cached_property
    def sessions(self) -> Sessions:
        made = super().sessions
        return _Unnoted(**{name: getattr(made, name) for name in Sessions.__slots__})


@dataclass(frozen=True, slots=True)
class _Unnoted(Sessions):
    def purge(self, session: Session) -> Session:
        ended = self.session_store.end_session(session, self.clock.now_ms())
        self.sentences.delete_all(ended)
        self._close(ended)
        return ended


class NeverForgotten(Stage):
    """A sentence that was on its way during a purge stays."""

    @cached_property
    def flow_control(self) -> FlowControl:
        made = super().flow_control
        return _Remembers(**{name: getattr(made, name) for name in FlowControl.__slots__})


@dataclass(frozen=True, slots=True)
class _Remembers(FlowControl):
    def forget(self, ref: SentenceRef) -> None:
        return
