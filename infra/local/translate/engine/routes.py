"""From one language to another over the steps that this machine has: START HERE.

English and Portuguese are joined by the neural model, Portuguese to the other Romance languages by
rules. Direct rules from English are poor; by way of Portuguese they are fair.
"""

from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from functools import partial, reduce

from infra.local.translate.engine import apertium, neural
from infra.local.translate.engine.apertium_modes import find_mode
from infra.local.translate.engine.corrections import corrected
from infra.local.translate.engine.masking import masked
from infra.local.translate.engine.memo import Memo
from infra.local.translate.engine.orthography import (
    as_spanish_writes,
    in_plain_case,
    in_sentence_case,
    is_shouted,
)
from infra.local.translate.engine.sentences import each_sentence
from infra.local.translate.engine.shielded_tokens import shield

Translate = Callable[[str], str]


class Quality(IntEnum):
    """How far a translation can be trusted; a route is as good as its worst step."""

    GOOD = 1
    FAIR = 2
    DRAFT = 3


class UnsupportedPair(LookupError):
    """No installed steps lead from the one language to the other."""


class EngineClosed(RuntimeError):
    """The engine was closed before the text was translated."""


@dataclass(frozen=True, slots=True)
class Step:
    """One model: sentences of one language into another."""

    source: str
    target: str
    quality: Quality
    translate: Translate
    close: Callable[[], None] = lambda: None
    start: Callable[[], None] = lambda: None
    close_unused: Callable[[float], None] = lambda _seconds: None


# Judged by reading the sentences of a speech and of everyday talk.
_NEURAL = (("en", "pt", Quality.GOOD), ("pt", "en", Quality.GOOD))
_RULES = (
    ("pt", "es", "pt-es", Quality.FAIR),
    ("es", "pt", "es-pt_BR", Quality.FAIR),
    ("pt", "gl", "pt-gl", Quality.FAIR),
    ("gl", "pt", "gl-pt", Quality.FAIR),
    ("es", "ca", "spa-cat", Quality.FAIR),
    ("ca", "es", "cat-spa", Quality.FAIR),
    ("es", "fr", "es-fr", Quality.DRAFT),
    ("fr", "es", "fr-es", Quality.DRAFT),
    ("es", "it", "spa-ita", Quality.DRAFT),
    ("it", "es", "ita-spa", Quality.DRAFT),
)
_FINISHED: Mapping[str, Translate] = {"es": as_spanish_writes}
_SPEAKER_LANGUAGES = ("en", "pt")  # the badge of a target is for the first that leads there


class Engine:
    """Every language pair that the steps can be chained to."""

    def __init__(self, steps: Iterable[Step]) -> None:
        self._steps = tuple(steps)
        self._shared = {step: Memo(step.translate) for step in self._steps}
        ends = (language for step in self._steps for language in (step.source, step.target))
        self._languages = tuple(sorted(set(ends)))
        self._closed = False

    @property
    def languages(self) -> Sequence[str]:
        """Every language that some step starts from or leads to."""
        return self._languages

    def translate(self, text: str, source: str, target: str) -> str:
        """Translate a text; into its own language it stays as it is.

        Raises:
            UnsupportedPair: nothing leads there.
            PipeFailed: a rule-based step gave no answer.
            EngineClosed: the engine is ending.
        """
        self.prepare(source, target)
        steps = self.route(source, target)
        return each_sentence(text, source, partial(self._sentence, steps)) if steps else text

    def prepare(self, source: str, target: str) -> None:
        """Begin to start every step of a translation, side by side, and return without waiting.

        Raises:
            UnsupportedPair: nothing leads there.
        """
        for step in self.route(source, target):
            if not self._closed:
                step.start()

    def route(self, source: str, target: str) -> tuple[Step, ...]:
        """The fewest steps from one language to the other, none for the same language."""
        found: dict[str, tuple[Step, ...]] = {source: ()} if source in self.languages else {}
        waiting = deque(found)
        while waiting and target not in found:
            here = waiting.popleft()
            for step in self._steps:
                if step.source == here and step.target not in found:
                    found[step.target] = (*found[here], step)
                    waiting.append(step.target)
        if target not in found:
            raise UnsupportedPair(f"no installed steps lead from {source} to {target}")
        return found[target]

    def qualities(self) -> dict[str, str]:
        """A badge (`good`, `fair`, `draft`) for each target, from the usual speaker's language."""
        return {target: badge for target in self.languages if (badge := self._badge(target))}

    def close(self) -> None:
        """End every process that was started, and each translation after its present sentence."""
        self._closed = True
        for step in self._steps:
            step.close()

    def close_unused(self, seconds: float) -> None:
        """End the processes of steps that were not used for so long; they start when needed."""
        for step in self._steps:
            step.close_unused(seconds)

    def _badge(self, target: str) -> str | None:
        for source in _SPEAKER_LANGUAGES:
            try:
                steps = self.route(source, target)
            except UnsupportedPair:
                continue
            if steps:
                return max(step.quality for step in steps).name.lower()
        return None

    def _sentence(self, steps: Sequence[Step], sentence: str) -> str:
        if self._closed:
            raise EngineClosed("the engine is closed")

        source = steps[0].source

        def through(masked_sentence: str) -> str:
            return in_sentence_case(masked_sentence, source, chain)

        def chain(text: str) -> str:
            first, *others = (self._shared[step] for step in steps)
            plain = in_plain_case(text, source, first)
            return reduce(lambda result, step: step(result), others, plain)

        finish = _FINISHED.get(steps[-1].target, str)
        return finish(masked(shield(source, is_shouted(sentence)), sentence, through))


def installed_engine() -> Engine:
    """The engine that this machine can run, its English-to-Portuguese model loaded."""
    return Engine([*_neural_steps(), *_rule_steps()])


def _neural_steps() -> Iterable[Step]:
    for source, target, quality in _NEURAL:
        load = neural.find_model(source, target)
        if load is not None:
            direction = neural.NeuralDirection(load)
            if source == "en":
                direction.load()
            translate = corrected(f"{source}-{target}", direction.translate)
            yield Step(source, target, quality, translate, start=direction.start)


def _rule_steps() -> Iterable[Step]:
    for source, target, mode, quality in _RULES:
        commands = find_mode(mode)
        if commands is not None:
            pipe = apertium.RulePipe(commands)
            translate = corrected(mode, pipe.translate)
            yield Step(
                source, target, quality, translate, pipe.close, pipe.start, pipe.close_unused
            )
