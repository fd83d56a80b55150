"""A hall too large for one function: its listeners are cut into batches, each sent by its own.

Every function adds what became of its batch to the sentence's tally (`ports.TallyStore`). The
function that completes the tally reports to the speaker, so no function waits or polls. Lambda may
invoke a function twice: a batch is claimed before it is sent. A batch that was claimed and never
added to the tally counts as failed when Lambda tries again, a minute after the function died.
"""

import logging
from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import asdict, dataclass, replace
from itertools import pairwise
from typing import Any

from chalice_app.delivery.broadcast import Broadcast
from chalice_app.domain.clock import Clock
from chalice_app.domain.errors import Unavailable
from chalice_app.domain.reports import LanguageReport, Posted, Reports, merged
from chalice_app.domain.sentence import Caption, Origin, SentenceRef
from chalice_app.domain.session import Session
from chalice_app.observability import logs
from chalice_app.speech.delivery_report import DeliveryReporter
from chalice_app.speech.ports import BatchInvoker, TallyStore
from chalice_app.synthesis.asks import VoiceRequests
from chalice_app.wire import outgoing

_log = logging.getLogger(__name__)

HERE = "here"
"""The part of the tally that the function adds which cut the batches: what it sent itself."""


class BatchInProgress(Exception):
    """Another function has claimed the batch and may still be sending it: to be tried later."""


@dataclass(frozen=True, slots=True)
class RecipientBatch:
    """Some of a language's listeners and their caption.

    `part` names the batch in the sentence's tally; `share` is the part of the requests a second
    that the batch may take. The first `voices` of its connections want the voice, too. The engine
    has translated so many `characters` for the caption.
    """

    ref: SentenceRef
    part: str
    caption: Caption
    connection_ids: Sequence[str]
    share: float
    voices: int = 0
    characters: int = 0

    @property
    def wanting(self) -> Sequence[str]:
        """The connections that want the voice."""
        return self.connection_ids[: self.voices]

    def payload(self) -> dict[str, Any]:
        """The batch as JSON has it; without a correction, functions of older versions know it.

        They pass over `voices`: their listeners read it, and do not hear it. They pass over what
        the batch, and not its sentence, says of keeping, too.
        """
        payload = asdict(replace(self, caption=replace(self.caption, translation=None)))
        payload["is_kept"] = payload["ref"].pop("is_kept")
        if not self.ref.revision:
            del payload["ref"]["revision"], payload["caption"]["revision"]
        if not self.voices:
            del payload["voices"]
        return payload

    @classmethod
    def of(cls, payload: Mapping[str, Any]) -> "RecipientBatch":
        """The batch of a payload."""
        caption = payload["caption"]
        return cls(
            ref=SentenceRef(**payload["ref"], is_kept=payload.get("is_kept", True)),
            part=payload["part"],
            caption=Caption(**{**caption, "origin": Origin(caption["origin"])}),
            connection_ids=payload["connection_ids"],
            share=payload["share"],
            voices=payload.get("voices", 0),  # a function of an older version knows of none
            characters=payload.get("characters", 0),
        )

    def report(self, posted: Posted, latency_ms: int = 0) -> Reports:
        """What became of it."""
        report = LanguageReport.of(
            self.caption,
            len(self.connection_ids),
            posted,
            latency_ms=latency_ms,
            voices=self.voices,
            characters=self.characters,
        )
        return {self.caption.language: report}


