"""How long an mp3 is, counted from its frames: no header says it of a stream.

Source: ISO/IEC 11172-3 and 13818-3, layer III; MPEG 2.5 as encoders write it.
"""

from collections.abc import Iterator
from typing import Final, NamedTuple

_RATES: Final = {3: (44100, 48000, 32000), 2: (22050, 24000, 16000), 0: (11025, 12000, 8000)}
"""Samples a second, by the two bits of the version: MPEG 1, 2 and 2.5."""
_KBITS: Final = {
    3: (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    2: (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
    0: (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
_LAYER_3: Final = 1
_HEADER_BYTES: Final = 4
_ID3_BYTES: Final = 10
_TAGS: Final = (b"Xing", b"Info")
"""What marks a first frame that describes the others and is silent itself."""
_TAG_WITHIN: Final = 48


class NotMp3(ValueError):
    """No frame of an mp3 is in it."""


class _Frame(NamedTuple):
    size: int
    samples: int
    rate: int


def duration_ms(sound: bytes) -> int:
    """How long it is, in milliseconds.

    Raises:
        NotMp3: there is no whole frame in it.
    """
    seconds = sum(frame.samples / frame.rate for frame in _frames(sound))
    if not seconds:
        raise NotMp3("there is no frame in the sound")
    return round(seconds * 1000)


def _frames(sound: bytes) -> Iterator[_Frame]:
    """The whole frames that sound; what stands between or behind them is passed over."""
    at, is_first = _after_id3(sound), True
    while (at := sound.find(b"\xff", at)) >= 0:
        frame = _frame(sound[at : at + _HEADER_BYTES])
        if frame is None or at + frame.size > len(sound):
            at += 1
            continue
        head = sound[at : at + _TAG_WITHIN]
        if not (is_first and any(tag in head for tag in _TAGS)):
            yield frame
        at, is_first = at + frame.size, False


def _after_id3(sound: bytes) -> int:
    if not sound.startswith(b"ID3") or len(sound) < _ID3_BYTES:
        return 0
    size = 0
    for seven_bits in sound[6:_ID3_BYTES]:
        size = size << 7 | seven_bits & 0x7F
    return _ID3_BYTES + size


def _frame(header: bytes) -> _Frame | None:
    """The frame that begins with these bytes, if they are its header."""
    if len(header) < _HEADER_BYTES or header[1] & 0xE0 != 0xE0:
        return None
    version, layer = header[1] >> 3 & 3, header[1] >> 1 & 3
    bitrate, rate = header[2] >> 4, header[2] >> 2 & 3
    if version not in _RATES or layer != _LAYER_3 or not 0 < bitrate < 15 or rate == 3:
        return None
    samples, hertz = 1152 if version == 3 else 576, _RATES[version][rate]
    padding = header[2] >> 1 & 1
    size = samples // 8 * _KBITS[version][bitrate] * 1000 // hertz + padding
    return _Frame(size, samples, hertz)
