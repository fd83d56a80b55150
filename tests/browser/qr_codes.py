"""What a camera sees: a screenshot's pixels, and the QR codes in them."""

import zlib
from collections.abc import Callable, Iterator

import zxingcpp

_CHANNELS = {0: 1, 2: 3, 6: 4}


def read_qr_codes(png: bytes) -> list[str]:
    """The texts of the codes that are to be seen in a screenshot."""
    width, height, pixels = _green(png)
    image = memoryview(pixels).cast("B", (height, width))
    return [found.text for found in zxingcpp.read_barcodes(image)]


def _green(png: bytes) -> tuple[int, int, bytes]:
    """One channel of an 8-bit PNG (ISO/IEC 15948), which is enough of a black and white code."""
    chunks = dict(_chunks(png))
    head = chunks[b"IHDR"]
    width, height = int.from_bytes(head[:4]), int.from_bytes(head[4:8])
    size = _CHANNELS[head[9]]
    raw = zlib.decompress(chunks[b"IDAT"])
    above, pixels = bytes(width), bytearray()
    for start in range(0, len(raw), width * size + 1):
        # A filter looks at bytes of the same channel alone.
        line = raw[start + 1 + (size > 1) : start + 1 + width * size : size]
        above = _unfiltered(_FILTERS[raw[start]], line, above)
        pixels += above
    return width, height, bytes(pixels)


def _chunks(png: bytes) -> Iterator[tuple[bytes, bytes]]:
    """The chunks by name; the parts of the picture as one."""
    at, picture = 8, b""
    while at < len(png):
        length, name = int.from_bytes(png[at : at + 4]), png[at + 4 : at + 8]
        data = png[at + 8 : at + 8 + length]
        if name == b"IDAT":
            picture += data
        else:
            yield name, data
        at += length + 12
    yield b"IDAT", picture


def _unfiltered(guess: Callable[[int, int, int], int], line: bytes, above: bytes) -> bytes:
    out = bytearray()
    left = diagonal = 0
    for value, up in zip(line, above, strict=True):
        left = value + guess(left, up, diagonal) & 0xFF
        out.append(left)
        diagonal = up
    return bytes(out)


def _paeth(left: int, up: int, diagonal: int) -> int:
    wanted = left + up - diagonal
    from_left, from_up, from_diagonal = abs(wanted - left), abs(wanted - up), abs(wanted - diagonal)
    if from_left <= from_up and from_left <= from_diagonal:
        return left
    return up if from_up <= from_diagonal else diagonal


_FILTERS: tuple[Callable[[int, int, int], int], ...] = (
    lambda *_: 0,
    lambda left, *_: left,
    lambda _, up, __: up,
    lambda left, up, _: (left + up) // 2,
    _paeth,
)
