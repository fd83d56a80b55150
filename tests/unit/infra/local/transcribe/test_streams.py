"""Streams of one worker: each gets its turn, and what a stream is owed comes before its end."""

import json

import pytest

from infra.local.transcribe.decoding import Decoded, Sound
from infra.local.transcribe.listener import Listener
from infra.local.transcribe.messages import Kind
from infra.local.transcribe.models import missing_recogniser, recognised_languages
from infra.local.transcribe.streams import Streams
from infra.local.transcribe.words import Word

VOICE = b"\x01\x00" * 8_000
SILENCE = bytes(32_000)


class Decoder:
    """Hears one word in anything."""

    def __init__(self) -> None:
        self.sounds: list[int] = []

    def decode(self, sound: Sound) -> Decoded:
        self.sounds.append(len(sound))
        return Decoded([Word("yes", 0.1, 0.4, ".")])


class Voice:
    """Any sound is a voice."""

    def probability(self, window: Sound) -> float:
        return float(window.any())


class Worker:
    """Streams, and what they said."""

    def __init__(self) -> None:
        self.decoder = Decoder()
        self.said: list[tuple[Kind, int, bytes]] = []
        self.streams = Streams(
            lambda: Listener(self.decoder, Voice()), lambda *message: self.said.append(message)
        )

    def work(self) -> None:
        while self.streams.turn():
            pass

    def results(self, stream: int) -> list[tuple[bool, str]]:
        """Whether each result of a stream is partial, and its words."""
        payloads = [
            json.loads(body) for kind, n, body in self.said if (kind, n) == (Kind.RESULT, stream)
        ]
        found = [payload["Transcript"]["Results"][0] for payload in payloads]
        return [(each["IsPartial"], each["Alternatives"][0]["Transcript"]) for each in found]


@pytest.fixture
def worker() -> Worker:
    return Worker()


def test_a_stream_that_ends_gets_its_last_result_and_then_its_end(worker: Worker) -> None:
    for kind, body in ((Kind.OPEN, b""), (Kind.AUDIO, VOICE), (Kind.END, b"")):
        worker.streams.receive(kind, 1, body)
    worker.work()
    assert worker.results(1)[-1] == (False, "yes.")
    assert [kind for kind, _, _ in worker.said][-1] is Kind.DONE
    assert sum(int(body) for kind, _, body in worker.said if kind is Kind.TAKEN) == len(VOICE)


def test_a_stream_s_backlog_stops_no_other(worker: Worker) -> None:
    worker.streams.receive(Kind.OPEN, 1, b"")
    worker.streams.receive(Kind.OPEN, 2, b"")
    for _ in range(60):
        worker.streams.receive(Kind.AUDIO, 1, VOICE + SILENCE)
    worker.streams.receive(Kind.AUDIO, 2, VOICE * 2)
    worker.streams.turn()
    assert worker.results(2)
    assert len(worker.results(1)) <= 1
    worker.work()
    assert [each for each in worker.results(1) if not each[0]] == [(False, "yes.")] * 60


def test_a_dropped_stream_is_forgotten(worker: Worker) -> None:
    worker.streams.receive(Kind.OPEN, 1, b"")
    worker.streams.receive(Kind.AUDIO, 1, VOICE)
    worker.streams.receive(Kind.DROP, 1, b"")
    worker.streams.receive(Kind.AUDIO, 1, VOICE)
    worker.work()
    assert worker.said == []


def test_silence_is_taken_without_a_decode(worker: Worker) -> None:
    worker.streams.receive(Kind.OPEN, 1, b"")
    worker.streams.receive(Kind.AUDIO, 1, SILENCE)
    worker.work()
    assert [kind for kind, _, _ in worker.said] == [Kind.TAKEN]
    assert worker.decoder.sounds == []


def test_a_stage_without_the_packages_says_what_it_lacks() -> None:
    none = recognised_languages(find=lambda _package: None)
    assert none == {}
    (line,) = missing_recogniser(none)
    assert "recogniser" in line
    assert list(missing_recogniser({"en": "good"})) == []


def test_the_lock_s_packages_recognise_english() -> None:
    assert recognised_languages() == {"en": "good"}
