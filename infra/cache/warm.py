"""Fills the cache before a talk: a script's sentences, translated within a budget of characters."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, wait
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeAlias

from chalice_app.cache.lookup import canonical
from chalice_app.domain.characters import has_letters
from chalice_app.domain.errors import TranslationFailed, Unavailable
from chalice_app.wire.incoming import MAX_TEXT_CHARACTERS

if TYPE_CHECKING:
    from chalice_app.cache.lookup import TranslationCache
    from chalice_app.translation.engine import TranslationEngine

_Answer: TypeAlias = str | TranslationFailed | Unavailable


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

    def warm(self, sentences: Sequence[str], report: Callable[[Warmed], None]) -> Warmed:
        """Warms the sentences in their order, telling after each.

        The engine is never given more than `budget` characters: a translation is begun only if all
        of it can still be paid, and one that fails uses up the budget, for an answer that was lost
        may have been billed. The first sentence that does not fit ends the work.
        """
        warmed, given = Warmed(), 0
        for number, text in enumerate(sentences):
            cached = self.cache.get(text, self.source, self.targets)
            missing = [target for target in self.targets if target not in cached]
            affordable = (self.budget - given) // len(text)
            answers = dict(self._answers(text, missing[:affordable]))
            made = {target: each for target, each in answers.items() if isinstance(each, str)}
            failures = [each for each in answers.values() if not isinstance(each, str)]
            given += len(answers) * len(text)
            self.cache.put(text, self.source, made)
            fits = len(answers) == len(missing)
            warmed = replace(
                warmed,
                sentences=warmed.sentences + fits,
                cached=warmed.cached + len(cached),
                translated=warmed.translated + len(made),
                failed=warmed.failed + len(failures),
                reason=failures[-1].message if failures else warmed.reason,
                characters=warmed.characters + len(made) * len(text),
                unaffordable=0 if fits else len(sentences) - number,
            )
            report(warmed)
            if not fits:
                break
        return warmed

    def _answers(self, text: str, targets: Sequence[str]) -> Iterator[tuple[str, _Answer]]:
        asked = {
            target: self.engine.request(text, self.source, target).translated for target in targets
        }
        wait(asked.values())
        for target, answer in asked.items():
            yield target, _result(answer)


def _result(answer: Future[str]) -> _Answer:
    try:
        return answer.result()
    except (TranslationFailed, Unavailable) as failure:
        return failure