@dataclass(frozen=True, slots=True)
class LargeHalls:
    """Cuts large languages into batches; `batch_size` is how many listeners one function takes."""

    invoker: BatchInvoker
    tallies: TallyStore
    broadcast: Broadcast
    reporter: DeliveryReporter
    executor: Executor
    clock: Clock
    batch_size: int
    voices: VoiceRequests

    def is_for(self, session: Session, listeners: int) -> bool:
        """Whether a language with so many listeners is cut.

        Small languages of a large hall are not: what one function keeps of all of them together is
        never more than a batch.
        """
        is_large_hall = session.listener_count > self.batch_size
        return is_large_hall and listeners * len(session.languages) > self.batch_size

    def send(
        self,
        session: Session,
        ref: SentenceRef,
        caption: Caption,
        listeners: Sequence[str],
        wanting: Sequence[str] = (),
    ) -> Sequence[RecipientBatch]:
        """Gives each batch of a language a function of its own; returns the batches.

        Some of the listeners are `wanting` the caption's voice, too.
        """
        batches = self._cut(session, ref, caption, listeners, frozenset(wanting))
        list(self.executor.map(self._invoke, batches))
        return batches

    def _cut(
        self,
        session: Session,
        ref: SentenceRef,
        caption: Caption,
        listeners: Sequence[str],
        wanting: frozenset[str],
    ) -> Sequence[RecipientBatch]:
        """Equal batches of a language; the shares of all languages add up to 1."""
        count = -(-len(listeners) // self.batch_size)
        everyone = max(session.listener_count, len(listeners))
        bounds = [len(listeners) * n // count for n in range(count + 1)]
        return [
            RecipientBatch(
                ref,
                f"{caption.language}.{number}",
                caption,
                # Those who want the voice first: their number says which they are.
                sorted(listeners[start:end], key=lambda each: each not in wanting),
                (end - start) / everyone,
                sum(each in wanting for each in listeners[start:end]),
                caption.characters,
            )
            for number, (start, end) in enumerate(pairwise(bounds))
        ]

    def _invoke(self, batch: RecipientBatch) -> None:
        """Gives a batch a function of its own, or sends it here where it cannot have one."""
        try:
            self.invoker.invoke(batch.payload())
        except Unavailable:
            _log.warning("no function for a batch of %d listeners", len(batch.connection_ids))
            # Lambda may have taken it although no answer came: `send_batch` claims it first.
            try:
                self.send_batch(batch)
            except BatchInProgress:
                _log.info("a function sends the batch after all")

    def send_batch(self, batch: RecipientBatch) -> None:
        """Sends a batch and adds it to the tally, unless that was done before.

        Raises:
            BatchInProgress: another function has claimed it, and its time is not over.
            Unavailable: the tally could not be written; to be tried again.
        """
        ref, language = batch.ref, batch.caption.language
        logs.bind(session=ref.session_id, sequence=ref.sequence, language=language)
        voice, latency_ms = None, 0
        if self.tallies.claim_part(ref, batch.part):
            posted = self._post(batch)
            latency_ms = ref.age_ms(self.clock.now_ms())
            voice = self.voices.ask(ref, batch.caption, batch.wanting, posted, batch.part)
        elif self.clock.now_ms() < ref.expires_at:
            raise BatchInProgress(batch.part)
        else:
            posted = Posted(failed=len(batch.connection_ids))
        try:
            self._add(ref, batch.part, batch.report(posted, latency_ms))
        finally:
            self.voices.wait([voice])

    def finish(self, ref: SentenceRef, reports: Reports, batches: Sequence[RecipientBatch]) -> None:
        """Adds to the tally what was sent here, and how many batches other functions send."""
        try:
            self._add(ref, HERE, reports, len(batches) + 1)
        except Unavailable:
            _log.exception("the tally cannot be written: the batches count as failed")
            lost = (each.report(Posted(failed=len(each.connection_ids))) for each in batches)
            self.reporter.report(ref, merged([reports, *lost]))

    def _add(
        self, ref: SentenceRef, part: str, reports: Reports, expected: int | None = None
    ) -> None:
        complete = self.tallies.add_part(ref, part, reports, expected)
        if complete is None:
            return
        self.reporter.report(ref, complete)
        try:
            self.tallies.mark_reported(ref)
        except Unavailable:
            _log.warning("the speaker may get the report of a sentence twice")

    def _post(self, batch: RecipientBatch) -> Posted:
        deadline = self.clock.monotonic() + batch.ref.seconds_left(self.clock.now_ms())
        caption = outgoing.caption(batch.caption)
        try:
            return self.broadcast.send(batch.connection_ids, caption, deadline, batch.share)
        except Exception:  # noqa: BLE001
            # The tally needs this part in any case, or else the speaker gets no report.
            _log.exception("a batch could not be sent")
            return Posted(failed=len(batch.connection_ids))
