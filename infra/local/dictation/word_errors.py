"""Word error rate: substituted, deleted and inserted words for each hundred that were said."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rapidfuzz.distance import Levenshtein


@dataclass(frozen=True, slots=True)
class WordErrors:
    """The fewest changes that make what was said of what was heard."""

    substituted: int
    missed: int
    invented: int
    said: int

    def __add__(self, other: WordErrors) -> WordErrors:
        """Of two texts."""
        return WordErrors(
            self.substituted + other.substituted,
            self.missed + other.missed,
            self.invented + other.invented,
            self.said + other.said,
        )

    @property
    def rate(self) -> float:
        """Errors for each word that was said; above 1 where more was invented than said."""
        return (self.substituted + self.missed + self.invented) / max(1, self.said)

    def __str__(self) -> str:
        """Its line of the output."""
        return (
            f"word error rate {100 * self.rate:.1f} %  of {self.said} words:"
            f" {self.substituted} substituted, {self.missed} missed, {self.invented} invented"
        )


def count_errors(said: Sequence[str], heard: Sequence[str]) -> WordErrors:
    """Compares words that are spelled in one way (`spoken_words`)."""
    steps = [step.tag for step in Levenshtein.editops(said, heard)]
    return WordErrors(
        substituted=steps.count("replace"),
        missed=steps.count("delete"),
        invented=steps.count("insert"),
        said=len(said),
    )


def heard_as(said: Sequence[str], heard: Sequence[str]) -> list[int | None]:
    """For each word that was said, the place of what was heard for it; None where it was missed."""
    places: list[int | None] = [None] * len(said)
    for block in Levenshtein.opcodes(said, heard):
        if block.tag in {"equal", "replace"}:
            pairs = zip(
                range(block.src_start, block.src_end),
                range(block.dest_start, block.dest_end),
                strict=True,
            )
            for source, place in pairs:
                places[source] = place
    return places
