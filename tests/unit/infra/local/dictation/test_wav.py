"""WAV files of every kind that recorders write, and files that are none."""

import struct
from pathlib import Path

import numpy as np
import pytest

from infra.local.dictation.wav import UnreadableRecording, read_wav

SECONDS = 0.5
HERTZ = 440
KINDS = [(1, 8), (1, 16), (1, 24), (1, 32), (3, 32), (3, 64)]


def tone(rate: int) -> "np.ndarray[tuple[int], np.dtype[np.float64]]":
    return 0.5 * np.sin(2 * np.pi * HERTZ * np.arange(round(SECONDS * rate)) / rate)


def encoded(kind: int, bits: int, rate: int, channels: int) -> bytes:
    samples = np.repeat(tone(rate), channels)
    if kind == 3:
        return samples.astype(f"<f{bits // 8}").tobytes()
    if bits == 8:
        return np.rint(samples * 127 + 128).astype("u1").tobytes()
    whole = np.rint(samples * (2 ** (bits - 1) - 1)).astype("<i4")
    return bytes(whole.view("u1").reshape(-1, 4)[:, : bits // 8].tobytes())


def riff(
    kind: int, bits: int, rate: int, channels: int, sound: bytes, *, extensible: bool
) -> bytes:
    frame = channels * bits // 8
    form = struct.pack("<HIIHH", channels, rate, rate * frame, frame, bits)
    if extensible:
        form = struct.pack("<H", 0xFFFE) + form
        form += struct.pack("<HHIH14s", 22, bits, 0, kind, b"\0" * 14)
    else:
        form = struct.pack("<H", kind) + form
    chunks = b"".join(
        name + struct.pack("<I", len(chunk)) + chunk + b"\0" * (len(chunk) % 2)
        for name, chunk in ((b"LIST", b"INFOx"), (b"fmt ", form), (b"data", sound))
    )
    return b"RIFF" + struct.pack("<I", 4 + len(chunks)) + b"WAVE" + chunks


@pytest.mark.parametrize(("kind", "bits"), KINDS)
@pytest.mark.parametrize("rate", [8_000, 11_025, 16_000, 44_100, 48_000, 96_000])
@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("extensible", [False, True])
def test_a_tone_stays_the_same_tone(
    kind: int, bits: int, rate: int, channels: int, extensible: bool, tmp_path: Path
) -> None:
    sound = encoded(kind, bits, rate, channels)
    file = tmp_path / "tone.wav"
    file.write_bytes(riff(kind, bits, rate, channels, sound, extensible=extensible))
    read = np.frombuffer(read_wav(file), dtype="<i2") / 32_767
    expected = tone(16_000)
    assert abs(len(read) - len(expected)) <= 1
    middle = slice(400, -400)  # a resampler rings at the edges
    assert np.abs(read[: len(expected)][middle] - expected[: len(read)][middle]).max() < 0.02


def test_what_is_louder_than_full_scale_is_clipped(tmp_path: Path) -> None:
    sound = np.array([2.0, -3.0, np.nan, np.inf], dtype="<f4").tobytes()
    file = tmp_path / "loud.wav"
    file.write_bytes(riff(3, 32, 16_000, 1, sound, extensible=False))
    assert np.frombuffer(read_wav(file), dtype="<i2").tolist() == [32_767, -32_768, 0, 32_767]


@pytest.mark.parametrize("claimed", [0, 0xFFFFFFFF])
def test_a_recorder_that_was_killed_leaves_a_file_that_is_read(
    claimed: int, tmp_path: Path
) -> None:
    sound = encoded(1, 16, 16_000, 1)
    whole = riff(1, 16, 16_000, 1, sound, extensible=False)
    at = whole.index(b"data") + 4
    file = tmp_path / "killed.wav"
    file.write_bytes(whole[:at] + struct.pack("<I", claimed) + whole[at + 4 : -1])
    assert read_wav(file) == sound[:-2]


SHORT = riff(1, 16, 16_000, 1, b"", extensible=False)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "is not a WAV file; convert it with ffmpeg"),
        (b"ID3\x03 an MP3", "is not a WAV file"),
        (b"OggS" + bytes(40), "is not a WAV file"),
        (SHORT, "holds no sound"),
        (SHORT[:-8], "is broken: it has no sound"),
        (SHORT[:12], "is broken: it has no format"),
        (b"RIFF\0\0\0\0WAVEfmt \x04\0\0\0\x01\0\x01\0", "is broken: its format is cut off"),
        (riff(6, 8, 8_000, 1, b"x", extensible=False), "format 6 with 8 bits, which is not read"),
        (riff(1, 12, 8_000, 1, b"xx", extensible=False), "format 1 with 12 bits"),
        (riff(1, 16, 4_000, 1, b"xx", extensible=False), "4,000 samples a second"),
        (riff(1, 16, 192_000, 1, b"xx", extensible=False), "192,000 samples a second"),
        (riff(1, 16, 16_000, 0, b"xx", extensible=False), "has 0 channels"),
    ],
)
def test_a_file_that_is_not_read_is_refused_in_one_line(
    content: bytes, says: str, tmp_path: Path
) -> None:
    file = tmp_path / "file.wav"
    file.write_bytes(content)
    with pytest.raises(UnreadableRecording) as refused:
        read_wav(file)
    assert says in str(refused.value)
    assert str(refused.value).startswith(str(file))
    assert "\n" not in str(refused.value)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(UnreadableRecording, match=r"nowhere.wav cannot be read: No such file"):
        read_wav(tmp_path / "nowhere.wav")


def test_a_folder_is_not_a_recording(tmp_path: Path) -> None:
    with pytest.raises(UnreadableRecording, match="cannot be read: Is a directory"):
        read_wav(tmp_path)
