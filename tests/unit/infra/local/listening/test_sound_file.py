"""Decoding sounds, and the file of what was heard."""

import wave
from pathlib import Path

import numpy as np
import pytest

from infra.local.listening.sound_file import RATE, UnreadableSound, decode, write_wav
from infra.local.listening.turns import FASTER, Sound, Turn
from tests.speech.mp3 import mp3

TONE = mp3(seconds=2.0, hertz=440)


def written(path: Path) -> np.ndarray[tuple[int], np.dtype[np.int16]]:
    with wave.open(str(path)) as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (RATE, 1, 2)
        return np.frombuffer(file.readframes(file.getnframes()), dtype="<i2")


def pitch(samples: np.ndarray[tuple[int], np.dtype[np.int16]]) -> float:
    spectrum = np.abs(np.fft.rfft(samples.astype(float)))
    return float(spectrum.argmax() * RATE / len(samples))


@pytest.mark.parametrize("rate", [22_050, 24_000])
def test_an_mp3_is_as_long_and_as_high_as_it_was(rate: int) -> None:
    samples = decode(mp3(seconds=2.0, hertz=440, rate=rate))
    assert len(samples) / RATE == pytest.approx(2.0, abs=0.1)
    assert pitch(samples) == pytest.approx(440, abs=2)


def test_a_faster_voice_is_shorter_and_not_higher() -> None:
    samples = decode(TONE, FASTER)
    assert len(samples) / RATE == pytest.approx(2.0 / FASTER, abs=0.1)
    assert pitch(samples) == pytest.approx(440, abs=5)


@pytest.mark.parametrize("broken", [b"", b"<html>gone</html>", TONE[:40], bytes(4_000)])
def test_what_is_not_a_sound_says_so(broken: bytes) -> None:
    with pytest.raises(UnreadableSound):
        decode(broken)


def test_the_file_has_every_sound_where_it_was_heard_and_silence_between(tmp_path: Path) -> None:
    turns = [Turn(Sound(1, 9, 10, 2.0), begins=11.0), Turn(Sound(2, 12, 13, 2.0), begins=15.0)]
    path = tmp_path / "voice-es.wav"
    seconds = write_wav(path, turns, {(1, 1): TONE, (2, 1): TONE}, begun=10.0)
    samples = written(path)
    assert len(samples) / RATE == seconds == pytest.approx(7.0, abs=0.1)
    loud = [bool(np.abs(samples[round(at * RATE) :][:100]).max() > 500) for at in (0.5, 2, 4, 6)]
    assert loud == [False, True, False, True]


def test_where_nothing_was_heard_the_file_is_empty_and_still_one(tmp_path: Path) -> None:
    assert write_wav(tmp_path / "voice-es.wav", [], {}, begun=10.0) == 0
    assert len(written(tmp_path / "voice-es.wav")) == 0
