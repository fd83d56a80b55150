"""Admission of sentences: each number once, not too many a second, not too many in flight.

A function sees only its own sentence, so the latest ones are kept in a row that every function of
the session updates; the order of its updates decides who is one too many. That update is made at
the same time as the claim of the sequence number: it costs no round trip.

Nobody writes there that a sentence has been sent: that would cost each a write unit. Only where
too many may be in flight, the function that admits the next one reads their own rows, and marks
those that were sent.
"""

import logging
from collections.abc import Iterable, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass, replace

from chalice_app.domain.clock import Clock
from chalice_app.domain.errors import BadMessage, RateLimited, Unavailable
from chalice_app.domain.reports import Reports
from chalice_app.domain.sentence import (
    CAPTION_LIFE_MS,
    Claim,
    RecentSentences,
    Sentence,
    SentenceRef,
)
from chalice_app.domain.session import Session
from chalice_app.speech.ports import SentencesInFlight
from chalice_app.transcripts.ports import SentenceStore

_log = logging.getLogger(__name__)

MOST_IN_FLIGHT = 10
"""Sentences of one session in flight at a time. Each is over after `CAPTION_LIFE_MS` at the latest:
even if all of them hung that long, one a second would pass, more than a person speaks."""

SHORTEST_RETRY_MS = 250

_WORTH_REMOVING = 10
"""Old marks from which on a write to remove them is worth its cost: a tenth of a write unit a
sentence, and 150 bytes of their row."""

CLAIM_RETRY_MS = 2_000
"""When to send a sentence again that is being sent: a fifth of a caption's life."""


