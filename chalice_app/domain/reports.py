"""What became of messages and sentences, by language."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass


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
    """How one language of one sentence went; `failed` means it was sent untranslated.

    `over_budget` says why: the session's characters are spent.
    """

    listeners: int
    posted: Posted
    cached: bool
    failed: bool = False
    over_budget: bool = False

    def __add__(self, other: "LanguageReport") -> "LanguageReport":
        return LanguageReport(
            self.listeners + other.listeners,
            self.posted + other.posted,
            self.cached and other.cached,
            self.failed or other.failed,
            self.over_budget or other.over_budget,
        )


def merged(parts: Iterable[Mapping[str, LanguageReport]]) -> Mapping[str, LanguageReport]:
    """Several reports of one sentence as one."""
    whole: dict[str, LanguageReport] = {}
    for part in parts:
        for language, report in part.items():
            whole[language] = whole[language] + report if language in whole else report
    return whole
