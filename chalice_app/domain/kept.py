"""A sentence as it is kept: what was said, what was sent, and what became of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from chalice_app.domain.reports import Reports
from chalice_app.domain.sentence import Sentence


@dataclass(frozen=True, slots=True)
class KeptSentence:
    """A sentence in its newest revision.

    `captions` are the words of that revision that were sent, by language; the speaker's own
    language, texts that are the same in every language and untranslated captions are left out.
    `reports` is what the sentence's `spoken` message said; None where none was kept, or not yet.
    Reports of corrections are not kept. `corrected_at` (epoch ms) is of the newest revision; None
    where there was no correction.
    """

    sentence: Sentence
    captions: Mapping[str, str] = field(default_factory=dict)
    reports: Reports | None = None
    corrected_at: int | None = None
