"""How many messages a connection may send before they are refused, and how it learns of it."""

import pytest

from chalice_app.admission import message_limits
from chalice_app.admission.message_limits import BURST_SECONDS, Flooding, MessageLimits
from tests.fakes.domain import FakeClock

RATE, SENTENCES = 20, 10


class Sender:
    """Connections that send to one process; each answer is "in", "told" or "silent"."""

    def __init__(self, messages_per_second: int = RATE, sentences_per_second: int = SENTENCES):
        self.clock = FakeClock()
        self.waits: list[int] = []
        self.limits = MessageLimits(self.clock, messages_per_second, sentences_per_second)

    def send(self, connection_id: str = "c1", *, is_sentence: bool = False) -> str:
        try:
            self.limits.admit(connection_id, is_sentence=is_sentence)
        except Flooding as flood:
            self.waits.append(int(str(flood.details["retryAfterMs"])))
            return "silent" if flood.is_silent else "told"
        return "in"

    def flood(self, seconds: int, per_second: int, *, is_sentence: bool = False) -> list[str]:
        answers = []
        for number in range(seconds * per_second):
            answers.append(self.send(is_sentence=is_sentence))
            self.clock.advance((number + 1) * 1000 // per_second - number * 1000 // per_second)
        return answers


def test_a_connection_may_burst_and_then_keep_the_rate() -> None:
    sender = Sender()
    burst = RATE * BURST_SECONDS
    assert [sender.send() for _ in range(burst + 10)].count("in") in (burst, burst + 1)
    sender.clock.advance(1_000)
    assert [sender.send() for _ in range(burst)].count("in") in (RATE, RATE + 1)
    sender.clock.advance(60_000)
    assert [sender.send() for _ in range(burst + 10)].count("in") in (burst, burst + 1)
    assert all(1_000 <= each <= 2_000 for each in sender.waits)


def test_a_flood_is_answered_once_a_second() -> None:
    answers = Sender().flood(seconds=11, per_second=200)
    assert answers.count("told") <= 11
    assert answers.count("in") <= RATE * (BURST_SECONDS + 11) + 1
    assert answers.count("silent") > 1_500


def test_another_connection_does_not_feel_it() -> None:
    sender = Sender()
    sender.flood(seconds=5, per_second=200)
    assert sender.send("c2") == "in"


def test_a_speaker_s_rate_and_outbox_are_let_through() -> None:
    sender = Sender()
    assert set(sender.flood(seconds=60, per_second=SENTENCES, is_sentence=True)) == {"in"}
    assert {sender.send(is_sentence=True) for _ in range(300)} == {"in"}
    assert sender.send() == "in"


def test_sentences_have_an_end_too() -> None:
    sender = Sender()
    assert [sender.send(is_sentence=True) for _ in range(1_000)].count("in") in (400, 401)
    assert sender.send() == "in"


def test_who_speaks_without_being_the_speaker_has_a_listener_s_allowance() -> None:
    sender = Sender()
    answers = []
    for _ in range(500):
        answers.append(sender.send(is_sentence=True))
        if answers[-1] == "in":
            sender.limits.charge_stranger("c1")
    assert answers.count("in") in (RATE * BURST_SECONDS, RATE * BURST_SECONDS + 1)


def test_0_is_no_limit() -> None:
    sender = Sender(messages_per_second=0)
    assert {sender.send() for _ in range(5_000)} == {"in"}
    sender.limits.charge_stranger("c1")
    sender = Sender(sentences_per_second=0)
    assert {sender.send(is_sentence=True) for _ in range(5_000)} == {"in"}


def test_the_memory_is_bounded_and_holds_who_was_heard_last(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(message_limits, "MOST_CONNECTIONS", 3)
    sender = Sender()
    while sender.send() == "in":
        pass
    for number in range(2):
        sender.send(f"other{number}")
    assert sender.send() != "in"
    for number in range(3):
        sender.send(f"other{number}")
    assert sender.send() == "in"
    assert len(sender.limits._senders) == 3


def test_drafts_count_for_nothing() -> None:
    sender = Sender()
    for _ in range(RATE * BURST_SECONDS * 10):
        sender.limits.admit_draft("c1")
    assert sender.flood(seconds=1, per_second=RATE) == ["in"] * RATE


def test_who_has_spent_its_messages_sends_no_drafts() -> None:
    sender = Sender()
    sender.flood(seconds=2, per_second=1_000)
    with pytest.raises(Flooding) as refused:
        sender.limits.admit_draft("c1")
    assert refused.value.is_silent
    sender.limits.admit_draft("c2")
    sender.clock.advance(60_000)
    sender.limits.admit_draft("c1")


def test_drafts_of_strangers_are_messages() -> None:
    sender = Sender()
    for _ in range(RATE * BURST_SECONDS):
        sender.limits.admit_draft("c1")
        sender.limits.charge_stranger("c1")
    sender.limits.charge_stranger("c1")
    with pytest.raises(Flooding):
        sender.limits.admit_draft("c1")


def test_without_limits_drafts_have_none() -> None:
    limits = MessageLimits(FakeClock(), 0, 0)
    for _ in range(10_000):
        limits.admit_draft("c1")
