"""Reads a WAV file as a recogniser wants it: 16,000 samples a second, mono, 16 bits.

The standard library's `wave` reads whole numbers alone, and before Python 3.12 no extensible
header, which recorders write for 24 bits. This module reads PCM of 8, 16, 24 and 32 bits and
floating point of 32 and 64.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import soxr
from numpy.typing import NDArray

RATE: Final = 16_000
SLOWEST, FASTEST = 8_000, 96_000
"""Samples a second that a recording may have."""

MOST_CHANNELS: Final = 8

_PCM, _FLOAT, _EXTENSIBLE = 1, 3, 0xFFFE
_PLAIN: Final = {(_PCM, 8): "u1", (_PCM, 16): "<i2", (_PCM, 32): "<i4"} | {
    (_FLOAT, 32): "<f4",
    (_FLOAT, 64): "<f8",
}

_FULL_SCALE: Final = 2**15

Samples = NDArray[np.float32]


class UnreadableRecording(Exception):
    """Why a file cannot be spoken, in one line that also says what to do about it."""


@dataclass(frozen=True, slots=True)
class _Format:
    kind: int
    channels: int
    rate: int
    bits: int


def read_wav(path: Path) -> bytes:
    """The sound of a file as 16-bit samples, little-endian, 16,000 a second, mono.

    Raises:
        UnreadableRecording: the file cannot be read, is not WAV, is broken, has a format that this
            module does not read, or holds no sound.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise UnreadableRecording(f"{path} cannot be read: {error.strerror}") from None
    try:
        form, sound = _parts(data)
        samples = _mono(form, sound)
    except UnreadableRecording as reason:
        raise UnreadableRecording(f"{path} {reason}") from None
    resampled = soxr.resample(samples, form.rate, RATE) if form.rate != RATE else samples
    scaled = np.clip(np.rint(resampled * _FULL_SCALE), -_FULL_SCALE, _FULL_SCALE - 1)
    return bytes(scaled.astype("<i2").tobytes())


def _parts(data: bytes) -> tuple[_Format, bytes]:
    """The format and the sound."""
    if data[:4] != b"RIFF" or data[8:12] != b"WAVE":
        raise UnreadableRecording("is not a WAV file; convert it with ffmpeg -i FILE FILE.wav")
    form = None
    for name, chunk in _chunks(data):
        if name == b"fmt ":
            form = _format(chunk)
        elif name == b"data" and form is not None:
            return form, chunk
    raise UnreadableRecording("is broken: it has no " + ("format" if form is None else "sound"))


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Names and contents.

    A recorder that was killed has left the sound's length at 0, or far too large: the sound ends
    where the file ends.
    """
    at = 12
    while at + 8 <= len(data):
        name, size = data[at : at + 4], struct.unpack_from("<I", data, at + 4)[0]
        if name == b"data" and size == 0:
            size = len(data)
        yield name, data[at + 8 : at + 8 + size]
        at += 8 + size + size % 2


def _format(chunk: bytes) -> _Format:
    if len(chunk) < 16:
        raise UnreadableRecording("is broken: its format is cut off")
    kind, channels, rate, _, _, bits = struct.unpack_from("<HHIIHH", chunk)
    if kind == _EXTENSIBLE and len(chunk) >= 26:
        kind = struct.unpack_from("<H", chunk, 24)[0]
    if (kind, bits) not in _PLAIN and (kind, bits) != (_PCM, 24):
        raise UnreadableRecording(
            f"holds sound of format {kind} with {bits} bits, which is not read;"
            " convert it with ffmpeg -i FILE -c:a pcm_s16le OTHER.wav"
        )
    if not (1 <= channels <= MOST_CHANNELS and SLOWEST <= rate <= FASTEST):
        raise UnreadableRecording(
            f"has {channels} channels and {rate:,} samples a second; 1 to {MOST_CHANNELS} channels"
            f" and {SLOWEST:,} to {FASTEST:,} samples are read"
        )
    return _Format(kind, channels, rate, bits)


def _mono(form: _Format, sound: bytes) -> Samples:
    """The mean of all channels, from -1 to 1; what is cut off in the middle of a sample is left."""
    width = form.bits // 8 * form.channels
    sound = sound[: len(sound) // width * width]
    if not sound:
        raise UnreadableRecording("holds no sound")
    samples = _scaled(form, sound).reshape(-1, form.channels).mean(axis=1)
    mono: Samples = np.nan_to_num(samples, posinf=1, neginf=-1).astype(np.float32)
    return mono


def _scaled(form: _Format, sound: bytes) -> Samples:
    if form.bits == 24:
        padded = np.zeros((len(sound) // 3, 4), dtype=np.uint8)
        padded[:, 1:] = np.frombuffer(sound, dtype=np.uint8).reshape(-1, 3)
        return padded.reshape(-1).view("<i4").astype(np.float32) / np.float32(2**31)
    samples = np.frombuffer(sound, dtype=_PLAIN[form.kind, form.bits]).astype(np.float32)
    if form.kind == _FLOAT:
        return samples
    middle = 128 if form.bits == 8 else 0
    return (samples - middle) / np.float32(2 ** (form.bits - 1))
