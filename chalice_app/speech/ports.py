"""What a sentence on its way needs from the outside: `aws/` provides it, tests provide fakes.

Every method raises `errors.Unavailable` when its service is down or throttled.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Protocol

from chalice_app.domain.reports import LanguageReport
from chalice_app.domain.sentence import RecentSentences, SentenceRef


class SentencesInFlight(Protocol):
    """A session's latest sentences, in all functions.

    Those that have been sent may still stand among those in flight: nobody writes it for each.
    """

    def add_sentence(self, ref: SentenceRef) -> RecentSentences:
        """Adds a sentence in flight; returns all that there are then, itself included."""

    def complete_sentences(self, ref: SentenceRef, sent: Mapping[int, int]) -> None:
        """Marks sentences of its session as sent: `spoken_at` (ms) by sequence.

        Of very many only a part, as with `remove_sentences`: the rest comes with the next call.
        """

    def remove_sentences(self, ref: SentenceRef, sequences: Iterable[int]) -> None:
        """Removes sentences of its session; those that are not there are ignored."""


class TallyStore(Protocol):
    """What became of a sentence whose batches several functions send, each adding its own."""

    def claim_part(self, ref: SentenceRef, part: str) -> bool:
        """Claims a part to send: True the first time, False ever after."""

    def add_part(
        self,
        ref: SentenceRef,
        part: str,
        reports: Mapping[str, LanguageReport],
        expected: int | None = None,
    ) -> Mapping[str, LanguageReport] | None:
        """Adds what became of a part; adding the same part again changes nothing.

        `expected` is the number of parts, from the function that cut them. Returns the whole, by
        language, once every part is there and until `mark_reported`; None otherwise.
        """

    def mark_reported(self, ref: SentenceRef) -> None:
        """Notes that the speaker has the report."""


class BatchInvoker(Protocol):
    """How a batch gets a function of its own."""

    def invoke(self, payload: Mapping[str, Any]) -> None:
        """Hands the payload to an invocation of the broadcast function and returns at once.

        Lambda may invoke it more than once. Unavailable when it is perhaps not invoked at all.
        """
