"""The microphone's samples at the recogniser's rate: what stays, what goes, chunks of 100 ms."""

import math
from collections.abc import Iterator, Sequence

import pytest

from tests.deno import Deno, running_deno

RATE = 16_000
RATES = (8_000, 16_000, 22_050, 44_100, 48_000, 96_000)
RESAMPLE = """({ Resampler }, from, frequency, lengths) => {
  const resampler = new Resampler(from, 16_000);
  const made = [];
  let at = 0;
  for (const length of lengths) {
    const sample = (_, n) => Math.sin((2 * Math.PI * frequency * (at + n)) / from);
    const samples = Float32Array.from({ length }, sample);
    made.push(...resampler.push(samples));
    at += length;
  }
  return made;
}"""
CHUNKS = """({ PcmChunks }, rate, channels, count) => {
  const chunks = [];
  const give = (chunk) => chunks.push([chunk.length, chunk[800], chunk.buffer.byteLength]);
  const pcm = new PcmChunks(rate, give);
  const block = channels.map((value) => new Float32Array(128).fill(value));
  for (let n = 0; n < count; n += 1) pcm.push(block);
  return chunks;
}"""


@pytest.fixture(scope="module")
def deno() -> Iterator[Deno]:
    """A process that has the modules."""
    with running_deno("speaker/resampler.js", "speaker/pcm-chunks.js") as running:
        yield running


def resampled(deno: Deno, rate: int, frequency: float, lengths: Sequence[int]) -> list[float]:
    """A tone of a microphone's, at 16 kHz."""
    made: list[float] = deno.evaluate(RESAMPLE, rate, frequency, lengths)
    return made


def in_decibels(amplitude: float) -> float:
    """Of a full tone."""
    return 20 * math.log10(max(amplitude, 1e-9))


@pytest.mark.parametrize(
    ("rate", "frequency"),
    [(rate, tone) for rate in RATES for tone in (100, 1_000, 3_000, 6_500) if tone < 0.4 * rate],
)
def test_a_tone_that_a_recogniser_hears_stays_as_it_is(
    deno: Deno, rate: int, frequency: int
) -> None:
    made = resampled(deno, rate, frequency, [128] * (rate // 128))
    assert len(made) == pytest.approx(RATE, abs=200)
    for n, sample in list(enumerate(made))[400:]:
        assert sample == pytest.approx(math.sin(2 * math.pi * frequency * n / RATE), abs=0.003)


@pytest.mark.parametrize(
    ("rate", "frequency"),
    [(22_050, 9_000), (44_100, 8_500), (48_000, 9_000), (48_000, 15_000), (96_000, 16_000)],
)
def test_what_would_fold_back_is_filtered_out(deno: Deno, rate: int, frequency: int) -> None:
    made = resampled(deno, rate, frequency, [128] * (rate // 128))
    assert in_decibels(max(abs(sample) for sample in made[400:])) < -55


@pytest.mark.parametrize("rate", RATES)
def test_blocks_of_any_length_make_the_same_sound(deno: Deno, rate: int) -> None:
    whole = resampled(deno, rate, 440, [9_000])
    parts = resampled(deno, rate, 440, [1, 2, 500, 128, 0, 7, 362, 8_000])
    assert len(parts) == len(whole)
    assert parts == pytest.approx(whole, abs=3e-4)


def test_the_sound_keeps_its_pace_for_an_hour(deno: Deno) -> None:
    source = """({ Resampler }) => {
      const resampler = new Resampler(44_100, 16_000);
      const block = new Float32Array(44_100);
      let count = 0;
      for (let second = 0; second < 60; second += 1) count += resampler.push(block).length;
      return count;
    }"""
    assert deno.evaluate(source) == pytest.approx(60 * RATE, abs=60)


@pytest.mark.parametrize("rate", RATES)
def test_chunks_are_of_100_ms_and_loud_sounds_are_cut(deno: Deno, rate: int) -> None:
    blocks = rate // 128
    chunks = deno.evaluate(CHUNKS, rate, [2.0], blocks)
    assert len(chunks) in {9, 10}
    assert chunks[1:] == [[1_600, 32_767, 3_200]] * (len(chunks) - 1)


def test_channels_become_one(deno: Deno) -> None:
    assert deno.evaluate(CHUNKS, RATE, [1.0, 0.0], 25)[1] == [1_600, 16_384, 3_200]
    assert deno.evaluate(CHUNKS, RATE, [], 25) == []
