"""How long an mp3 is: whole frames are counted, and nothing else."""

import io
import random

import av
import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from chalice_app.synthesis.mp3 import NotMp3, duration_ms
from tests.fakes.synthesis import FRAME, FRAME_MS

CD = b"\xff\xfb\x90\xc4" + bytes(413)
"""MPEG 1, 44.1 kHz, 128 kbit/s: 144 * 128000 / 44100 bytes, 26.12 ms."""
PADDED = b"\xff\xfb\x92\xc4" + bytes(414)
OLD = b"\xff\xe3\x38\xc4" + bytes(72 * 24_000 // 8_000 - 4)
"""MPEG 2.5, 8 kHz, 24 kbit/s: 72 ms."""
ID3 = b"ID3\x04\x00\x00\x00\x00\x01\x00" + b"\xff\xf3\x64\xc4" * 32
"""A tag of 128 bytes that looks like frames."""


@pytest.mark.parametrize(
    ("sound", "milliseconds"),
    [
        (FRAME, 24),
        (FRAME * 1000, 24_000),
        (CD * 100, 2612),
        (PADDED * 3 + CD, 104),
        (OLD * 2, 144),
        (ID3 + FRAME, 24),
        (FRAME + b"TAG" + bytes(125), 24),
        (b"\xff\xff\xff" + FRAME, 24),
        (FRAME + b"\x00\xff\x00" + FRAME, 48),
    ],
    ids=["one", "many", "MPEG 1", "padded", "MPEG 2.5", "ID3", "ID3v1", "before", "between"],
)
def test_the_frames_of_every_kind_are_counted(sound: bytes, milliseconds: int) -> None:
    assert duration_ms(sound) == milliseconds


@pytest.mark.parametrize("tag", [b"Xing", b"Info"])
def test_a_first_frame_that_describes_the_others_is_silent(tag: bytes) -> None:
    describing = FRAME[:13] + tag + FRAME[17:]
    assert duration_ms(describing + FRAME * 2) == 2 * FRAME_MS
    assert duration_ms(FRAME + describing) == 2 * FRAME_MS


def test_a_frame_that_breaks_off_does_not_count() -> None:
    assert duration_ms(FRAME + FRAME[:-1]) == FRAME_MS


@pytest.mark.parametrize(
    "sound",
    [
        b"",
        b"{}",
        FRAME[:-1],
        b"\xff" * 4000,
        b"<html>no sound here</html>" * 100,
        b"\xff\xf3\xf4\xc4" + bytes(400),
        b"\xff\xf3\x04\xc4" + bytes(400),
        b"\xff\xf3\x6c\xc4" + bytes(400),
        b"\xff\xf5\x64\xc4" + bytes(400),
        b"\xff\xeb\x64\xc4" + bytes(400),
        b"RIFF" + bytes(400),
        b"OggS" + bytes(400),
        b"ID3",
    ],
)
def test_what_has_no_frame_is_not_an_mp3(sound: bytes) -> None:
    with pytest.raises(NotMp3):
        duration_ms(sound)


@given(st.binary(max_size=2000), st.integers(0, 2**32))
def test_no_bytes_break_the_count(noise: bytes, seed: int) -> None:
    assume(not noise.startswith(b"ID3"))  # its size may cover all that follows
    at = random.Random(seed).randrange(len(noise) + 1)
    try:
        assert duration_ms(noise[:at] + FRAME * 3 + noise[at:]) > 0
    except NotMp3:
        pytest.fail("three whole frames were not found")


@pytest.mark.parametrize("rate", [8_000, 11_025, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000])
@pytest.mark.parametrize("options", [{}, {"write_xing": "0", "id3v2_version": "0"}])
def test_an_encoder_s_sound_is_as_long_as_its_samples(rate: int, options: dict[str, str]) -> None:
    file = io.BytesIO()
    seconds = 3
    with av.open(file, "w", format="mp3", options=options) as container:
        stream = container.add_stream("libmp3lame", rate=rate, layout="mono")
        silence = np.zeros((1, rate * seconds), dtype=np.int16)
        frame = av.AudioFrame.from_ndarray(silence, format="s16p", layout="mono")
        frame.sample_rate = rate
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    frames_ms = 4 * 1000 * (1152 if rate >= 32_000 else 576) / rate  # what encoders add at the ends
    assert seconds * 1000 <= duration_ms(file.getvalue()) <= seconds * 1000 + frames_ms
