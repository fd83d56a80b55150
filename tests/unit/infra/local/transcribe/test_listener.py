"""When sound is decoded and when results end; with a voice and a decoder that read the sound.

A sample's value is its word's number: each word takes 0.5 s of sound, zeros are silence.
"""

from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from infra.local.transcribe.decoding import Decoded, Sound
from infra.local.transcribe.listener import RATE, Heard, Listener
from infra.local.transcribe.words import Word

WORD = RATE // 2


class Reader:
    """Decodes what the samples say."""

    def __init__(self, marks: dict[int, str] | None = None) -> None:
        self.marks = marks or {}
        self.decodes = 0
        self.longest = 0.0
        self.believable = True

    def decode(self, sound: Sound) -> Decoded:
        self.decodes += 1
        self.longest = max(self.longest, len(sound) / RATE)
        return Decoded(list(self._words(sound)), logprob=0.0 if self.believable else -9.0)

    def _words(self, sound: Sound) -> Iterator[Word]:
        numbers = np.rint(sound * 32768).astype(int)
        edges = np.flatnonzero(np.diff(numbers, prepend=0, append=0))
        for start, end in pairwise(edges):
            number = int(numbers[start])
            if number and end - start > RATE // 10:  # nobody understands a sliver of a word
                marks = self.marks.get(number, "")
                yield Word(f"w{number}", start / RATE, end / RATE, marks)


class Voice:
    """Any sound is a voice."""

    def probability(self, window: Sound) -> float:
        return float(np.any(window != 0))


def spoken(*numbers: int) -> bytes:
    return np.repeat(np.array(numbers, "<i2"), WORD).tobytes()


def silence(seconds: float) -> bytes:
    return bytes(int(seconds * RATE) * 2)


def hear(listener: Listener, sound: bytes, piece: int = 3_200) -> list[Heard]:
    """In real time's pieces of 0.1 s."""
    results: list[Heard] = []
    for start in range(0, len(sound), piece):
        listener.add(sound[start : start + piece])
        results += listener.listen()
    return results


def finals(results: list[Heard]) -> list[str]:
    return [" ".join(w.text for w in each.words) for each in results if not each.partial]


def test_silence_is_never_decoded() -> None:
    reader = Reader()
    assert hear(Listener(reader, Voice()), silence(60)) == []
    assert reader.decodes == 0


def test_a_pause_ends_a_result_and_everything_said_is_in_one() -> None:
    listener = Listener(Reader(), Voice())
    sound = silence(1) + spoken(1, 2, 3) + silence(1) + spoken(4, 5) + silence(1)
    results = hear(listener, sound)
    assert finals(results) == ["w1 w2 w3", "w4 w5"]
    assert all(each.stable == len(each.words) for each in results if not each.partial)
    assert results[0].partial
    assert abs(results[-1].words[0].start - 3.5) < 0.1


def test_the_first_partial_comes_within_a_second_of_the_voice() -> None:
    listener = Listener(Reader(), Voice())
    assert hear(listener, spoken(1, 2))[0].end <= 1.0


def test_the_newest_words_are_shown_when_they_are_heard_again_or_the_voice_pauses() -> None:
    class Guesser(Reader):
        def decode(self, sound: Sound) -> Decoded:
            words = list(super().decode(sound).words)
            guess = f"guess{self.decodes}"
            return Decoded(
                [*words[:-2], *(replace(word, text=guess) for word in words[-2:])], logprob=0.0
            )

    listener = Listener(Guesser(), Voice())
    results = hear(listener, silence(1) + spoken(*range(1, 13)))
    assert len(results) > 5
    shown = [[word.text for word in each.words] for each in results]
    assert all(text[3:] == [f"w{n + 1}" for n in range(3, len(text))] for text in shown)
    assert len(shown[-1]) >= 8
    paused = hear(listener, silence(0.4))
    assert [word.text for word in paused[-1].words][-2:] == [f"guess{len(results) + 1}"] * 2


def test_a_word_that_no_later_decode_heard_whole_is_in_the_final() -> None:
    # The pause begins right behind a decode: the last word's end was not in it.
    for extra in range(0, WORD, 800):
        listener = Listener(Reader(), Voice())
        sound = spoken(1, 2, 3) + spoken(4)[: 2 * (WORD // 4 + extra)] + silence(1)
        assert finals(hear(listener, sound)) == ["w1 w2 w3 w4"], extra


def test_the_end_of_the_stream_ends_the_result() -> None:
    listener = Listener(Reader(), Voice())
    results = hear(listener, spoken(1, 2, 3))
    assert finals(results + listener.finish()) == ["w1 w2 w3"]


@pytest.mark.parametrize("mark", [".", ",", ""])
def test_speech_without_a_pause_is_cut_and_loses_nothing(mark: str) -> None:
    reader = Reader(dict.fromkeys(range(7, 200, 7), mark))
    listener = Listener(reader, Voice())
    results = hear(listener, spoken(*range(1, 160)) + silence(1))
    ended = finals(results)
    assert " ".join(ended) == " ".join(f"w{n}" for n in range(1, 160))
    assert len(ended) > 3
    assert reader.longest <= 25.1
    if mark:
        assert all(int(each.split()[-1][1:]) % 7 == 0 for each in ended[:-1])


def test_what_was_stable_stays_in_its_result() -> None:
    reader = Reader(dict.fromkeys(range(7, 200, 7), "."))
    results = hear(Listener(reader, Voice()), spoken(*range(1, 100)) + silence(1))
    stable: dict[str, list[str]] = {}
    for each in results:
        now = [word.text for word in each.words[: each.stable]]
        before = stable.get(each.id, [])
        assert now[: len(before)] == before
        stable[each.id] = now


def test_what_the_decoder_itself_doubts_is_not_heard() -> None:
    reader = Reader()
    reader.believable = False
    assert hear(Listener(reader, Voice()), spoken(1, 2, 3) + silence(1)) == []


def test_a_click_is_not_decoded() -> None:
    reader = Reader()
    assert hear(Listener(reader, Voice()), silence(1) + spoken(1)[:2_000] + silence(1)) == []
    assert reader.decodes == 0


def test_a_backlog_is_heard_whole_with_fewer_decodes() -> None:
    in_time, late = Reader(), Reader()
    sound = spoken(*range(1, 15)) + silence(1)
    hear(Listener(in_time, Voice()), sound)
    assert finals(hear(Listener(late, Voice()), sound, len(sound))) == [
        " ".join(f"w{n}" for n in range(1, 15))
    ]
    assert late.decodes < in_time.decodes


def test_a_slow_decoder_is_asked_less_often() -> None:
    quick, slow = Reader(), Reader()
    ticks = iter(range(10_000))
    sound = spoken(*range(1, 15))
    hear(Listener(quick, Voice(), clock=lambda: 0.0), sound)
    hear(Listener(slow, Voice(), clock=lambda: float(next(ticks))), sound)
    assert slow.decodes < quick.decodes
