"""Figures of what a listener's page has really played, as heard.js writes it down."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from playwright.sync_api import Page

SCRIPT: Final = (Path(__file__).parent / "heard.js").read_text(encoding="utf-8")
"""Runs in the page before its own scripts (Playwright's `add_init_script`)."""

_NOTICED_MS = 100
"""After a sound's end, on a machine that is not busy."""

_CUT_MS = 300
"""Less than this of a sound's end may go unnoticed: the file's own silence, and one look."""


@dataclass(frozen=True, slots=True)
class Heard:
    """What was heard. A lag is from a speech message's arrival to the end of its sound, in ms.

    `held_up_ms` is what a busy machine has added to the lags, at most: its timers were late, or its
    sounds took longer than they are long.
    """

    sentences: int
    lags_ms: tuple[float, ...]
    skipped: tuple[int, ...]
    unmarked: tuple[int, ...]
    overlaps: int
    rates: frozenset[float]
    held_up_ms: float

    @property
    def skipped_share(self) -> float:
        """How many of the sentences were skipped or cut short, from 0 to 1."""
        return len(self.skipped) / self.sentences if self.sentences else 0.0


def heard_in(page: Page) -> Heard:
    """What that page, which was opened with SCRIPT, has played until now."""
    told = page.evaluate(
        "({ sounds: heard.sounds, messages: heard.messages, marked: heard.marked(),"
        " overlaps: heard.overlaps, heldUpMs: heard.heldUpMs })"
    )
    played = _played(told["messages"], told["sounds"])
    sequences = sorted({each["sequence"] for each in told["messages"]})
    missed = {
        message["sequence"]
        for message, sound in played
        if sound is None or sound["playedMs"] < message["durationMs"] - _CUT_MS
    }
    return Heard(
        sentences=len(sequences),
        lags_ms=tuple(sound["endedAt"] - message["at"] for message, sound in played if sound),
        skipped=tuple(each for each in sequences if each in missed),
        unmarked=tuple(sorted(missed - set(told["marked"]))),
        overlaps=told["overlaps"] + _overlapping(told["sounds"]),
        rates=frozenset(rate for each in told["sounds"] for rate in each["rates"]),
        held_up_ms=told["heldUpMs"] + sum(map(_stretched_by, told["sounds"])),
    )


def _played(
    messages: list[dict[str, Any]], sounds: list[dict[str, Any]]
) -> list[tuple[dict[str, Any], dict[str, Any] | None]]:
    """Each message with its sound, if it was played. A sentence said again has the same address."""
    left = list(sounds)
    pairs = []
    for message in sorted(messages, key=lambda each: (each["sequence"], each.get("part", 1))):
        sound = next((each for each in left if each["url"] == message["url"]), None)
        if sound is not None:
            left.remove(sound)
        pairs.append((message, sound))
    return pairs


def _stretched_by(sound: dict[str, Any]) -> float:
    took = float(sound["endedAt"] - sound["startedAt"])
    length = float(sound["playedMs"]) / min(sound["rates"], default=1.0)
    return max(0.0, took - length - _NOTICED_MS)


def _overlapping(sounds: list[dict[str, Any]]) -> int:
    ordered = sorted(sounds, key=lambda each: float(each["startedAt"]))
    ends = [each["endedAt"] or float("inf") for each in ordered]
    # A start is known by the sound's own clock, which may be a little off.
    return sum(
        after["startedAt"] < end - _CLOCK_MS for end, after in zip(ends, ordered[1:], strict=False)
    )


_CLOCK_MS = 60