@dataclass(frozen=True, slots=True)
class FlowControl:
    """Admits sentences, `per_second` of one session at most (0: no limit)."""

    sentences: SentenceStore
    in_flight: SentencesInFlight
    executor: Executor
    clock: Clock
    per_second: int

    def admit(self, session: Session, sentence: Sentence, ref: SentenceRef) -> None:
        """Claims the sentence's number and admits it.

        Raises:
            BadMessage: this sequence number was spoken before; or it is being sent, and
                `retryAfterMs` says when to send it again.
            RateLimited: sentences come too fast; `retryAfterMs` says when to send it again.
            Unavailable: the number could not be claimed; nothing was sent.
        """
        added = self.executor.submit(self._add, ref)
        try:
            self._claim(session, sentence)
        except BadMessage:
            if added.result().in_flight.get(sentence.sequence) == ref.spoken_at:
                # The mark is not that of the first with this number.
                self._remove(ref, [ref.sequence])
            raise
        if wait_ms := self._wait(added.result(), ref):
            self.withdraw(ref)
            raise RateLimited("sentences come faster than they can be sent", retryAfterMs=wait_ms)

    def admit_correction(self, ref: SentenceRef) -> None:
        """Admits a correction; corrections have a rate of their own, that of sentences.

        Raises:
            RateLimited: corrections come too fast; nothing was changed.
        """
        mark = _mark_of(ref)
        if wait_ms := self._wait(self._add(mark), mark):
            self._remove(mark, [mark.sequence])
            raise RateLimited("corrections come faster than they can be sent", retryAfterMs=wait_ms)

    def withdraw(self, ref: SentenceRef) -> None:
        """Gives the number of an admitted sentence back: nothing of it was sent.

        Raises:
            Unavailable: the number is free only when a caption's life is over.
        """
        self.sentences.release_sequence(ref)
        self._remove(ref, [ref.sequence])

    def forget(self, ref: SentenceRef) -> None:
        """Deletes the row of a sentence whose session has been purged; its words are not read."""
        try:
            self.sentences.release_sequence(ref)
        except Unavailable:
            _log.warning("a sentence of a purged session is deleted later")

    def mark_sent(self, ref: SentenceRef, reports: Reports, captions: Mapping[str, str]) -> Reports:
        """Notes that a sentence has been sent: it leaves those in flight, and its number is used.

        What is kept of it is written with that. Returns what its speaker is to be told: the reports
        that are kept, should another function have reported it first.
        Errors are ignored: the marks expire by themselves, and its speaker, who gets the report,
        has no reason to send it again.
        """
        if ref.revision:
            mark = _mark_of(ref)
            completed = self.executor.submit(self._complete, mark, {mark.sequence: mark.spoken_at})
            self.keep_captions(ref, captions)
            completed.result()
            return reports
        kept = self._mark_sent(ref, reports, captions)
        return reports if kept is None else kept

    def _mark_sent(
        self, ref: SentenceRef, reports: Reports, captions: Mapping[str, str]
    ) -> Reports | None:
        try:
            return self.sentences.mark_sent(ref, reports, captions)
        except Unavailable:
            _log.warning("a sentence that was sent still counts as being sent, and is not kept")
            # Its row cannot say it.
            self._complete(ref, {ref.sequence: ref.spoken_at})
            return None

    def keep_captions(self, ref: SentenceRef, captions: Mapping[str, str]) -> None:
        """Keeps captions that were sent; errors are ignored: they can be translated again."""
        if not captions or not ref.is_kept:
            return
        try:
            self.sentences.keep_captions(ref, captions)
        except Unavailable:
            _log.warning("captions that were sent are not kept")

    def _complete(self, ref: SentenceRef, sent: Mapping[int, int]) -> None:
        try:
            self.in_flight.complete_sentences(ref, sent)
        except Unavailable:
            _log.warning("what was sent still counts as in flight")

    def _wait(self, marks: RecentSentences, ref: SentenceRef) -> int:
        """Milliseconds after which it may come again; 0 where it is admitted.

        Then old marks are removed, if they are worth a write.
        """
        # Room is asked for last: it may take a read.
        if wait_ms := self._wait_for_rate(marks, ref) or self._wait_for_room(marks, ref):
            return max(SHORTEST_RETRY_MS, wait_ms)
        over = self._over(marks)
        if len(over) >= _WORTH_REMOVING:
            self.executor.submit(self._remove, ref, over)
        return 0

    def _wait_for_room(self, marks: RecentSentences, ref: SentenceRef) -> int:
        """Milliseconds until there is room among those in flight, as an estimate."""
        now = self.clock.now_ms()
        ahead = {
            sequence: at
            for sequence, at in marks.in_flight.items()
            if sequence != ref.sequence and _is_recent(at, now)
        }
        if len(ahead) >= MOST_IN_FLIGHT and not ref.revision:
            ahead = self._unsent(ref, ahead)
        if len(ahead) < MOST_IN_FLIGHT:
            return 0
        # As long as the oldest has taken so far: the slower it goes, the longer the pause.
        return max(SHORTEST_RETRY_MS, now - min(ahead.values()))

    def _unsent(self, ref: SentenceRef, marks: Mapping[int, int]) -> dict[int, int]:
        """Those that have not been sent by now. The others are marked, so that no one asks again.

        One whose number is being claimed has no row yet, and is in flight.
        """
        try:
            sent = self.sentences.sent_among(ref, marks)
        except Unavailable:
            _log.warning("what was sent is unknown: the sentence is admitted")
            return {}
        if sent:
            self.executor.submit(self._complete, ref, {each: marks[each] for each in sent})
        return {sequence: at for sequence, at in marks.items() if sequence not in sent}

    def _wait_for_rate(self, marks: RecentSentences, ref: SentenceRef) -> int:
        """Milliseconds until the rate allows it, 0 if it does: a bucket of one second's sentences.

        As in a bucket, no stretch of time that ends with this sentence may hold more sentences than
        a second's allowance and what the stretch refilled. Only stretches of a caption's life are
        looked at: over hours that admits a tenth more. Time is the gateway's, the same for all.
        """
        if not self.per_second:
            return 0
        others = {**marks.sent, **marks.in_flight}
        others.pop(ref.sequence, None)
        recent = (at for at in others.values() if _is_recent(at, ref.spoken_at))
        latest = sorted(recent, reverse=True)
        each_ms = 1000 / self.per_second
        waits = (
            at + (count - self.per_second) * each_ms - ref.spoken_at
            # With this one, `count` sentences since `at`.
            for count, at in enumerate(latest, 2)
        )
        return max(0, round(max(waits, default=0)))

    def _over(self, marks: RecentSentences) -> list[int]:
        """Sentences whose marks no longer matter."""
        now, every = self.clock.now_ms(), {**marks.sent, **marks.in_flight}
        return [each for each, at in every.items() if not _is_recent(at, now)]

    def _claim(self, session: Session, sentence: Sentence) -> None:
        last = session.last_sequence
        match self.sentences.claim_sequence(session, sentence):
            case Claim.DONE:
                raise BadMessage(
                    "this sequence was spoken before",
                    sequence=sentence.sequence,
                    lastSequence=last,
                )
            case Claim.IN_PROGRESS:
                # Should its function have died, the number is free when a caption's life is over.
                raise BadMessage(
                    "this sequence is being spoken",
                    sequence=sentence.sequence,
                    lastSequence=last,
                    retryAfterMs=CLAIM_RETRY_MS,
                )
            case Claim.ACQUIRED:
                return

    def _add(self, ref: SentenceRef) -> RecentSentences:
        try:
            return self.in_flight.add_sentence(ref)
        except Unavailable:
            _log.warning("the sentences in flight are unknown: the sentence is admitted")
            return RecentSentences()

    def _remove(self, ref: SentenceRef, sequences: Iterable[int]) -> None:
        try:
            self.in_flight.remove_sentences(ref, sequences)
        except Unavailable:
            _log.warning("marks of old sentences could not be removed")


def _is_recent(at: int, now: int) -> bool:
    """Whether a mark still matters.

    One from far ahead was made before the clock was set back; it would silence the speaker until
    the clock is there again.
    """
    return abs(now - at) < CAPTION_LIFE_MS


def _mark_of(correction: SentenceRef) -> SentenceRef:
    """Its mark, named by its time: one sentence may be corrected twice in a second."""
    return replace(correction, sequence=correction.spoken_at)
