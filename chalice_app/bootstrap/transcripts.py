"""Transcripts: what translates for them, in requests and in the function of their own.

Their modules are loaded when a transcript is asked for: the functions of the sockets are of the
same code, and their cold starts must not pay for it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

from chalice_app.admission.budget import Budget
from chalice_app.admission.limits import TRANSCRIPTS_SHARE
from chalice_app.bootstrap.translation import TranslationParts

if TYPE_CHECKING:
    from chalice_app.transcripts.continuing import Continuation
    from chalice_app.transcripts.files import Files
    from chalice_app.transcripts.translations import Translations

_LISTENERS_PURSE = "transcripts-budget"


@dataclass(frozen=True)
class TranscriptParts(TranslationParts):
    """What remains of a talk."""

    @cached_property
    def continuation(self) -> Continuation:
        """What goes on where a request's time was over."""
        from chalice_app.transcripts.continuing import Continuation

        adapters = self.adapters
        return Continuation(
            adapters.sessions,
            adapters.sentences,
            self.engine,
            self.transcript_translations,
            adapters.clock,
        )

    @cached_property
    def transcript_translations(self) -> Translations:
        """Missing words."""
        from chalice_app.transcripts.translating import SIDE_BY_SIDE, MissingWords
        from chalice_app.transcripts.translations import Translations
        from chalice_app.transcripts.work import TranscriptWork

        adapters, translator = self.adapters, self.sentence_translator
        most = self.settings.limits.character_budget
        purse = Budget(adapters.counters, most, _LISTENERS_PURSE, TRANSCRIPTS_SHARE)
        return Translations(
            work=TranscriptWork(adapters.transcript_work, adapters.clock),
            missing=MissingWords(
                adapters.sentences,
                self._executor("transcripts", SIDE_BY_SIDE),
                adapters.metrics,
                adapters.clock,
            ),
            for_speaker=translator,
            for_listeners=replace(translator, budget=purse),
            clock=adapters.clock,
        )

    @cached_property
    def transcript_files(self) -> Files:
        """Files, large ones where the stage has a bucket."""
        from chalice_app.transcripts.files import Files

        adapters = self.adapters
        store = adapters.transcript_files if self.settings.sounds_bucket else None
        return Files(store, adapters.transcript_work)
