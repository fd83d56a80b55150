"""How much of what readers saw was taken back: normalised erasure.

Tokens that an update deletes or alters, and all that stood behind them, count as erased. Their sum
for each token of the final text is the erasure: 0 where text only grows; below 0.2 is called low
(Arivazhagan et al., 2020, "Re-translation versus streaming for simultaneous translation").
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise, takewhile


def erased(before: Sequence[str], after: Sequence[str]) -> int:
    """Tokens of `before` that `after` no longer begins with."""
    pairs = zip(before, after, strict=False)
    return len(before) - sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))


def normalised_erasure(shown: Iterable[Sequence[str]]) -> float:
    """Of everything that was shown, in order; the last is the final text."""
    updates = list(shown)
    final = len(updates[-1]) if updates else 0
    return sum(erased(before, after) for before, after in pairwise(updates)) / max(1, final)
