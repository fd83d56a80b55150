"""What a camera sees: a screenshot's pixels, and the QR codes in them."""

import zlib
from collections.abc import Iterator

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
    stride = width * size
    above, pixels = bytes(stride), bytearray()
    for start in range(0, len(raw), stride + 1):
        above = _unfiltered(raw[start], raw[start + 1 : start + 1 + stride], above, size)
        pixels += above[size > 1 :: size]
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


def _unfiltered(kind: int, line: bytes, above: bytes, size: int) -> bytes:
    out = bytearray(size)  # the pixel before the first: zero
    corner = bytes(size) + above
    for place, value in enumerate(line):
        left, up, diagonal = out[place], above[place], corner[place]
        guess = (0, left, up, (left + up) // 2, _paeth(left, up, diagonal))[kind]
        out.append(value + guess & 0xFF)
    return bytes(out[size:])


def _paeth(left: int, up: int, diagonal: int) -> int:
    wanted = left + up - diagonal
    return min((left, up, diagonal), key=lambda each: abs(wanted - each))
