"""Fan-out: everyone is posted to, and the rows of those that are gone are removed."""

from collections.abc import Sequence

import pytest

from chalice_app.delivery.broadcast import CLOSING_SECONDS, HANDSHAKE_GRACE_MS, NOTICE_SECONDS
from chalice_app.domain.reports import Posted
from tests.fakes.delivery import RecordingGateway
from tests.fakes.domain import NOW_MS, FakeClock, listener, session
from tests.fakes.world import World

OLD = NOW_MS - HANDSHAKE_GRACE_MS - 1
MESSAGE = {"type": "caption", "text": "año"}


def test_everyone_gets_the_same_message(world: World) -> None:
    posted = world.app.broadcast.send(["c1", "c2"], MESSAGE, deadline=9.0)
    assert posted == Posted(delivered=2)
    assert world.gateway.log == [("c1", MESSAGE), ("c2", MESSAGE)]
    assert world.gateway.calls == [("c1", "c2")]
    assert world.gateway.deadlines == [9.0]


def test_nobody_to_send_to_is_no_call(world: World) -> None:
    assert world.app.broadcast.send([], MESSAGE, deadline=9.0) == Posted()
    assert world.gateway.calls == []


def test_what_may_be_lost_is_offered_for_a_moment_and_the_gone_are_left_alone(
    world: World,
) -> None:
    world.tables.put_connection(listener(session(), "c1", connected_at=OLD))
    world.gateway.gone.add("c1")
    world.app.broadcast.offer([], MESSAGE, 0.5)
    assert world.gateway.calls == []
    world.app.broadcast.offer(["c1", "c2"], MESSAGE, 0.5)
    assert world.gateway.log == [("c2", MESSAGE)]
    assert world.gateway.deadlines == [world.clock.monotonic() + 0.5]
    assert world.tables.get_connection("c1") is not None


def test_everyone_is_in_exactly_one_count(world: World) -> None:
    world.gateway.gone.add("c2")
    world.gateway.late.add("c3")
    world.gateway.failing.add("c4")
    posted = world.app.broadcast.send(["c1", "c2", "c3", "c4"], MESSAGE, deadline=9.0)
    assert posted == Posted(delivered=1, gone=("c2",), dropped=1, failed=1)


def test_the_row_of_a_socket_that_is_gone_is_deleted(world: World) -> None:
    for connection_id in ("c1", "c2"):
        world.tables.put_connection(listener(session(), connection_id, connected_at=OLD))
    world.gateway.gone.add("c1")
    world.app.broadcast.send(["c1", "c2"], MESSAGE, deadline=9.0)
    assert world.tables.get_connection("c1") is None
    assert world.tables.get_connection("c2") is not None


def test_a_row_is_kept_while_its_handshake_may_still_be_under_way(world: World) -> None:
    young = listener(session(), "c1", connected_at=NOW_MS - HANDSHAKE_GRACE_MS)
    world.tables.put_connection(young)
    world.gateway.gone.add("c1")
    world.app.broadcast.send(["c1"], MESSAGE, deadline=9.0)
    assert world.tables.get_connection("c1") == young


class SlowGateway(RecordingGateway):
    """Answers when so much time has passed."""

    def __init__(self, clock: FakeClock, ms: int) -> None:
        super().__init__()
        self._clock, self._ms = clock, ms

    def post(
        self, connection_ids: Sequence[str], data: bytes, deadline: float, share: float = 1.0
    ) -> Posted:
        posted = super().post(connection_ids, data, deadline, share)
        self._clock.advance(self._ms)
        return posted


@pytest.mark.parametrize("call", ["send", "notify"])
def test_a_row_is_kept_whose_handshake_was_under_way_when_the_posts_began(call: str) -> None:
    clock = FakeClock()
    world = World(clock=clock, gateway=SlowGateway(clock, 10_000))
    young = listener(session(), "c1", connected_at=NOW_MS - HANDSHAKE_GRACE_MS + 5_000)
    world.tables.put_connection(young)
    world.gateway.gone.add("c1")
    getattr(world.app.broadcast, call)(["c1"], MESSAGE, *([9.0] if call == "send" else []))
    assert world.tables.get_connection("c1") == young


def test_a_failed_post_deletes_no_row(world: World) -> None:
    world.tables.put_connection(listener(session(), "c1", connected_at=OLD))
    world.gateway.failing.add("c1")
    world.app.broadcast.send(["c1"], MESSAGE, deadline=9.0)
    assert world.tables.calls["delete_gone"] == 0


def test_rows_that_cannot_be_deleted_do_not_spoil_the_delivery(world: World) -> None:
    world.gateway.gone.add("c1")
    world.tables.refusing.add("delete_gone")
    posted = world.app.broadcast.send(["c1", "c2"], MESSAGE, deadline=9.0)
    assert posted == Posted(delivered=1, gone=("c1",))


def test_a_notice_has_its_own_time(world: World) -> None:
    world.clock.advance(2_000)
    world.app.broadcast.notify(["c1"], MESSAGE)
    assert world.gateway.deadlines == [2.0 + NOTICE_SECONDS]


def test_so_has_one_that_differs_by_connection(world: World) -> None:
    world.clock.advance(2_000)
    world.gateway.gone.add("c2")
    assert world.app.broadcast.notify_each(
        {"c1": b'{"type":"a"}', "c2": b'{"type":"b"}'}
    ) == Posted(delivered=1, gone=("c2",))
    assert world.gateway.to("c1") == [{"type": "a"}]
    assert world.gateway.deadlines == [2.0 + NOTICE_SECONDS]
    assert world.tables.calls["delete_gone"] == 1
    assert world.app.broadcast.notify_each({}) == Posted()
    assert len(world.gateway.deadlines) == 1


def test_all_are_closed_by_one_call_within_its_time(world: World) -> None:
    world.clock.advance(2_000)
    world.gateway.gone.add("c2")
    assert world.app.broadcast.close(["c1", "c2"]) == Posted(delivered=1, gone=("c2",))
    assert world.gateway.closed == ["c1", "c2"]
    assert world.gateway.deadlines == [2.0 + CLOSING_SECONDS]
    assert world.gateway.log == []


def test_nobody_to_close_is_no_call(world: World) -> None:
    assert world.app.broadcast.close([]) == Posted()
    assert world.gateway.deadlines == []


def test_rows_that_cannot_be_deleted_are_logged(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    world.gateway.gone |= {"c1", "c2"}
    world.tables.refusing.add("delete_gone")
    world.app.broadcast.send(["c1", "c2", "c3"], MESSAGE, deadline=9.0)
    assert [(each.levelname, each.getMessage()) for each in caplog.records] == [
        ("WARNING", "could not delete 2 gone connections")
    ]
