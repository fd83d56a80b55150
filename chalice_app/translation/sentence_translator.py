"""One sentence as captions: from the cache, from the engine, or as it was said."""

import logging
from collections.abc import Collection, Iterable, Iterator
from concurrent.futures import Future, as_completed
from dataclasses import dataclass
from functools import partial

from chalice_app.admission.budget import Budget, Payment
from chalice_app.cache.lookup import TranslationCache, canonical
from chalice_app.domain.errors import TranslationFailed, Unavailable
from chalice_app.domain.sentence import Caption, Origin, Sentence
from chalice_app.domain.session import Session
from chalice_app.observability.logs import carried
from chalice_app.translation.engine import TranslationEngine

_log = logging.getLogger(__name__)

TRANSLATION_SECONDS = 2.0
"""How long a language's translation is waited for before its listeners get the source text."""


@dataclass(frozen=True, slots=True)
class SentenceTranslator:
    """Translates sentences, cache first, every missing language at once and each failing alone."""

    engine: TranslationEngine
    cache: TranslationCache
    budget: Budget
    patience: float = TRANSLATION_SECONDS

    def translate(
        self, session: Session, sentence: Sentence, languages: Collection[str]
    ) -> Iterator[Caption]:
        """The captions of a sentence, in the order in which their texts become ready.

        Each language comes exactly once. A language that fails or takes longer than `patience`
        seconds comes with the source text (FAILED); so does every language that the session's
        budget does not pay for (OVER_BUDGET).
        """
        caption = partial(_caption, session.session_id, sentence)
        source, text = sentence.source_language, canonical(sentence.text)
        if source in languages:
            yield caption(source, sentence.text, Origin.SOURCE)
        targets = [language for language in languages if language != source]
        cached = self.cache.get(text, source, targets)
        # Before the budget is asked: what costs nothing does not wait for it.
        for language, translated in cached.items():
            yield caption(language, translated, Origin.CACHE)
        missing = [target for target in targets if target not in cached]
        if not missing:
            return
        payment = self.budget.charge(session, len(text) * len(missing))
        if payment is not Payment.CHARGED:
            origin = Origin.OVER_BUDGET if payment is Payment.OVER_BUDGET else Origin.FAILED
            yield from (caption(language, sentence.text, origin) for language in missing)
            return
        yield from self._ask_engine(session, sentence, missing)

    def _ask_engine(
        self, session: Session, sentence: Sentence, languages: Collection[str]
    ) -> Iterator[Caption]:
        """The engine's captions; failed ones are refunded, late ones are billed and cached."""
        caption = partial(_caption, session.session_id, sentence)
        source, text = sentence.source_language, canonical(sentence.text)
        calls = {target: self.engine.request(text, source, target) for target in languages}
        waiting = {call.translated: target for target, call in calls.items()}
        refunds = 0
        try:
            for done in as_completed(list(waiting), self.patience):
                language = waiting.pop(done)
                origin, translated = _outcome(done, language, is_shared=calls[language].is_shared)
                refunds += origin is not Origin.ENGINE
                yield caption(language, translated or sentence.text, origin)
        except TimeoutError:
            _log.warning("translations took too long: %s", ", ".join(waiting.values()))
        for late, language in waiting.items():
            if calls[language].is_shared:
                refunds += 1  # it is billed to the sentence that asked first
            else:
                kept = partial(self._keep, session, text, source, language)
                late.add_done_callback(carried(kept))
            yield caption(language, sentence.text, Origin.FAILED)
        if refunds:
            self.budget.refund(session, refunds * len(text))

    def remember(self, sentence: Sentence, captions: Iterable[Caption]) -> None:
        """Caches new translations; called after the listeners have their captions."""
        new = {each.language: each.text for each in captions if each.origin is Origin.ENGINE}
        self.cache.put(sentence.text, sentence.source_language, new)

    def _keep(
        self, session: Session, text: str, source: str, language: str, late: Future[str]
    ) -> None:
        """Caches what came too late for its caption: a slow engine needs the cache most.

        What failed late is refunded, as what failed in time.
        """
        if late.cancelled() or late.exception() is not None:
            self.budget.refund(session, len(text))
        else:
            self.cache.put(text, source, {language: late.result()})


def _outcome(done: Future[str], language: str, *, is_shared: bool) -> tuple[Origin, str]:
    """A call's origin and translation, which is empty where the call failed.

    A translation that another sentence asked for counts as cached: it is billed to that sentence.
    """
    try:
        return Origin.CACHE if is_shared else Origin.ENGINE, done.result()
    except (TranslationFailed, Unavailable) as failure:
        _log.warning("no translation: %s", failure.message, extra={"language": language})
    except Exception:  # noqa: BLE001
        # One language's bug must not take the sentence from all others.
        _log.exception("a translation broke", extra={"language": language})
    return Origin.FAILED, ""


def _caption(
    session_id: str, sentence: Sentence, language: str, text: str, origin: Origin
) -> Caption:
    return Caption(
        session_id=session_id,
        sequence=sentence.sequence,
        language=language,
        text=text,
        source_language=sentence.source_language,
        spoken_at=sentence.spoken_at,
        revision=sentence.revision,
        origin=origin,
    )
