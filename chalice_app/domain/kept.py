"""A sentence as it is kept, with what was sent of it and what became of that."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from chalice_app.domain.reports import Reports
from chalice_app.domain.sentence import Sentence


@dataclass(frozen=True, slots=True)
class KeptSentence:
    """A sentence, the captions that were sent, and its delivery report.

    `captions` are the words of the newest revision that were sent, by language. `reports` are what
    its `spoken` message said; None where none was kept. `corrected_at` is in epoch milliseconds.
    """

    sentence: Sentence
    captions: Mapping[str, str] = field(default_factory=dict)
    reports: Reports | None = None
    corrected_at: int | None = None
