"""The words that a transcript lacks, translated afterwards: a few sentences at a time.

They are asked for as a talk's are, cache first and within a budget. The sentences are side by side
in few threads of their own, so that a talk that is going on keeps the engine.
"""

import logging
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import partial

from chalice_app.domain.clock import Clock
from chalice_app.domain.errors import Unavailable
from chalice_app.domain.sentence import Caption, Origin
from chalice_app.domain.session import Session
from chalice_app.observability import metrics
from chalice_app.observability.ports import MetricsSink
from chalice_app.transcripts.ports import SentenceStore
from chalice_app.transcripts.reading import KeptLine
from chalice_app.translation.sentence_translator import SentenceTranslator

_log = logging.getLogger(__name__)

SIDE_BY_SIDE = 4
"""Sentences at the engine at a time: a talk that is going on comes first."""

_AT_A_TIME = 2 * SIDE_BY_SIDE
"""Sentences between two looks at the clock: 5 s where the engine hangs (2 s a sentence)."""

GIVE_UP_AFTER = 16
"""Sentences in a row without a translation, after which the rest is not asked for: the engine is
down, or the budget is spent, and 1,440 sentences would be waited for 2 s each."""


@dataclass(frozen=True, slots=True)
class MissingWords:
    """Translates kept sentences, and keeps what comes of it."""

    store: SentenceStore
    executor: Executor
    metrics: MetricsSink
    clock: Clock

    def fill(
        self,
        session: Session,
        translator: SentenceTranslator,
        lines: Sequence[KeptLine],
        language: str,
        may_go_on: Callable[[], bool],
    ) -> bool:
        """Fills the lines in one language, in order, each tried once.

        Returns whether all have been tried; False when `may_go_on` ended it. A sentence without a
        translation comes in its original words.
        """
        translate = partial(self._translated, session, translator, language)
        in_a_row = characters = 0
        try:
            for start in range(0, len(lines), _AT_A_TIME):
                if in_a_row >= GIVE_UP_AFTER:
                    _give_up(lines[start:], language)
                    break
                if not may_go_on():
                    return False
                batch = lines[start : start + _AT_A_TIME]
                for line, caption in zip(batch, self.executor.map(translate, batch), strict=True):
                    in_a_row = in_a_row + 1 if caption.is_untranslated else 0
                    characters += _billed(line, caption)
                    _write(line, language, caption)
        finally:
            self.metrics.emit({metrics.CHARACTERS_TRANSLATED: characters})
        return True

    def _translated(
        self, session: Session, translator: SentenceTranslator, language: str, line: KeptLine
    ) -> Caption:
        """The caption of one sentence, kept and cached where it is a translation."""
        said = line.kept.sentence
        captions = list(translator.translate(session, said, [language]))
        translator.remember(said, captions)
        caption = captions[0]
        if caption.is_translation:
            self._keep(session, line, caption)
        return caption

    def _keep(self, session: Session, line: KeptLine, caption: Caption) -> None:
        """Keeps the words beside the sentence; where that fails, the cache still has them."""
        try:
            self.store.add_caption(session, line.kept, caption.language, caption.text)
        except Unavailable:
            _log.warning("a translated sentence could not be kept")


def _billed(line: KeptLine, caption: Caption) -> int:
    return len(line.kept.sentence.text) if caption.origin is Origin.ENGINE else 0


def _write(line: KeptLine, language: str, caption: Caption) -> None:
    if caption.is_untranslated:
        line.give_up(language)
    else:
        line.texts[language] = caption.text


def _give_up(lines: Sequence[KeptLine], language: str) -> None:
    for line in lines:
        line.give_up(language)
