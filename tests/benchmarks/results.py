"""What every benchmark does with its figures: a table to read, and JSON lines to keep.

A line is `{"benchmark", "figure", "unit", "ratio_to", "ratio", "target", "met"}`; `ratio_to` names
the benchmark that the ratio is to, `target` what the figure is held to; null where there is none.
Ratios travel between machines, figures do not.
"""

import json
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

RESULTS = Path(__file__).resolve().parents[2] / "bench-results.jsonl"


@dataclass(frozen=True, slots=True)
class Figure:
    """One measurement; `target` is what it may reach at most, `at_least` what it must reach."""

    benchmark: str
    value: float
    unit: str
    target: float | None = None
    ratio_to: str | None = None
    ratio: float | None = None
    note: str = ""
    at_least: float | None = None

    @property
    def promise(self) -> str | None:
        """What the figure is held to, None where nothing is promised."""
        if self.target is not None and self.at_least is not None:
            return f"{self.at_least:,g} to {self.target:,g}"
        if self.target is not None:
            return f"<= {self.target:,g}"
        return None if self.at_least is None else f">= {self.at_least:,g}"

    @property
    def met(self) -> bool | None:
        """Whether the promise is kept, None where there is none."""
        if self.promise is None:
            return None
        most = math.inf if self.target is None else self.target
        least = -math.inf if self.at_least is None else self.at_least
        return least <= self.value <= most

    def row(self) -> str:
        """Its row of the table."""
        whole = float(self.value).is_integer()
        digits = 0 if whole else 1 if abs(self.value) >= 10 else 2 if abs(self.value) >= 1 else 3
        mark = {None: "", True: "pass", False: "MISS"}[self.met]
        other = (self.ratio_to or "").rpartition(", ")[2] or self.ratio_to
        ratio = "" if self.ratio is None else f"{self.ratio:.2f} x {other}"
        text = f"{self.benchmark:<62}{self.value:>11,.{digits}f} {self.unit:<12}"
        return f"{text}{self.promise or '':<9}{mark:<5}{ratio} {self.note}".rstrip()

    def line(self) -> str:
        """Its line of the results."""
        return json.dumps(
            {
                "benchmark": self.benchmark,
                "figure": round(self.value, 4),
                "unit": self.unit,
                "ratio_to": self.ratio_to,
                "ratio": None if self.ratio is None else round(self.ratio, 4),
                "target": self.promise,
                "met": self.met,
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
