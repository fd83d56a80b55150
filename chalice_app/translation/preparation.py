"""A prepared text's next sentences, translated before they are spoken: then the cache has them."""

from collections.abc import Collection, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import partial

from chalice_app.domain.clock import Clock
from chalice_app.domain.reports import Prepared
from chalice_app.domain.sentence import Origin, Sentence
from chalice_app.domain.session import Session
from chalice_app.observability import metrics
from chalice_app.observability.ports import MetricsSink
from chalice_app.translation.sentence_translator import SentenceTranslator

_UNNUMBERED = 0
"""What is prepared has no sequence yet: numbers begin at 1."""


@dataclass(frozen=True, slots=True)
class Preparation:
    """Translates sentences as if they were spoken, and sends them to nobody.

    `executor` has few threads: a talk that is going on needs the engine more.
    """

    translator: SentenceTranslator
    executor: Executor
    metrics: MetricsSink
    clock: Clock

    def prepare(
        self, session: Session, texts: Sequence[str], languages: Collection[str]
    ) -> Prepared:
        """Translates each text into each language, cache first, within the session's budget."""
        translate = partial(self._translate, session, languages)
        outcomes = list(self.executor.map(translate, texts))
        # The cost only: a hit rate without listeners would say nothing about a talk.
        self.metrics.emit(
            {
                metrics.CHARACTERS_TRANSLATED: sum(
                    len(text) * origins.count(Origin.ENGINE)
                    for text, origins in zip(texts, outcomes, strict=True)
                )
            }
        )
        failed = sum(origins.count(Origin.FAILED) for origins in outcomes)
        over_budget = sum(origins.count(Origin.OVER_BUDGET) for origins in outcomes)
        ready = sum(map(len, outcomes)) - failed - over_budget
        return Prepared(languages, ready, failed, over_budget)

    def _translate(self, session: Session, languages: Collection[str], text: str) -> list[Origin]:
        """Where the text's captions come from, now that the cache has them."""
        now = self.clock.now_ms()
        sentence = Sentence(_UNNUMBERED, text, session.source_language, now)
        captions = list(self.translator.translate(session, sentence, languages))
        self.translator.remember(sentence, captions)
        return [caption.origin for caption in captions]
