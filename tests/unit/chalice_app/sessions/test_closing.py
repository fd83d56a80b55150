"""Connections that are closed from this side: each is notified, and a large hall goes in waves."""

from dataclasses import dataclass, field, replace

import pytest

from chalice_app.sessions.closing import (
    CLOSING_SHARE,
    LONGEST_SECONDS,
    MOST_WAVES,
    WAVE_SECONDS,
    CloseReason,
    ConnectionCloser,
)
from tests.fakes.world import World


@dataclass
class Closing:
    """A world whose closer waits for nothing; `waits` is what it would have waited for."""

    world: World = field(default_factory=World)
    waits: list[float] = field(default_factory=list)
    closed: list[int] = field(default_factory=list)

    @property
    def closer(self) -> ConnectionCloser:
        return replace(self.world.app.closer, wait=self.wait)

    def wait(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.closed.append(len(self.world.gateway.closed))
        self.world.clock.advance(round(seconds * 1000))


@pytest.fixture
def closing() -> Closing:
    return Closing()


def crowd(count: int) -> list[str]:
    return [f"c{number:05}" for number in range(count)]


def test_a_small_hall_is_closed_at_once(closing: Closing) -> None:
    hall = crowd(250)
    closing.closer.notify_and_close(hall, CloseReason.SESSION_ENDED)
    assert closing.waits == []
    assert closing.world.gateway.closed == hall


def test_a_large_hall_is_closed_at_a_bounded_rate(closing: Closing) -> None:
    hall = crowd(10_000)
    closing.closer.notify_and_close(hall, CloseReason.SESSION_ENDED)
    wave = closing.world.settings.posts_per_second * CLOSING_SHARE * WAVE_SECONDS
    assert closing.closed == [wave * number for number in range(1, 40)]
    assert sum(closing.waits) == pytest.approx(39 * WAVE_SECONDS)
    assert closing.world.gateway.closed == hall
    assert [receiver for receiver, _ in closing.world.gateway.log] == hall


def test_a_hall_that_would_take_too_long_is_closed_in_so_many_waves(closing: Closing) -> None:
    hall = crowd(50_000)
    closing.closer.notify_and_close(hall, CloseReason.SESSION_ENDED)
    assert len(closing.waits) == MOST_WAVES - 1
    assert sum(closing.waits) < LONGEST_SECONDS
    assert closing.world.gateway.closed == hall


def test_a_lower_rate_of_the_account_s_is_a_lower_rate_of_closings(closing: Closing) -> None:
    closer = replace(closing.closer, per_second=2_000)
    closer.notify_and_close(crowd(1_000), CloseReason.SESSION_ENDED)
    assert closing.closed == [62 * number for number in range(1, 17)]


def test_waves_that_took_longer_are_not_waited_for(closing: Closing) -> None:
    closer = replace(closing.closer, wait=lambda _: pytest.fail("it is late already"))
    post = closing.world.gateway.notify

    def slow(*arguments: object, **more: object) -> object:
        closing.world.clock.advance(1_000)
        return post(*arguments, **more)  # type: ignore[arg-type]

    closing.world.gateway.notify = slow  # type: ignore[method-assign,assignment]
    closer.notify_and_close(crowd(1_000), CloseReason.SESSION_ENDED)
    assert len(closing.world.gateway.closed) == 1_000


def test_a_gateway_that_hangs_is_left_in_time_and_the_log_says_how_many_were_not_closed(
    closing: Closing, caplog: pytest.LogCaptureFixture
) -> None:
    post = closing.world.gateway.notify

    def hanging(*arguments: object, **more: object) -> object:
        closing.world.clock.advance(round(LONGEST_SECONDS * 1000))
        return post(*arguments, **more)  # type: ignore[arg-type]

    closing.world.gateway.notify = hanging  # type: ignore[method-assign,assignment]
    closing.closer.notify_and_close(crowd(1_000), CloseReason.SESSION_ENDED)
    assert len(closing.world.gateway.closed) == 250
    assert "750 connections were not closed in time" in caplog.text


def test_those_whose_handshake_is_not_over_are_tried_again_after_everybody_else(
    closing: Closing,
) -> None:
    hall = crowd(600)
    closing.world.gateway.young.update({hall[0]: 2})
    closing.closer.notify_and_close(hall, CloseReason.SESSION_FULL)
    assert closing.world.gateway.closed == [*hall[1:], hall[0]]
    assert [message["code"] for message in closing.world.gateway.to(hall[0])] == ["SESSION_FULL"]
