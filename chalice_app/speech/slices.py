"""Use case: a hall too large for one function is cut into slices, each sent by one of its own.

Every function tells a row (`ports.TallyStore`) what became of its part; whoever completes the row
reports to the speaker, so nobody waits and nobody polls. An asynchronous invocation comes at least
once: a slice is claimed before it is sent, and a slice claimed but never told of counts as failed
when Lambda tries again, a minute after the function died.
"""

import logging
from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any

from chalice_app.delivery.broadcast import Broadcast
from chalice_app.domain.clock import Clock
from chalice_app.domain.errors import Unavailable
from chalice_app.domain.reports import LanguageReport, Posted, merged
from chalice_app.domain.sentence import Sentence, SentenceRef
from chalice_app.domain.session import Session
from chalice_app.observability import logs
from chalice_app.observability.ports import MetricsSink
from chalice_app.speech.delivery_report import DeliveryReporter, Reports
from chalice_app.speech.ports import BatchInvoker, TallyStore
from chalice_app.translation.sentence import TranslatedSentence

_log = logging.getLogger(__name__)

HERE = "here"
"""The part that the function sends by itself that has cut the slices."""


@dataclass(frozen=True, slots=True)
class Spoken:
    """A sentence, the session it was spoken in, and what a report on it needs."""

    session: Session
    sentence: Sentence
    utterance: SentenceRef


class BatchInProgress(Exception):
    """Somebody else has claimed the slice and may still be sending it: to be looked at later."""


@dataclass(frozen=True, slots=True)
class RecipientBatch:
    """Some of a language's listeners and their caption; `share` is of the requests a second."""

    utterance: SentenceRef
    part: str
    language: str
    connection_ids: Sequence[str]
    caption: Mapping[str, Any]
    cached: bool
    failed: bool
    share: float
    over_budget: bool = False

    def payload(self) -> dict[str, Any]:
        """The slice as JSON has it."""
        return asdict(self)

    @classmethod
    def of(cls, payload: Mapping[str, Any]) -> "RecipientBatch":
        """The slice that a payload tells of."""
        return cls(**{**payload, "utterance": SentenceRef(**payload["utterance"])})

    def report(self, posted: Posted) -> Reports:
        """What became of it."""
        return {
            self.language: LanguageReport(
                len(self.connection_ids), posted, self.cached, self.failed, self.over_budget
            )
        }


@dataclass(frozen=True, slots=True)
class LargeHalls:
    """Cuts, hands out, sends and gathers; `slice_listeners` is how many one function takes."""

    invoker: BatchInvoker
    tally: TallyStore
    broadcast: Broadcast
    reporting: DeliveryReporter
    metrics: MetricsSink
    executor: Executor
    clock: Clock
    slice_listeners: int

    def is_for(self, session: Session, listeners: int) -> bool:
        """Whether a language with so many listeners is to be cut.

        Small languages of a large hall are not: what one function keeps of all of them together is
        never more than a slice.
        """
        most = self.slice_listeners
        return session.listener_count > most and listeners * len(session.languages) > most

    def cut(
        self,
        spoken: Spoken,
        rendering: TranslatedSentence,
        listeners: Sequence[str],
        caption: Mapping[str, Any],
    ) -> Sequence[RecipientBatch]:
        """Equal slices of a language; the shares of all languages add up to 1."""
        count = -(-len(listeners) // self.slice_listeners)
        everyone = max(spoken.session.listener_count, len(listeners))
        bounds = [len(listeners) * n // count for n in range(count + 1)]
        return [
            RecipientBatch(
                spoken.utterance,
                f"{rendering.language}.{number}",
                rendering.language,
                listeners[start:end],
                caption,
                rendering.cached,
                rendering.untranslated,
                (end - start) / everyone,
                rendering.over_budget,
            )
            for number, (start, end) in enumerate(pairwise(bounds))
        ]

    def hand_out(self, slices: Sequence[RecipientBatch]) -> None:
        """Gives each slice a function of its own; what cannot get one is sent here."""
        list(self.executor.map(self._hand_out, slices))

    def _hand_out(self, one: RecipientBatch) -> None:
        try:
            self.invoker.invoke(one.payload())
        except Unavailable:
            _log.warning("no function for a slice of %d listeners", len(one.connection_ids))
            # It may have got one after all: `run` claims it like any other.
            self._run(one)

    def _run(self, one: RecipientBatch) -> None:
        try:
            self.run(one)
        except BatchInProgress:
            _log.info("it has got one after all")

    def run(self, one: RecipientBatch) -> None:
        """Sends a slice and tells the tally, unless that was done before.

        Raises:
            SliceUnderWay: another has claimed it, and its time is not over.
            Unavailable: the tally could not be told; to be tried again.
        """
        utterance = one.utterance
        logs.bind(session=utterance.session_id, sequence=utterance.sequence, language=one.language)
        if self.tally.claim_part(one.utterance, one.part):
            posted = self._send(one)
        elif self.clock.now_ms() < one.utterance.expires_at:
            raise BatchInProgress(one.part)
        else:
            posted = Posted(failed=len(one.connection_ids))
        self._add(one.utterance, one.part, one.report(posted))

    def finish(
        self, utterance: SentenceRef, here: Reports, slices: Sequence[RecipientBatch]
    ) -> None:
        """Tells the tally what was sent here, and how many slices others send."""
        try:
            self._add(utterance, HERE, here, len(slices) + 1)
        except Unavailable:
            _log.exception("the tally is lost: what became of the slices will not be known")
            lost = (one.report(Posted(failed=len(one.connection_ids))) for one in slices)
            self.metrics.emit(self.reporting.tell(utterance, merged([here, *lost])))

    def _add(
        self, utterance: SentenceRef, part: str, reports: Reports, expected: int | None = None
    ) -> None:
        whole = self.tally.add_part(utterance, part, reports, expected)
        if whole is None:
            return
        self.metrics.emit(self.reporting.tell(utterance, whole))
        try:
            self.tally.settle(utterance)
        except Unavailable:
            _log.warning("the speaker may be told of a sentence again")

    def _send(self, one: RecipientBatch) -> Posted:
        deadline = self.clock.monotonic() + one.utterance.seconds_left(self.clock.now_ms())
        try:
            return self.broadcast.send(one.connection_ids, one.caption, deadline, one.share)
        except Exception:  # noqa: BLE001
            # Its part must be told whatever happens, or else the speaker would never hear of any.
            _log.exception("a slice could not be sent")
            return Posted(failed=len(one.connection_ids))
