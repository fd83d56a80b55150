"""The bounds of a hall's doors."""

import pytest

from infra.local.gateway.limits import GatewayLimits
from infra.local.gateway.visitors import Visitors


def test_an_address_has_its_own_bound() -> None:
    visitors = Visitors(GatewayLimits(visitors=10, visitors_per_address=2))
    assert [visitors.enter("a") for _ in range(3)] == [True, True, False]
    assert visitors.enter("b")
    for _ in range(2):
        visitors.leave("a")
    assert visitors.enter("a")


def test_all_together_have_one() -> None:
    visitors = Visitors(GatewayLimits(visitors=3, visitors_per_address=2))
    assert [visitors.enter(each) for each in "abcd"] == [True, True, True, False]


def test_it_is_said_once_a_minute(caplog: pytest.LogCaptureFixture) -> None:
    now = [0.0]
    visitors = Visitors(GatewayLimits(visitors=9, visitors_per_address=1), lambda: now[0])
    for _ in range(5):
        visitors.enter("192.0.2.1")
    assert caplog.messages == ["1 connections, 1 of 192.0.2.1: further ones are refused"]
    now[0] = 60.0
    visitors.enter("192.0.2.1")
    assert len(caplog.messages) == 2


def test_a_hall_behind_one_router_fits_in() -> None:
    limits = GatewayLimits()
    assert limits.visitors_per_address >= 2000
    assert limits.visitors >= limits.visitors_per_address
