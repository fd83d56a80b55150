"""A sentence in the languages of its listeners: from the cache, the engine, or as it was said."""

import logging
from collections.abc import Collection, Iterable, Iterator
from concurrent.futures import Future, as_completed
from dataclasses import dataclass
from functools import partial

from chalice_app.admission.budget import Budget, Payment
from chalice_app.cache.lookup import TranslationCache, canonical
from chalice_app.domain.errors import TranslationFailed, Unavailable
from chalice_app.domain.sentence import Caption, Sentence
from chalice_app.domain.session import Session
from chalice_app.observability.logs import carried
from chalice_app.translation.engine import Translation

_log = logging.getLogger(__name__)

TRANSLATION_SECONDS = 2.0
"""How long a language's translation is waited for before its listeners get the source text."""


@dataclass(frozen=True, slots=True)
class TranslatedSentence:
    """A sentence in one language, and how it came to be.

    `over_budget` is no failure: what the session may have translated is spent.
    """

    language: str
    text: str
    cached: bool = False
    translated: bool = False
    failed: bool = False
    over_budget: bool = False

    @property
    def untranslated(self) -> bool:
        """Whether it is the source text."""
        return self.failed or self.over_budget


@dataclass(frozen=True, slots=True)
class SentenceTranslator:
    """Renders sentences, cache first, every missing language at once and each failing alone."""

    translation: Translation
    cache: TranslationCache
    budget: Budget
    patience: float = TRANSLATION_SECONDS

    def render(
        self, session: Session, sentence: Sentence, languages: Collection[str]
    ) -> Iterator[TranslatedSentence]:
        """The sentence in each language, in the order in which the texts become ready.

        Each language comes exactly once: one that fails or takes longer than `patience` seconds
        comes as the source text, marked as failed; so do, marked as over the budget, all that
        the session's budget does not pay for.
        """
        source, text = sentence.source_language, canonical(sentence.text)
        if source in languages:
            yield TranslatedSentence(source, sentence.text)
        targets = [language for language in languages if language != source]
        cached = self.cache.get(text, source, targets)
        # Before the budget is asked: what costs nothing does not wait for it.
        for language, hit in cached.items():
            yield TranslatedSentence(language, hit, cached=True)
        missing = [target for target in targets if target not in cached]
        payment = self.budget.pay(session, len(text) * len(missing)) if missing else Payment.PAID
        if payment is Payment.PAID:
            yield from self._translated(session, sentence, missing)
            return
        for language in missing:
            is_spent = payment is Payment.SPENT
            yield TranslatedSentence(
                language, sentence.text, failed=not is_spent, over_budget=is_spent
            )

    def _translated(
        self, session: Session, sentence: Sentence, languages: Collection[str]
    ) -> Iterator[TranslatedSentence]:
        """The engine's part; what it could not do is given back to the budget."""
        source, text = sentence.source_language, canonical(sentence.text)
        flights = {target: self.translation.board(text, source, target) for target in languages}
        waiting = {flight.translated: target for target, flight in flights.items()}
        unused = 0
        try:
            for done in as_completed(list(waiting), self.patience):
                language = waiting.pop(done)
                rendering = _rendered(done, language, sentence, flights[language].joined)
                unused += not rendering.translated
                yield rendering
        except TimeoutError:
            _log.warning("translations took too long: %s", ", ".join(waiting.values()))
        for late, language in waiting.items():
            if not flights[language].joined:
                keep = partial(self._keep, text, source, language)
                late.add_done_callback(carried(keep))
            yield TranslatedSentence(language, sentence.text, failed=True)
        if unused:
            self.budget.give_back(session, unused * len(text))

    def remember(self, sentence: Sentence, renderings: Iterable[TranslatedSentence]) -> None:
        """Caches what was newly translated; called when nobody waits any more."""
        new = {each.language: each.text for each in renderings if each.translated}
        self.cache.put(sentence.text, sentence.source_language, new)

    def _keep(self, text: str, source: str, language: str, late: Future[str]) -> None:
        """Caches what came too late for its caption: a slow engine needs the cache most."""
        if not late.cancelled() and late.exception() is None:
            self.cache.put(text, source, {language: late.result()})


def _rendered(
    done: Future[str], language: str, sentence: Sentence, joined: bool
) -> TranslatedSentence:
    """A translation that another sentence has asked for counts as cached: it is billed to that."""
    try:
        return TranslatedSentence(language, done.result(), cached=joined, translated=not joined)
    except (TranslationFailed, Unavailable) as failure:
        _log.warning("no translation: %s", failure.message, extra={"language": language})
    except Exception:  # noqa: BLE001
        # One language's bug must not take the sentence from all others.
        _log.exception("a translation broke", extra={"language": language})
    return TranslatedSentence(language, sentence.text, failed=True)


def caption_of(session: Session, sentence: Sentence, rendering: TranslatedSentence) -> Caption:
    """The caption that a rendering makes."""
    return Caption(
        session_id=session.session_id,
        sequence=sentence.sequence,
        language=rendering.language,
        text=rendering.text,
        source_language=sentence.source_language,
        spoken_at=sentence.spoken_at,
        untranslated=rendering.untranslated,
    )
