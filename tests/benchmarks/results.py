"""What every benchmark does with its figures: a table to read, and JSON lines to keep.

A line is `{"benchmark", "figure", "unit", "ratio_to", "ratio"}`; `ratio_to` names the benchmark
that the ratio is to, null where there is none. Ratios travel between machines, figures do not.
"""

import json
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

RESULTS = Path(__file__).resolve().parents[2] / "bench-results.jsonl"


@dataclass(frozen=True, slots=True)
class Figure:
    """One measurement; `target` is what it is to stay below, None where nothing is promised."""

    benchmark: str
    value: float
    unit: str
    target: float | None = None
    ratio_to: str | None = None
    ratio: float | None = None
    note: str = ""

    def row(self) -> str:
        """Its row of the table."""
        target = "" if self.target is None else f"target {self.target:g}"
        ratio = "" if self.ratio is None else f"{self.ratio:.2f} x {self.ratio_to}"
        text = f"{self.benchmark:<58}{self.value:>12,.1f} {self.unit:<12}{target:<13}"
        return f"{text}{ratio} {self.note}".rstrip()

    def line(self) -> str:
        """Its line of the results."""
        return json.dumps(
            {
                "benchmark": self.benchmark,
                "figure": round(self.value, 3),
                "unit": self.unit,
                "ratio_to": self.ratio_to,
                "ratio": None if self.ratio is None else round(self.ratio, 4),
            }
        )


def report(figures: Iterable[Figure], results: Path = RESULTS) -> None:
    """Prints the rows and appends the lines."""
    with results.open("a", encoding="utf-8") as lines:
        for figure in figures:
            print(figure.row(), flush=True)
            print(figure.line(), file=lines)


def percentile(values: Sequence[float], share: float) -> float:
    """The value that this share of them (0 to 1) does not exceed: the nearest rank."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]
