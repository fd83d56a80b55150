"""Points and the straight line through them, drawn as SVG; and as PNG by Debian's Chromium."""

import html
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import linear_regression, median

from infra.chromium import chromium

WIDTH, HEIGHT = 560, 400
_LEFT, _RIGHT, _TOP, _BOTTOM = 64, 20, 48, 56
_TICKS = 5
_ROOM = 1.3
_INK, _FAINT, _LINE = "#1f2933", "#cbd2d9", "#d64545"


@dataclass(frozen=True, slots=True)
class Panel:
    """One diagram: at each x the values measured there, of which the median counts."""

    title: str
    x_label: str
    y_label: str
    measured: Mapping[float, Sequence[float]]

    @property
    def medians(self) -> dict[float, float]:
        """The point at each x."""
        return {x: median(values) for x, values in self.measured.items()}

    @property
    def fit(self) -> tuple[float, float]:
        """Slope and intercept of the medians, by least squares."""
        slope, intercept = linear_regression(list(self.medians), list(self.medians.values()))
        return slope, intercept


def svg(panels: Sequence[Panel]) -> str:
    """The panels side by side."""
    width = WIDTH * len(panels)
    size = f'width="{width}" height="{HEIGHT}"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family="Noto Sans" font-size="13">',
        f'<rect {size} fill="white"/>',
    ]
    for number, panel in enumerate(panels):
        parts += [f'<g transform="translate({number * WIDTH} 0)">', *_drawn(panel), "</g>"]
    return "\n".join([*parts, "</svg>"])


def save_png(picture: str, path: Path, browser: str) -> None:
    """Has the browser at that path draw it, at twice the size."""
    with chromium(browser) as driven:
        page = driven.new_page(device_scale_factor=2)
        page.set_content(f'<body style="margin:0">{picture}')
        page.locator("svg").screenshot(path=path)


def _drawn(panel: Panel) -> Iterator[str]:
    slope, intercept = panel.fit
    most_x = max(panel.measured)
    most_y = _ROOM * max(intercept + slope * most_x, *panel.medians.values())
    step_x, step_y = _step(most_x), _step(most_y)
    end_x, end_y = (math.ceil(most / step) * step for most, step in
                    ((most_x, step_x), (most_y, step_y)))  # fmt: skip

    def across(x: float) -> float:
        return _LEFT + x / end_x * (WIDTH - _LEFT - _RIGHT)

    def up(y: float) -> float:
        return HEIGHT - _BOTTOM - y / end_y * (HEIGHT - _TOP - _BOTTOM)

    yield _text(_LEFT, 28, panel.title, 'font-weight="bold"')
    for tick in range(round(end_x / step_x) + 1):
        x = tick * step_x
        yield _text(across(x), up(0) + 20, f"{x:,g}", 'text-anchor="middle"')
    for tick in range(round(end_y / step_y) + 1):
        y = tick * step_y
        yield _segment(across(0), up(y), across(end_x), up(y), _FAINT, 1)
        yield _text(_LEFT - 8, up(y) + 4, f"{y:,g}", 'text-anchor="end"')
    yield _text((_LEFT + WIDTH) / 2, HEIGHT - 14, panel.x_label, 'text-anchor="middle"')
    turned = f'text-anchor="middle" transform="rotate(-90 18 {HEIGHT / 2})"'
    yield _text(18, HEIGHT / 2, panel.y_label, turned)
    yield _segment(across(0), up(max(0, intercept)), across(end_x),
                   up(min(end_y, intercept + slope * end_x)), _LINE, 2)  # fmt: skip
    for x, values in panel.measured.items():
        for value in values:
            within = min(value, end_y)  # what is far out is drawn at the edge
            yield f'<circle cx="{across(x)}" cy="{up(within)}" r="2" fill="{_FAINT}"/>'
    for x, middle in panel.medians.items():
        yield f'<circle cx="{across(x)}" cy="{up(middle)}" r="4.5" fill="{_INK}"/>'
    sign = "-" if slope < 0 else "+"
    told = f"{intercept:.1f} ms {sign} {abs(slope):.3g} ms x {panel.x_label}"
    yield _text(_LEFT + 12, _TOP + 22, told, f'fill="{_LINE}"')


def _step(most: float) -> float:
    """1, 2 or 5 times a power of ten, so that about five reach that far."""
    rough = most / _TICKS
    power = 10.0 ** math.floor(math.log10(rough))
    return next(power * each for each in (1, 2, 5, 10) if power * each >= rough)


def _text(x: float, y: float, text: str, attributes: str) -> str:
    return f'<text x="{x}" y="{y}" {attributes}>{html.escape(text)}</text>'


def _segment(x1: float, y1: float, x2: float, y2: float, colour: str, width: int) -> str:
    ends = f'x1="{x1}" y1="{y1}" x2="{x2}" y2="{y2}"'
    return f'<line {ends} stroke="{colour}" stroke-width="{width}"/>'
