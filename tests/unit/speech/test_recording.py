"""The recordings that tests and benchmarks speak: what they claim of their sound is true."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from infra.local.dictation.wav import read_wav
from tests.speech.recording import (
    BREATHLESS,
    Noise,
    Pauses,
    Recording,
    pink_noise,
    record,
    repeated,
    turns_of,
    white_noise,
)
from tests.speech.voices import RATE, VOICES

TURNS = [["Good morning, everyone.", "The church is open."], ["We bake bread."]]


@pytest.fixture(scope="module")
def recording() -> Recording:
    return record(TURNS)


def loud(recording: Recording, begun_ms: float, ended_ms: float) -> float:
    part = recording.sound[round(begun_ms * RATE / 1000) : round(ended_ms * RATE / 1000)]
    return float(np.abs(part).max())


def test_a_sentence_sounds_when_it_is_said_to(recording: Recording) -> None:
    edges = [0.0]
    for sentence in recording.sentences:
        assert loud(recording, sentence.start_ms, sentence.start_ms + 30) > 0.0005
        assert loud(recording, sentence.end_ms - 30, sentence.end_ms) > 0.0005
        assert sentence.start_ms < sentence.first_word_end_ms < sentence.end_ms
        edges += [sentence.start_ms - 1, sentence.end_ms + 1]
    edges.append(1000 * recording.seconds)
    silences = list(zip(edges[::2], edges[1::2], strict=True))
    assert [loud(recording, *silence) for silence in silences] == [0] * 4


def test_pauses_are_as_long_as_wanted(recording: Recording) -> None:
    first, second, third = recording.sentences
    assert Pauses().shortest <= (second.start_ms - first.end_ms) / 1000 <= Pauses().longest
    assert (third.start_ms - second.end_ms) / 1000 == pytest.approx(Pauses().turn, abs=0.002)


def test_the_same_text_is_the_same_sound(recording: Recording) -> None:
    for voice in VOICES:
        voice.cache_clear()  # type: ignore[attr-defined]
    assert record(TURNS).pcm() == recording.pcm()


def test_the_voices_take_turns(recording: Recording) -> None:
    first, second = VOICES
    said = recording.sound.tobytes()
    assert first(TURNS[0][0]).tobytes() in said
    assert second(TURNS[1][0]).tobytes() in said
    assert second(TURNS[0][0]).tobytes() not in said


def test_a_recording_is_repeated_until_it_is_long_enough() -> None:
    once = record(TURNS, BREATHLESS)
    long = repeated(TURNS, BREATHLESS, 3 * once.seconds)
    assert 3 * once.seconds <= long.seconds < 4 * once.seconds
    assert long.text.startswith(f"{once.text} {once.text} ")


@pytest.mark.parametrize("kind", [white_noise, pink_noise])
@pytest.mark.parametrize("decibels", [5, 15])
def test_noise_is_so_many_decibels_below_the_speech(
    recording: Recording, kind: Noise, decibels: float
) -> None:
    noise = recording.with_noise(kind, decibels).sound - recording.sound
    spoken = [
        recording.sound[each.start_ms * 16 : each.end_ms * 16] for each in recording.sentences
    ]
    ratio = power(np.concatenate(spoken)) / power(noise)
    assert 10 * np.log10(ratio) == pytest.approx(decibels, abs=0.1)


def power(sound: "np.typing.NDArray[np.float32]") -> float:
    return float(np.mean(sound.astype(np.float64) ** 2))


def test_what_is_saved_is_read_as_it_was(recording: Recording, tmp_path: Path) -> None:
    recording.save(tmp_path / "talk.wav")
    saved = np.frombuffer(read_wav(tmp_path / "talk.wav"), dtype="<i2").astype(int)
    assert np.abs(saved - np.frombuffer(recording.pcm(), dtype="<i2")).max() <= 1


def words(turns: Sequence[Sequence[str]]) -> int:
    return sum(len(sentence.split()) for turn in turns for sentence in turn)


def test_the_talk_is_as_people_speak() -> None:
    turns = turns_of()
    assert words(turns) > 1_000
    assert all(sentence[-1] in ".?" for turn in turns for sentence in turn)
    assert max(len(sentence.split()) for turn in turns for sentence in turn) <= 25
