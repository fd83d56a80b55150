"""Fills the cache before a talk: a script's sentences, translated within a budget of characters."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from concurrent.futures import Future, wait
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeAlias

from chalice_app.cache.lookup import canonical
from chalice_app.domain.characters import has_letters
from chalice_app.domain.errors import TranslationFailed, Unavailable
from chalice_app.domain.sentence import Translation
from chalice_app.domain.style import PLAIN
from chalice_app.glossary.markup import TermsLost
from chalice_app.glossary.wording import NO_WORDING, Wording
from chalice_app.translation.order import TranslationOrder
from chalice_app.wire.incoming import MAX_TEXT_CHARACTERS

if TYPE_CHECKING:
    from chalice_app.cache.lookup import TranslationCache
    from chalice_app.translation.engine import TranslationEngine
    from chalice_app.translation.sentence_translator import Orders

_Answer: TypeAlias = Translation | TranslationFailed | Unavailable


@dataclass(frozen=True)
class Warmed:
    """How far it has come.

    `sentences` are done, `cached` translations were there, `translated` are new and have cost
    `characters`, `failed` could not be made, the last of them for the `reason`. `unaffordable`
    sentences were left because of the budget.
    """

    sentences: int = 0
    cached: int = 0
    translated: int = 0
    failed: int = 0
    reason: str = ""
    characters: int = 0
    unaffordable: int = 0


@dataclass(frozen=True)
class Script:
    """The distinct sentences of a file; `skipped` lines were too long for one sentence."""

    sentences: Sequence[str]
    skipped: int


def read_script(lines: Iterable[str]) -> Script:
    """One sentence a line, as it will be spoken.

    Repetitions are left out, and lines without letters, which are never translated.
    """
    texts = list(dict.fromkeys(text for line in lines if has_letters(text := canonical(line))))
    short = [text for text in texts if len(text) <= MAX_TEXT_CHARACTERS]
    return Script(short, len(texts) - len(short))


@dataclass(frozen=True)
class Warming:
    """Translates what is not cached yet, one sentence at a time in all its languages at once."""

    cache: TranslationCache
    engine: TranslationEngine
    source: str
    targets: Sequence[str]
    budget: int
    wording: Wording = NO_WORDING

    def warm(self, sentences: Sequence[str], report: Callable[[Warmed], None]) -> Warmed:
        """Warms the sentences in their order, telling after each.

        The engine is never given more than `budget` characters: a translation is begun only if all
        of it can still be paid, and one that fails uses up the budget, for an answer that was lost
        may have been billed. The first sentence that does not fit ends the work.
        """
        warmed, given = Warmed(), 0
        for number, text in enumerate(sentences):
            orders = self._orders(text)
            cached = self._cached(orders)
            missing = {target: each for target, each in orders.items() if target not in cached}
            asked = self._affordable(missing, self.budget - given)
            answers = dict(self._answers(asked))
            made = {to: each for to, each in answers.items() if isinstance(each, Translation)}
            failures = [each for each in answers.values() if not isinstance(each, Translation)]
            given += _characters(asked, answers)
            self.cache.keep(self.source, made)
            fits = len(answers) == len(missing)
            warmed = replace(
                warmed,
                sentences=warmed.sentences + fits,
                cached=warmed.cached + len(cached),
                translated=warmed.translated + len(made),
                failed=warmed.failed + len(failures),
                reason=failures[-1].message if failures else warmed.reason,
                characters=warmed.characters + _characters(asked, made),
                unaffordable=0 if fits else len(sentences) - number,
            )
            report(warmed)
            if not fits:
                break
        return warmed

    def _orders(self, text: str) -> Orders:
        mentions = self.wording.mentions(canonical(self.wording.masked(text)), self.source)
        return {target: TranslationOrder.of(mentions, PLAIN, target) for target in self.targets}

    def _cached(self, orders: Orders) -> Collection[str]:
        """The languages that need no engine."""
        ready = [to for to, order in orders.items() if order.protected.whole is not None]
        asked = [to for to in orders if to not in ready]
        if not asked:
            return ready
        settings = {target: order.settings for target, order in orders.items()}
        text = orders[asked[0]].source_text
        return [*ready, *self.cache.get(text, self.source, asked, settings)]

    def _affordable(self, orders: Orders, left: int) -> Orders:
        """The first languages that can be paid together."""
        asked: dict[str, TranslationOrder] = {}
        for target, order in orders.items():
            left -= len(order.text)
            if left < 0:
                break
            asked[target] = order
        return asked

    def _answers(self, orders: Orders) -> Iterator[tuple[str, _Answer]]:
        asked = {
            target: self.engine.request(order.text, self.source, target).translated
            for target, order in orders.items()
        }
        wait(asked.values())
        for target, answer in asked.items():
            yield target, _result(orders[target], answer)


def _characters(orders: Orders, targets: Iterable[str]) -> int:
    return sum(len(orders[target].text) for target in targets)


def _result(order: TranslationOrder, answer: Future[str]) -> _Answer:
    try:
        return order.translation(answer.result())
    except (TranslationFailed, Unavailable) as failure:
        return failure
    except TermsLost:
        return TranslationFailed("the engine has not left the terms alone")
