"""A QR code in the terminal, half as high as wide characters would make it."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import zip_longest
from typing import Final

import segno

_QUIET_MODULES: Final = 4  # ISO/IEC 18004: what readers may rely on
_HALVES: Final = {(0, 0): " ", (0, 1): "▄", (1, 0): "▀", (1, 1): "█"}
# Black on white whatever the terminal's theme makes of its colours' names: many a phone reads no
# code whose light and dark are exchanged. These two are of the 240 colours that no theme changes.
_BLACK_ON_WHITE: Final = "\x1b[38;5;16;48;5;231m"
_RESET: Final = "\x1b[0m"


def terminal_qr(text: str) -> Sequence[str]:
    """The code's lines: two rows of modules each, with the border that readers need."""
    rows = [list(row) for row in segno.make_qr(text, error="m").matrix_iter(border=_QUIET_MODULES)]
    empty = [0] * len(rows[0])
    pairs = zip_longest(rows[::2], rows[1::2], fillvalue=empty)
    return [
        _BLACK_ON_WHITE
        + "".join(_HALVES[bool(top), bool(bottom)] for top, bottom in zip(*pair, strict=True))
        + _RESET
        for pair in pairs
    ]
