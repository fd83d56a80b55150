"""START HERE: how a caption that has been sent gets its voice: another function is asked for it.

It is asked while the sentence goes on its way, and waited for at its end alone: no caption and no
report waits for a voice. Those are asked for to whom the caption was posted, so that nobody hears
what they cannot read.
"""

import logging
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Executor, Future
from dataclasses import asdict, dataclass, fields
from typing import Any

from chalice_app.domain.clock import Clock
from chalice_app.domain.errors import Unavailable
from chalice_app.domain.reports import Posted
from chalice_app.domain.sentence import Caption, SentenceRef
from chalice_app.observability import metrics
from chalice_app.observability.ports import MetricsSink
from chalice_app.synthesis.failures import Reason, VoiceFailures
from chalice_app.synthesis.parts import is_speakable
from chalice_app.synthesis.ports import VoiceInvoker
from chalice_app.synthesis.voices import voice_quality

_log = logging.getLogger(__name__)

_REF = frozenset(field.name for field in fields(SentenceRef))


@dataclass(frozen=True, slots=True)
class VoiceAsk:
    """A caption to be spoken, and the connections that are to hear it.

    `part` names the ask among those of its sentence: a language, or a batch of a large one.
    `asked_at` is when its captions had been posted (epoch ms).
    """

    ref: SentenceRef
    part: str
    language: str
    text: str
    connection_ids: Sequence[str]
    asked_at: int

    @property
    def is_batch(self) -> bool:
        """Whether others ask for the same at the same time."""
        return self.part != self.language

    def payload(self) -> dict[str, Any]:
        """The ask as JSON has it."""
        return asdict(self)

    @classmethod
    def of(cls, payload: Mapping[str, Any]) -> "VoiceAsk":
        """The ask of a payload; what a later version adds is passed over."""
        ref = {name: value for name, value in payload["ref"].items() if name in _REF}
        return cls(
            ref=SentenceRef(**ref),
            part=payload["part"],
            language=payload["language"],
            text=payload["text"],
            connection_ids=payload["connection_ids"],
            asked_at=payload["asked_at"],
        )


@dataclass(frozen=True, slots=True)
class VoiceRequests:
    """Asks for voices; `languages` are those that the stage speaks, with their quality."""

    invoker: VoiceInvoker
    failures: VoiceFailures
    metrics: MetricsSink
    executor: Executor
    clock: Clock
    languages: Mapping[str, str]

    def ask(
        self,
        ref: SentenceRef,
        caption: Caption,
        wanting: Sequence[str],
        posted: Posted,
        part: str | None = None,
    ) -> Future[None] | None:
        """Begins to ask for a caption's voice, if it has one and somebody there wants it.

        `posted` is what became of the caption: where its time was over before everybody's turn had
        come, it is over for a voice as well. Corrections are not spoken, nor what is not
        translated. Returns what `wait` waits for.
        """
        gone = frozenset(posted.gone)
        hearing = [each for each in wanting if each not in gone]
        is_in_time = posted.delivered and not posted.dropped
        if not (hearing and is_in_time and self._has_voice(ref, caption)):
            return None
        ask = VoiceAsk(
            ref,
            part or caption.language,
            caption.language,
            caption.text,
            hearing,
            self.clock.now_ms(),
        )
        return self.executor.submit(self._ask, ask)

    def wait(self, asked: Iterable[Future[None] | None]) -> None:
        """Returns when the functions have been asked; a function that ends may lose its threads."""
        for each in asked:
            try:
                if each is not None:
                    each.result()
            except Exception:  # noqa: BLE001 - the captions are there, and the report has to come
                _log.exception("a voice could not be asked for")

    def _has_voice(self, ref: SentenceRef, caption: Caption) -> bool:
        is_spoken = not (ref.revision or caption.is_untranslated) and is_speakable(caption.text)
        return is_spoken and voice_quality(caption.language, self.languages) is not None

    def _ask(self, ask: VoiceAsk) -> None:
        try:
            self.invoker.invoke(ask.payload())
        except Unavailable:
            _log.warning("no function for a voice of %d listeners", len(ask.connection_ids))
            self.metrics.emit({metrics.FAILED_VOICES_COUNT: 1})
            self.failures.tell(ask.ref, ask.language, Reason.FAILED)
