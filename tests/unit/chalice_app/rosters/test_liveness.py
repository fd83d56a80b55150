"""Connections that nobody holds any more are found, and nobody else is disturbed."""

from dataclasses import replace

import pytest

from chalice_app.delivery.broadcast import HANDSHAKE_GRACE_MS
from chalice_app.domain.errors import Unavailable
from chalice_app.rosters.liveness import CHECK_SECONDS, CHECK_SHARE
from chalice_app.rosters.repair import Reconciled
from chalice_app.rosters.synchronisation import RosterSync
from chalice_app.settings import RENEW_AFTER_SECONDS
from tests.fakes.domain import ledger_key
from tests.fakes.memory import INDEX_LAG_MS
from tests.fakes.world import World


def reconcile(world: World, session_id: str | None = None) -> Reconciled:
    world.clock.advance(INDEX_LAG_MS)  # its scans show what is there by now
    return replace(world.app.reconciler, wait=lambda _: None).reconcile(session_id)


def test_a_listener_whose_disconnect_never_came_is_counted_no_more(world: World) -> None:
    talk = world.speaker(world.open())
    world.listener(talk, "there", "es")
    world.listener(talk, "ghost", "es")
    world.gateway.gone.add("ghost")
    world.clock.advance(HANDSHAKE_GRACE_MS + 1000)
    assert reconcile(world).gone == 1
    RosterSync(world.tables).synchronise([ledger_key(talk, "ghost")])
    assert world.now(talk).languages == {"es": 1}
    assert reconcile(world).gone == 0


def test_a_speaker_who_has_vanished_is_no_longer_named(world: World) -> None:
    talk = world.speaker(world.open())
    world.gateway.gone.add("speaker")
    world.clock.advance(HANDSHAKE_GRACE_MS + 1000)
    assert reconcile(world).gone == 1
    assert world.now(talk).speaker_connection_id is None
    assert world.tables.get_connection("speaker") is None


def test_nobody_is_lost_sight_of_when_the_tables_cannot_be_written(world: World) -> None:
    talk = world.speaker(world.open())
    world.gateway.gone.add("speaker")
    world.clock.advance(HANDSHAKE_GRACE_MS + 1000)
    world.tables.refusing.add("delete_gone")
    with pytest.raises(Unavailable):
        reconcile(world)
    world.tables.refusing.clear()
    assert reconcile(world).gone == 1
    assert world.tables.get_connection("speaker") is None
    assert world.now(talk).speaker_connection_id is None


def test_nobody_hears_of_it(world: World) -> None:
    talk = world.speaker(world.open())
    world.listener(talk, "there", "es")
    world.clock.advance(HANDSHAKE_GRACE_MS + 1000)
    before = len(world.gateway.log)
    assert reconcile(world) == Reconciled(0, 0, 0, 0)
    assert sorted(world.gateway.probed) == ["speaker", "there"]
    assert len(world.gateway.log) == before


def test_whose_handshake_may_not_be_over_is_left_alone(world: World) -> None:
    world.listener(world.open(), "arriving")
    world.gateway.gone.add("arriving")
    world.clock.advance(HANDSHAKE_GRACE_MS - INDEX_LAG_MS)
    assert reconcile(world).gone == 0
    assert world.gateway.probed == []


def test_a_connection_that_is_asked_to_renew_is_not_checked_too(world: World) -> None:
    talk = world.open()
    world.listener(talk, "old")
    world.clock.advance(RENEW_AFTER_SECONDS * 1000)
    reconcile(world)
    assert world.gateway.to("old", "renew")
    assert world.gateway.probed == []


def test_only_the_session_that_is_looked_at_by_hand_is_asked_for(world: World) -> None:
    world.listener(world.open(), "here")
    other = world.open()
    world.listener(other, "elsewhere")
    world.clock.advance(HANDSHAKE_GRACE_MS + 1000)
    reconcile(world, other.session_id)
    assert world.gateway.probed == ["elsewhere"]


def test_captions_keep_the_most_of_the_requests(world: World) -> None:
    world.listener(world.open(), "there")
    world.clock.advance(HANDSHAKE_GRACE_MS + 1000)
    reconcile(world)
    assert world.gateway.shares[-1] == CHECK_SHARE
    assert world.gateway.deadlines[-1] == world.clock.monotonic() + CHECK_SECONDS


def test_who_has_just_come_back_under_its_name_is_not_deleted(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.listener(world.open(), "ghost")
    world.gateway.gone.add("ghost")
    world.clock.advance(HANDSHAKE_GRACE_MS + 1000)
    asked: list[tuple[set[str], int]] = []
    monkeypatch.setattr(
        world.tables, "delete_gone", lambda ids, before: asked.append((set(ids), before))
    )
    reconcile(world)
    assert asked == [({"ghost"}, world.clock.now_ms() - HANDSHAKE_GRACE_MS)]
