"""What a sentence on its way needs from the outside: `aws/` provides it, tests provide fakes.

Whatever a method does, it raises `errors.Unavailable` when its service is down or throttled.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Protocol

from chalice_app.domain.reports import LanguageReport
from chalice_app.domain.sentence import InFlight, SentenceRef


class SentencesInFlight(Protocol):
    """A session's sentences that are on their way or were just said, whatever function has them."""

    def enter(self, utterance: SentenceRef) -> InFlight:
        """Adds one that is on its way; what there is by then, itself included."""

    def finish(self, utterance: SentenceRef) -> None:
        """Makes one that is on its way one that was said."""

    def forget(self, utterance: SentenceRef, sequences: Iterable[int]) -> None:
        """Takes sentences of its session away; those not there are fine."""


class TallyStore(Protocol):
    """What became of a sentence whose parts are sent by several functions, each telling its own."""

    def claim_part(self, utterance: SentenceRef, part: str) -> bool:
        """Takes a part to send: True the first time, False ever after."""

    def add_part(
        self,
        utterance: SentenceRef,
        part: str,
        reports: Mapping[str, LanguageReport],
        expected: int | None = None,
    ) -> Mapping[str, LanguageReport] | None:
        """Adds what became of a part; telling the same part again changes nothing.

        `expected` is the number of parts, from whoever knows it. Returns the whole, by language,
        once every part is there and until `settle`; None otherwise.
        """

    def settle(self, utterance: SentenceRef) -> None:
        """Notes that the speaker has been told."""


class BatchInvoker(Protocol):
    """How a slice gets a function of its own."""

    def invoke(self, payload: Mapping[str, Any]) -> None:
        """Hands the payload to an invocation of the broadcast function and returns at once.

        It may come to be invoked more than once. Unavailable when it will perhaps not be invoked.
        """
