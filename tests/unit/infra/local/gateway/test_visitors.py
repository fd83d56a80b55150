"""The bounds of a hall's doors."""

import asyncio

import pytest

from infra.local.gateway.leftovers import Leftovers
from infra.local.gateway.limits import GatewayLimits
from infra.local.gateway.visitors import Visit, Visitors


class Visitor(Visit):
    """Who notes that the connection was cut."""

    def __init__(self) -> None:
        self.is_cut = False

    def cut(self) -> None:
        self.is_cut = True


class Doors:
    """A hall's, with their clock, which stands still."""

    def __init__(self, limits: GatewayLimits) -> None:
        self.now = 0.0
        self.visitors = Visitors(limits, Leftovers(), lambda: self.now)

    def silent(self, address: str) -> Visitor | None:
        """Who opens a connection and says nothing; None: is refused."""
        visit = Visitor()
        return visit if self.visitors.enter(visit, address) else None

    def asking(self, address: str) -> Visitor | None:
        """Who brings a request, if there is room."""
        visit = self.silent(address)
        if visit is not None:
            self.visitors.brings_request(visit)
        return visit


def test_an_address_has_its_own_bound() -> None:
    doors = Doors(GatewayLimits(visitors=10, visitors_per_address=2))
    first, second, third = (doors.asking("a") for _ in range(3))
    assert first is not None
    assert second is not None
    assert third is None
    assert doors.asking("b") is not None
    doors.visitors.leave(first)
    doors.visitors.leave(first)
    assert doors.asking("a") is not None
    assert doors.asking("a") is None


def test_all_together_have_one() -> None:
    doors = Doors(GatewayLimits(visitors=3, visitors_per_address=2))
    assert [doors.asking(each) is not None for each in "abcd"] == [True, True, True, False]


def test_the_oldest_without_a_request_goes_for_a_newcomer() -> None:
    doors = Doors(GatewayLimits(visitors=4, visitors_per_address=3))
    there = [doors.asking("a"), doors.silent("a"), doors.silent("b"), doors.silent("c")]
    assert doors.asking("d") is not None
    assert doors.asking("a") is not None
    assert [each is not None and each.is_cut for each in there] == [False, True, True, False]
    assert doors.silent("e") is not None
    assert there[3] is not None
    assert there[3].is_cut


def test_what_is_kept_alive_goes_when_nobody_else_is_idle() -> None:
    doors = Doors(GatewayLimits(visitors=3, visitors_per_address=3))
    first, in_use, second = (doors.asking(each) for each in "abc")
    for visit in (second, first):
        assert visit is not None
        doors.visitors.is_answered(visit)
    silent = doors.silent("d")
    assert second is not None
    assert second.is_cut
    assert doors.asking("e") is not None
    assert silent is not None
    assert silent.is_cut
    assert first is not None
    doors.visitors.brings_request(first)
    assert doors.asking("f") is None
    doors.visitors.is_answered(first)
    assert doors.asking("f") is not None
    assert first.is_cut
    assert in_use is not None
    assert not in_use.is_cut


def test_who_has_left_is_not_answered_any_more() -> None:
    doors = Doors(GatewayLimits(visitors=1))
    visit = doors.asking("a")
    assert visit is not None
    doors.visitors.leave(visit)
    doors.visitors.is_answered(visit)
    assert doors.asking("b") is not None
    assert doors.asking("c") is None


def test_at_its_own_bound_an_address_takes_nobody_else_s_place() -> None:
    doors = Doors(GatewayLimits(visitors=9, visitors_per_address=2))
    other, first, second = doors.silent("b"), doors.silent("a"), doors.silent("a")
    assert doors.asking("a") is not None
    assert [each is not None and each.is_cut for each in (other, first, second)] == [
        False,
        True,
        False,
    ]


def test_it_is_said_once_a_minute(caplog: pytest.LogCaptureFixture) -> None:
    doors = Doors(GatewayLimits(visitors=9, visitors_per_address=1))
    for _ in range(5):
        doors.silent("192.0.2.1")
    cut = "1 connections, 1 of 192.0.2.1: the oldest idle ones are closed"
    assert caplog.messages == [cut]
    for _ in range(5):
        doors.asking("192.0.2.1")
    refused = "1 connections, 1 of 192.0.2.1: further ones are refused"
    assert caplog.messages == [cut, refused]
    doors.now = 60.0
    doors.asking("192.0.2.1")
    assert caplog.messages == [cut, refused, refused]


def test_a_hall_behind_one_router_fits_in() -> None:
    limits = GatewayLimits()
    assert limits.visitors_per_address >= 2000
    assert limits.visitors >= limits.visitors_per_address


def test_who_brings_nothing_takes_a_place_for_a_short_time_only() -> None:
    limits = GatewayLimits()
    assert limits.visitor_first_head_timeout <= 5.0
    assert limits.visitor_first_head_timeout < limits.visitor_idle_timeout


def test_memory_is_given_back_after_many_have_left() -> None:
    async def scenario() -> None:
        given_back = asyncio.Event()
        leftovers = Leftovers(pause=0.0, release=given_back.set)
        visitors = Visitors(GatewayLimits(), leftovers)
        for _ in range(100):
            visit = Visitor()
            visitors.enter(visit, "192.0.2.1")
            visitors.leave(visit)
        async with asyncio.timeout(20):
            await given_back.wait()

    asyncio.run(scenario())
