"""What a phone reads off the terminal."""

import re
from collections.abc import Sequence

import pytest
import zxingcpp

from infra.local.hall.qr import terminal_qr

PIXELS = 8
MARGIN = 10
DARK = 30
LINE = re.compile("\x1b\\[38;5;16;48;5;231m([ ▀▄█]+)\x1b\\[0m")


def photograph(lines: Sequence[str]) -> memoryview:
    """The code as a terminal shows it: black on white, the rest of the window dark."""
    cells = [match[1] for line in lines if (match := LINE.fullmatch(line))]
    assert len(cells) == len(lines)
    dark = bytes([DARK])
    sides = dark * MARGIN
    rows = [sides + row + sides for each in cells for row in halves(each)]
    above = [dark * len(rows[0])] * MARGIN
    pixels = [
        bytes(each for module in row for each in [module] * PIXELS)
        for row in [*above, *rows, *above]
        for _ in range(PIXELS)
    ]
    return memoryview(b"".join(pixels)).cast("B", (len(pixels), len(pixels[0])))


def halves(row: str) -> tuple[bytes, bytes]:
    """A line's two rows of modules."""
    upper, lower = (bytes(0 if each in blacks else 255 for each in row) for blacks in ("▀█", "▄█"))
    return upper, lower


@pytest.mark.parametrize(
    "url",
    [
        "http://192.168.1.7:8000/",
        "http://[fd00::7]:8000/",
        "https://captions.hall.example.org:8443/",
        "http://10.0.0.5/",
    ],
)
def test_a_phone_reads_the_address_off_the_terminal(url: str) -> None:
    (read,) = zxingcpp.read_barcodes(photograph(terminal_qr(url)))
    assert read.text == url
    assert read.format == zxingcpp.BarcodeFormat.QRCode


def test_the_code_of_an_address_fits_a_small_terminal() -> None:
    lines = terminal_qr("http://192.168.100.107:8000/")
    assert len(lines) <= 19
    assert all(len(match[1]) <= 40 for line in lines if (match := LINE.fullmatch(line)))
