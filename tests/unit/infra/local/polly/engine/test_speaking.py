"""Every engine's sound is made alike: trimmed, levelled, in the rate and format asked for."""

import io
from collections.abc import Callable
from typing import Any

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from infra.local.polly.engine.speaking import (
    KEPT_SECONDS,
    LOUDEST,
    LOUDNESS,
    SILENCE_SECONDS,
    SpokenText,
    leveled,
    plain,
    trimmed,
)

RATE = 16_000
Sound = NDArray[np.float32]


def tone(seconds: float, loudness: float) -> Sound:
    at = np.arange(round(seconds * RATE)) / RATE
    wave: Sound = (loudness * np.sin(2 * np.pi * 440 * at)).astype(np.float32)
    return wave


def silence(seconds: float) -> Sound:
    return np.zeros(round(seconds * RATE), np.float32)


def engine(sound: Sound) -> Callable[[str], Sound]:
    return lambda _text: sound


def decoded(mp3: bytes) -> tuple[int, Sound]:
    """The rate, and the samples."""
    with av.open(io.BytesIO(mp3), "r") as container:
        frames: list[Any] = list(container.decode(audio=0))
    return frames[0].sample_rate, np.concatenate([frame.to_ndarray()[0] for frame in frames])


def test_silence_at_the_ends_is_cut_but_for_a_little() -> None:
    padded = np.concatenate([silence(0.4), tone(1.0, 0.3), silence(0.9)])
    cut = trimmed(padded, RATE)
    assert len(cut) / RATE == pytest.approx(1.0 + 2 * KEPT_SECONDS, abs=0.05)
    assert np.abs(cut).max() == np.abs(padded).max()


def test_silence_within_a_sentence_stays() -> None:
    pause = np.concatenate([tone(0.5, 0.3), silence(0.7), tone(0.5, 0.3)])
    assert len(trimmed(pause, RATE)) >= len(pause) - 10


@pytest.mark.parametrize("loudness", [0.001, 0.05, 0.9])
def test_quiet_and_loud_voices_are_heard_alike(loudness: float) -> None:
    level = leveled(tone(1.0, loudness))
    assert np.sqrt(np.mean(level**2)) == pytest.approx(LOUDNESS, rel=0.05)


def test_no_sample_is_clipped() -> None:
    click = tone(1.0, 0.02)
    click[8_000] = 0.9
    assert np.abs(leveled(click)).max() <= LOUDEST + 1e-6


@pytest.mark.parametrize("rate", [8_000, 16_000, 22_050, 24_000])
def test_an_mp3_has_the_rate_and_the_length_of_its_sound(rate: int) -> None:
    mp3 = SpokenText(engine(tone(2.0, 0.3)), RATE).sound("a", rate, "mp3")
    found, samples = decoded(mp3)
    assert found == rate
    # An encoder adds up to three frames around the sound.
    assert 2.0 <= len(samples) / rate <= 2.4
    assert len(mp3) == pytest.approx(6_000 * len(samples) / rate, rel=0.02)
    assert np.sqrt(np.mean(samples**2)) == pytest.approx(LOUDNESS, rel=0.15)


def test_samples_are_little_endian_and_of_16_bits() -> None:
    pcm = SpokenText(engine(tone(1.0, 0.3)), RATE).sound("a", 8_000, "pcm")
    samples = np.frombuffer(pcm, "<i2") / 32_768
    assert len(samples) == pytest.approx(8_000, abs=10)
    assert np.sqrt(np.mean(samples**2)) == pytest.approx(LOUDNESS, rel=0.05)


@pytest.mark.parametrize("nothing", [silence(0.0), silence(1.0)])
def test_a_text_without_a_sound_is_a_short_silence(nothing: Sound) -> None:
    _, samples = decoded(SpokenText(engine(nothing), RATE).sound("...", 24_000, "mp3"))
    assert SILENCE_SECONDS <= len(samples) / 24_000 < 0.3
    assert np.abs(samples).max() < 0.001


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Hello, world.", "Hello, world."),
        ("<play file='/etc/passwd'/>Hi", "play file='/etc/passwd'/ Hi"),
        ("[[h@l'oU]] {a}|b\\c", "h@l'oU a b c"),
        ("two\nlines\tand\x00a\x1bbell", "two lines and a bell"),
        ("What?!?! No!!!!! ...", "What?!? No! ."),
        ("x" * 100 + " y", "x" * 40 + " y"),
        ("7" * 20, "7" * 15),
        ("  ", ""),
    ],
)
def test_engines_get_words_and_no_commands(text: str, said: str) -> None:
    assert plain(text) == said
