"""Connections that grow old are asked to renew in time, and nobody else is."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from chalice_app.domain.session import Session
from chalice_app.rosters.renewal import ASKING_SHARE
from chalice_app.rosters.repair import Reconciler
from chalice_app.settings import RENEW_AFTER_SECONDS, RENEW_WITHIN_SECONDS
from infra.local.gateway.limits import GatewayLimits
from tests.fakes.world import World

LIFE_SECONDS = 2 * 3600
"""Of a connection, as API Gateway has it."""

LOOK_SECONDS = 5 * 60
"""Between two runs of the reconciler."""


def reconciling(world: World) -> Reconciler:
    return replace(world.app.reconciler, wait=lambda _: None)


def asked(world: World) -> Sequence[str]:
    """Who was asked, in any order, each as often as it was."""
    return sorted(key for key, message in world.gateway.log if message["type"] == "renew")


def talk(world: World) -> Session:
    of = world.speaker(world.open())
    world.listener(of, "old")
    world.clock.advance(60_000)
    world.listener(of, "young")
    return of


def test_old_connections_are_asked_and_no_others(world: World) -> None:
    talk(world)
    world.clock.advance((RENEW_AFTER_SECONDS - 60) * 1000 - 1)
    reconciling(world).reconcile()
    assert asked(world) == []
    world.clock.advance(1)
    reconciling(world).reconcile()
    assert asked(world) == ["old", "speaker"]
    assert world.gateway.to("old", "renew") == [
        {"type": "renew", "withinMs": RENEW_WITHIN_SECONDS * 1000}
    ]


@pytest.mark.parametrize("first_look", range(0, LOOK_SECONDS, 29))
def test_wherever_the_looks_fall_everyone_is_asked_ten_minutes_ahead(first_look: int) -> None:
    world = World()
    talk(world)
    born = world.clock.now_ms()
    world.clock.advance(first_look * 1000)
    while not world.gateway.to("young", "renew"):
        world.clock.advance(LOOK_SECONDS * 1000)
        reconciling(world).reconcile()
    left = LIFE_SECONDS - (world.clock.now_ms() - born) / 1000
    assert left >= 600
    assert left - RENEW_WITHIN_SECONDS >= 300, "time for clients that are not let in at once"


def test_only_the_session_that_is_looked_at_by_hand_is_asked(world: World) -> None:
    talk(world)
    other = world.open()
    world.listener(other, "elsewhere")
    world.clock.advance(RENEW_AFTER_SECONDS * 1000)
    reconciling(world).reconcile(other.session_id)
    assert asked(world) == ["elsewhere"]


def test_captions_keep_the_most_of_the_requests(world: World) -> None:
    talk(world)
    world.clock.advance(RENEW_AFTER_SECONDS * 1000)
    reconciling(world).reconcile()
    assert set(world.gateway.shares) == {ASKING_SHARE}


def test_the_settings_say_when(world: World) -> None:
    settings = replace(world.settings, renew_after_seconds=7, renew_within_seconds=3)
    renewal = replace(world.app, settings=settings).renewal
    connection = world.listener(world.open(), "a")
    assert not renewal.is_due(connection, connection.connected_at + 6_999)
    assert renewal.is_due(connection, connection.connected_at + 7_000)
    renewal.ask(["a"])
    assert world.gateway.to("a") == [{"type": "renew", "withinMs": 3_000}]


def test_the_local_gateway_has_the_same_life_and_patience_as_api_gateway() -> None:
    assert (GatewayLimits().max_age, GatewayLimits().idle_timeout) == (LIFE_SECONDS, 600)


def test_the_asking_ends_a_minute_from_now(world: World) -> None:
    talk(world)
    world.clock.advance(RENEW_AFTER_SECONDS * 1000)
    reconciling(world).reconcile()
    assert set(world.gateway.deadlines) == {world.clock.monotonic() + 60}
