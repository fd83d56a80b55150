"""One sentence as captions: from the cache, from the engine, or as it was said."""

import logging
from collections.abc import Collection, Generator, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, as_completed
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial

from chalice_app.admission.budget import Budget, Payment
from chalice_app.cache.lookup import TranslationCache, canonical
from chalice_app.domain.characters import has_letters
from chalice_app.domain.errors import TranslationFailed, Unavailable
from chalice_app.domain.sentence import Caption, Origin, Sentence
from chalice_app.domain.session import Session
from chalice_app.glossary.glossaries import Glossaries
from chalice_app.glossary.markup import TermsLost
from chalice_app.observability.logs import carried
from chalice_app.translation.caption_writer import CaptionWriter
from chalice_app.translation.engine import TranslationEngine
from chalice_app.translation.order import TranslationOrder

_log = logging.getLogger(__name__)

TRANSLATION_SECONDS = 2.0
"""How long a language's translation is waited for before its listeners get the source text."""

Orders = Mapping[str, TranslationOrder]
"""What is asked for a sentence, by language."""


@dataclass(frozen=True, slots=True)
class SentenceTranslator:
    """Translates sentences, cache first, every missing language at once and each failing alone."""

    engine: TranslationEngine
    cache: TranslationCache
    budget: Budget
    glossaries: Glossaries
    patience: float = TRANSLATION_SECONDS

    def translate(
        self, session: Session, sentence: Sentence, languages: Collection[str]
    ) -> Iterator[Caption]:
        """The captions of a sentence, in the order in which their texts become ready.

        Each language comes exactly once, without the session's blocked words. The sentence's own
        language comes as it was said, and so does every language of a text without letters, or of
        a retraction, which has no text (SOURCE). A language that fails or takes longer than
        `patience` seconds comes with the source text (FAILED); so does every language that the
        session's budget does not pay for (OVER_BUDGET).
        """
        wording = self.glossaries.wording_of(session)
        said = replace(sentence, text=wording.masked(sentence.text))
        writer = CaptionWriter(session.session_id, said, wording)
        source = said.source_language
        is_own = self.engine.are_one(source, session.source_language)
        mentions = wording.mentions(canonical(said.text), source, kept_only=not is_own)
        # A text without letters (`👍`, `12:30`) is the same in every language.
        others = (each for each in languages if not self.engine.are_one(each, source))
        is_plain = has_letters(mentions.text)
        targets = [each for each in others if is_plain or mentions.has_terms(each)]
        for language in languages:
            if language not in targets:
                yield writer.untranslated(language, Origin.SOURCE)
        orders = {
            target: TranslationOrder.of(mentions, session.style, target) for target in targets
        }
        missing = yield from self._from_cache(writer, mentions.text, orders)
        if missing:
            yield from self._paid(session, writer, missing)

    def _from_cache(
        self, writer: CaptionWriter, text: str, orders: Orders
    ) -> Generator[Caption, None, Orders]:
        """The captions that cost nothing, before the budget is asked; returns the other orders."""
        settings = {target: order.settings for target, order in orders.items()}
        ready = {
            target: order.protected.whole
            for target, order in orders.items()
            if order.protected.whole is not None
        }
        asked = [target for target in orders if target not in ready]
        ready |= self.cache.get(text, writer.said.source_language, asked, settings)
        for language, translated in ready.items():
            yield writer.translated(language, translated, Origin.CACHE)
        return {target: order for target, order in orders.items() if target not in ready}

    def _paid(self, session: Session, writer: CaptionWriter, orders: Orders) -> Iterator[Caption]:
        """The captions that the engine makes, if the session's budget pays for them."""
        payment = self.budget.charge(session, sum(len(order.text) for order in orders.values()))
        if payment is not Payment.CHARGED:
            origin = Origin.OVER_BUDGET if payment is Payment.OVER_BUDGET else Origin.FAILED
            yield from (writer.untranslated(language, origin) for language in orders)
            return
        lost = yield from self._ask_engine(session, writer, orders)
        if lost:
            # A sentence whose name is translated says more than one without it. It is ordered as a
            # session without a glossary orders it, and so it is cached.
            _log.warning("the engine lost terms: translating without them: %s", ", ".join(lost))
            plain = {target: orders[target].without_terms() for target in lost}
            text = plain[lost[0]].source_text
            if missing := (yield from self._from_cache(writer, text, plain)):
                yield from self._paid(session, writer, missing)

    def _ask_engine(
        self, session: Session, writer: CaptionWriter, orders: Orders
    ) -> Generator[Caption, None, Sequence[str]]:
        """The engine's captions; failed ones are refunded, late ones are billed and cached.

        Returns the languages in which the engine has not left the terms alone.
        """
        source = writer.said.source_language
        calls = {
            target: self.engine.request(order.text, source, target, order.style)
            for target, order in orders.items()
        }
        waiting = {call.translated: target for target, call in calls.items()}
        refund, lost = 0, []
        try:
            for done in as_completed(list(waiting), self.patience):
                language = waiting.pop(done)
                order = orders[language]
                origin, answer = _outcome(done, language, is_shared=calls[language].is_shared)
                refund += len(order.text) if origin is not Origin.ENGINE else 0
                try:
                    yield writer.answered(language, order, answer, origin)
                except TermsLost:
                    lost.append(language)
        except TimeoutError:
            _log.warning("translations took too long: %s", ", ".join(waiting.values()))
        for late, language in waiting.items():
            if calls[language].is_shared:
                refund += len(orders[language].text)  # it is billed to the sentence asking first
            else:
                kept = partial(self._keep, session, orders[language], source, language)
                late.add_done_callback(carried(kept))
            yield writer.untranslated(language, Origin.FAILED)
        if refund:
            self.budget.refund(session, refund)
        return lost

    def remember(self, sentence: Sentence, captions: Iterable[Caption]) -> None:
        """Caches new translations; called after the listeners have their captions."""
        made = {
            each.language: each.translation
            for each in captions
            if each.translation is not None and each.origin is Origin.ENGINE
        }
        self.cache.keep(sentence.source_language, made)

    def _keep(
        self,
        session: Session,
        order: TranslationOrder,
        source: str,
        language: str,
        late: Future[str],
    ) -> None:
        """Caches what came too late for its caption: a slow engine needs the cache most.

        What failed late is refunded, as what failed in time.
        """
        if late.cancelled() or late.exception() is not None:
            self.budget.refund(session, len(order.text))
            return
        with suppress(TermsLost):
            self.cache.keep(source, {language: order.translation(late.result())})


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
