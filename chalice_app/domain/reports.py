"""What became of messages and sentences, by language."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from chalice_app.domain.sentence import Caption, Origin


@dataclass(frozen=True, slots=True)
class Posted:
    """What became of one message to many connections: every connection is in exactly one count.

    `gone` names the connections that no longer exist (HTTP 410); `dropped` counts those whose turn
    had not come when the deadline passed.
    """

    delivered: int = 0
    gone: tuple[str, ...] = ()
    dropped: int = 0
    failed: int = 0

    def __add__(self, other: "Posted") -> "Posted":
        return Posted(
            self.delivered + other.delivered,
            self.gone + other.gone,
            self.dropped + other.dropped,
            self.failed + other.failed,
        )


@dataclass(frozen=True, slots=True)
class LanguageReport:
    """What became of one language of one sentence; `failed` means it was sent untranslated.

    `over_budget` gives the reason: the session's characters are spent. `latency_ms` is the time
    from the sentence's `spoken_at` to the last post, `voices` how many of the listeners wanted the
    voice. `characters` of the sentence were translated by the engine for this language: 0 where it
    was cached, needed no translation, or failed.
    """

    listeners: int
    posted: Posted
    cached: bool = False
    failed: bool = False
    over_budget: bool = False
    latency_ms: int = 0
    voices: int = 0
    characters: int = 0

    @classmethod
    def of(
        cls,
        caption: Caption,
        listeners: int,
        posted: Posted,
        *,
        latency_ms: int = 0,
        voices: int = 0,
        characters: int = 0,
    ) -> "LanguageReport":
        """The report of a caption that was posted to so many listeners."""
        return cls(
            listeners,
            posted,
            caption.is_cached,
            caption.is_untranslated,
            caption.origin is Origin.OVER_BUDGET,
            latency_ms,
            voices,
            characters,
        )

    def __add__(self, other: "LanguageReport") -> "LanguageReport":
        return LanguageReport(
            self.listeners + other.listeners,
            self.posted + other.posted,
            self.cached and other.cached,
            self.failed or other.failed,
            self.over_budget or other.over_budget,
            # Parts of one language share one translation, and are posted side by side.
            max(self.latency_ms, other.latency_ms),
            self.voices + other.voices,
            max(self.characters, other.characters),
        )


Reports = Mapping[str, LanguageReport]
"""What became of a sentence, by language."""


def merged(parts: Iterable[Reports]) -> Reports:
    """Several reports of one sentence as one."""
    whole: dict[str, LanguageReport] = {}
    for part in parts:
        for language, report in part.items():
            whole[language] = whole[language] + report if language in whole else report
    return whole


@dataclass(frozen=True, slots=True)
class Prepared:
    """What became of a preparation; each sentence counts once a language.

    `ready` ones are cached or need no translation, `failed` ones are tried again when they are
    spoken, and `over_budget` ones the session's budget does not pay for.
    """

    languages: Collection[str]
    ready: int
    failed: int
    over_budget: int
