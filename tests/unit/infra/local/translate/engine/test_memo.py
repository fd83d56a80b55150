"""Answers are computed once, whoever asks for them."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from infra.local.translate.engine.memo import Memo


class Slow:
    """Counts its calls; each waits until it is let go."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.asked = threading.Event()
        self.go = threading.Event()

    def __call__(self, text: str) -> str:
        self.calls.append(text)
        self.asked.set()
        assert self.go.wait(10)
        if text == "bad":
            raise ValueError(text)
        return text.upper()


def test_the_last_answers_are_remembered_and_the_oldest_forgotten() -> None:
    slow = Slow()
    slow.go.set()
    memo = Memo(slow, size=2)
    assert [memo(text) for text in ("a", "b", "a", "c", "a", "b")] == list("ABACAB")
    assert slow.calls == ["a", "b", "c", "b"]


@pytest.mark.parametrize("text", ["good", "bad"])
def test_threads_that_ask_for_the_same_share_one_call(text: str) -> None:
    slow = Slow()
    memo = Memo(slow)
    with ThreadPoolExecutor(4) as threads:
        answers = [threads.submit(memo, text) for _ in range(4)]
        assert slow.asked.wait(10)
        slow.go.set()
        errors = [answer.exception() for answer in answers]
    assert slow.calls in ([text], [text] * 2, [text] * 3, [text] * 4)
    if text == "good":
        assert slow.calls == [text]
        assert [answer.result() for answer in answers] == ["GOOD"] * 4
    else:
        assert all(isinstance(error, ValueError) for error in errors)


def test_a_failure_is_not_remembered() -> None:
    slow = Slow()
    slow.go.set()
    memo = Memo(slow)
    for _ in range(2):
        with pytest.raises(ValueError, match="bad"):
            memo("bad")
    assert slow.calls == ["bad", "bad"]
