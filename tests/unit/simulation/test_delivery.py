"""The simulated hall: sockets, sentences and slices are as on AWS, and what is wrong is seen."""

import pytest

from tests.simulation.campaigns import hunt_one, shortest_trace
from tests.simulation.deliveries import Deliver
from tests.simulation.delivery.hall import Hall
from tests.simulation.delivery.mutants import MUTANTS
from tests.simulation.delivery.operations import (
    Die,
    End,
    Enter,
    GoOn,
    Leave,
    Move,
    Open,
    Pass,
    Say,
    SendSlice,
    TakeOver,
)
from tests.simulation.delivery.runs import run
from tests.simulation.delivery.schedules import SESSIONS, Operation, Schedule, drawn
from tests.simulation.designs import PRODUCTION
from tests.simulation.invocation import TO_THE_END
from tests.simulation.network import Fault
from tests.simulation.runs import silence
from tests.simulation.threadless import one_thread

NAME = SESSIONS[0]
EVERYTHING = Deliver(0, 10, 0, TO_THE_END, None, 1, lag=0)
BEGUN: tuple[Operation, ...] = (
    Open(NAME),
    TakeOver("speaker", NAME),
    Enter("a", NAME, "es"),
    Enter("b", NAME, "es"),
    Enter("c", NAME, "fr"),
    EVERYTHING,
)


def played(*operations: Operation, slice_listeners: int = 100, lag_ms: int = 0) -> Hall:
    """The hall after these, without the way to rest."""
    hall = Hall(PRODUCTION, 1, slice_listeners, lag_ms, is_late=False)
    with silence(), one_thread(), hall.clock.installed():
        for operation in (*BEGUN, *operations):
            operation.apply(hall)
    return hall


def captions(hall: Hall, connection: str) -> list[tuple[int, str]]:
    """What a listener was sent, in order: sequences and languages."""
    return [
        (sequence, each.language)
        for sequence, receptions in hall.listeners[connection].captions.items()
        for each in receptions
    ]


def test_a_sentence_reaches_each_listener_in_its_language() -> None:
    hall = played(Say(NAME))

    assert {key: captions(hall, key) for key in "abc"} == {
        "a": [(1, "es")],
        "b": [(1, "es")],
        "c": [(1, "fr")],
    }
    assert [each.reports for each in hall.spoken] == [1]


def test_one_who_returns_is_sent_what_it_missed() -> None:
    hall = played(Say(NAME), Say(NAME), Enter("d", NAME, "fr", behind=1), EVERYTHING, Say(NAME))

    assert captions(hall, "d") == [(2, "fr"), (3, "fr")]


def test_a_socket_answers_410_until_its_handshake_is_over_and_once_it_is_closed() -> None:
    hall = played(Enter("d", NAME, "es", handshake_ms=400))
    assert not hall.is_connected("d")

    Pass(400).apply(hall)
    assert hall.is_connected("d")

    hall.vanish("d")
    assert not hall.is_connected("d")
    assert not hall.is_connected("nobody")


def test_a_handshake_that_takes_too_long_is_refused() -> None:
    hall = played(Enter("d", NAME, "es", calls=1), Pass(30_000), GoOn(0))

    assert hall.sockets["d"].is_closed


def test_a_large_language_is_sent_in_slices_each_once() -> None:
    hall = played(
        Enter("d", NAME, "es"),
        EVERYTHING,
        Say(NAME),
        SendSlice(0, again=True),
        SendSlice(0),
        SendSlice(0),
        slice_listeners=2,
    )

    assert captions(hall, "a") == captions(hall, "b") == captions(hall, "d") == [(1, "es")]
    assert hall.spoken[0].reports == 1


def test_a_slice_whose_function_died_is_tried_again_a_minute_later() -> None:
    hall = played(
        Say(NAME), SendSlice(0, calls=1), Die(0), SendSlice(0), SendSlice(0), slice_listeners=1
    )
    assert hall.spoken[0].reports == 0

    with silence(), one_thread(), hall.clock.installed():
        Pass(61_000).apply(hall)
        SendSlice(0).apply(hall)

    assert hall.spoken[0].reports == 1
    assert hall.spoken[0].unreached == 1


def test_an_index_shows_what_was_there_so_long_ago() -> None:
    hall = played(Pass(1_000), Enter("d", NAME, "es"), lag_ms=800)

    def shown() -> set[str]:
        return {each.connection_id for each in hall.tables.connections.query_listeners(NAME)}

    assert shown() == {"a", "b", "c"}
    Pass(800).apply(hall)
    assert shown() == {"a", "b", "c", "d"}


def test_a_takeover_displaces_the_former_speaker() -> None:
    hall = played(TakeOver("other", NAME), GoOn(0), Say(NAME, former=1))

    assert hall.sockets["speaker"].is_closed
    assert hall.spoken == []


def test_the_end_closes_every_socket() -> None:
    hall = played(End(NAME), GoOn(0), GoOn(0), GoOn(0), GoOn(0))

    assert all(socket.is_closed for socket in hall.sockets.values())
    assert hall.database.connections.rows == {}


def test_a_caption_without_an_answer_counts_as_not_reached() -> None:
    # Two reads, two writes, the number's note, two pages of the roster, a translation, the post.
    hall = played(Say(NAME, calls=9, fault=Fault.LOST_RESPONSE), GoOn(0))

    assert hall.spoken[0].unreached == 1
    assert captions(hall, "a") == [(1, "es")]


@pytest.mark.parametrize(
    "operation",
    [
        Enter("a", NAME, "fr"),
        TakeOver("a", NAME),
        Say("calm-owl-102"),
        Say(NAME, former=1),
        Move("nobody", "fr"),
        Leave("nobody"),
        End("calm-owl-102"),
        GoOn(0),
        Die(0),
        SendSlice(0),
    ],
    ids=str,
)
def test_what_does_not_apply_does_nothing(operation: Operation) -> None:
    hall = played()
    step = hall.step

    operation.apply(hall)

    assert hall.step == step
    assert hall.under_way == []


def test_a_schedule_comes_to_rest_without_a_violation() -> None:
    schedule = Schedule(1, 2, 800, is_late=True, operations=(*BEGUN, Say(NAME, calls=5)))

    assert run(schedule).found is None
    assert drawn(1) == drawn(1) != drawn(3)


def test_the_shortest_trace_of_a_mutant_ends_with_what_went_wrong() -> None:
    mutant = next(each for each in MUTANTS if "skips the first" in each.name)
    hunted = hunt_one(mutant, range(100))
    assert hunted.caught is not None

    *_, last = shortest_trace(hunted.caught.seed, mutant)

    assert last.startswith("VIOLATION: D2")
