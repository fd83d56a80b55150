"""The table of a voice's lags: from the caption to its sound, and to when it was heard."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from statistics import median

from infra.local.dictation.latencies import percentile
from infra.local.listening.turns import Turn, heard


def table(language: str, turns: Sequence[Turn]) -> Iterator[str]:
    """Its lines: a row a sound, then the whole. Seconds, from when the caption came."""
    yield f"{language:<9}{'sound came':>12}{'heard':>8}{'length':>9}{'speed':>8}"
    for turn in sorted(turns, key=lambda turn: turn.sound.place):
        yield _row(turn)
    yield _summary(language, turns)


def _row(turn: Turn) -> str:
    sound = turn.sound
    name = f"{sound.sequence:>4}" + (f".{sound.part}" if sound.parts > 1 else "")
    came = f"{sound.came_at - sound.captioned_at:>12.2f}"
    if turn.skipped:
        return f"{name:<9}{came}{'-':>8}{sound.seconds:>9.2f}{'':>8}  SKIPPED: {turn.skipped}"
    lag = turn.begins - sound.captioned_at
    return f"{name:<9}{came}{lag:>8.2f}{sound.seconds:>9.2f}{turn.speed:>8.1f}"


def _summary(language: str, turns: Sequence[Turn]) -> str:
    sentences = {turn.sound.sequence for turn in turns}
    skipped = {turn.sound.sequence for turn in turns if turn.skipped}
    text = f"{language}: sentences {len(sentences)}  skipped {len(skipped)}"
    lags = [turn.begins - turn.sound.captioned_at for turn in heard(turns)]
    if lags:
        worst = percentile(lags, 95)
        text += f"  caption to voice median {median(lags):.2f} s  p95 {worst:.2f} s"
    return text
