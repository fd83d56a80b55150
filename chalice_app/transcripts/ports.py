"""Where sentences are kept: `aws/` provides it, tests provide fakes.

Every method raises `errors.Unavailable` when its service is down or throttled.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Protocol

from chalice_app.domain.kept import KeptSentence
from chalice_app.domain.reports import Reports
from chalice_app.domain.sentence import Claim, Sentence, SentenceRef
from chalice_app.domain.session import Session


class SentenceStore(Protocol):
    """The sentences of every session, each by its session's name and epoch and its sequence.

    Whoever reads for somebody asks `Session.is_kept` first: rows outlive what they are kept for.
    """

    def claim_sequence(self, session: Session, sentence: Sentence) -> Claim:
        """Claims the sentence's sequence number, or says which state another claim of it is in.

        A claim `CAPTION_LIFE_MS` older than this sentence that was never marked as sent is of a
        function that has died: this sentence takes its number over.
        """

    def mark_sent(
        self, ref: SentenceRef, reports: Reports, captions: Mapping[str, str]
    ) -> Reports | None:
        """Notes that the sentence has been sent, with what is kept of it: its number is used up.

        Of a sentence that was corrected meanwhile the captions are not kept. Where the session
        keeps nothing, the words that replays need no longer are deleted instead.

        Returns the reports that are kept: of two functions that report one sentence, those of the
        first. None where none are: nothing is kept of it, or the row is gone or another sentence's.
        """

    def sent_among(self, ref: SentenceRef, sequences: Iterable[int]) -> Collection[int]:
        """Those of its session's sentences with these numbers that have been sent by now."""

    def keep_captions(self, ref: SentenceRef, captions: Mapping[str, str]) -> None:
        """Keeps captions of the revision that `ref` names, unless there is a newer one."""

    def release_sequence(self, ref: SentenceRef) -> None:
        """Deletes a sentence: its number is free, nothing of it is kept.

        Nothing happens where another sentence has taken the number over.
        """

    def correct_sentence(
        self, session: Session, sequence: int, text: str, corrected_at: int
    ) -> Sentence:
        """Gives a kept sentence its next text and revision (none: retracts it); returns it.

        Its captions are gone at once. `corrected_at` is when the gateway got the correction (ms).
        SequenceNotKept where there is no text to correct; a retraction may be repeated.
        ConditionFailed while it is being sent.
        """

    def get_sentences(self, session: Session, sequences: Iterable[int]) -> Sequence[Sentence]:
        """The kept sentences with these numbers, in order; those not kept are left out.

        Each has its newest text; the retracted are among them.
        """

    def read_all(self, session: Session) -> Iterator[KeptSentence]:
        """All kept sentences in order, as they are now, page by page; the retracted among them."""

    def add_caption(self, session: Session, kept: KeptSentence, language: str, text: str) -> None:
        """Keeps a caption that was translated after the talk, unless the sentence was corrected."""

    def delete_all(self, session: Session) -> None:
        """Deletes everything that is kept of the session."""
