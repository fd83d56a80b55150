"""Who is told what when connections come and go."""

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import pytest

from chalice_app.domain.session import Connection, Session
from chalice_app.observability import metrics
from chalice_app.rosters.notifier import HANDSHAKE_WAITS, RosterNotifier
from chalice_app.wire.messages import OpenSession
from tests.fakes.domain import PATIENCE, listener, sentence, speaker
from tests.fakes.world import World


@dataclass
class Told:
    """A world in which connections are told of; `waits` is what would have been waited for."""

    world: World = field(default_factory=World)
    waits: list[float] = field(default_factory=list)

    def wait(self, seconds: float) -> None:
        self.waits.append(seconds)

    def tell(self, joined: Sequence[Connection], *changed: Session) -> None:
        app = self.world.app
        presence = RosterNotifier(
            self.world.tables,
            app.broadcast,
            app.sessions,
            self.world.metrics,
            wait=self.wait,
        )
        presence.tell(joined, {each.session_id for each in changed})

    def kinds(self, connection_id: str) -> list[str]:
        return [message["type"] for message in self.world.gateway.to(connection_id)]


@pytest.fixture
def told() -> Told:
    return Told()


# --- Speakers ------------------------------------------------------------------------------------


def test_a_speaker_gets_one_roster_however_many_join(told: Told) -> None:
    of = told.world.speaker(told.world.open())
    joined = [told.world.listener(of, f"c{n}", "es" if n % 2 else "fr") for n in range(10)]
    told.tell(joined, of)
    assert told.world.gateway.to("speaker") == [
        {"type": "roster", "listenerCount": 10, "languages": {"es": 5, "fr": 5}}
    ]


def test_each_speaker_gets_the_roster_of_the_own_session(told: Told) -> None:
    sessions = [told.world.speaker(told.world.open(), f"speaker{n}") for n in range(3)]
    for n, of in enumerate(sessions):
        for m in range(n):
            told.world.listener(of, f"c{n}{m}")
    told.tell([], *sessions)
    heard = [told.world.gateway.to(f"speaker{n}")[0]["listenerCount"] for n in range(3)]
    assert heard == [0, 1, 2]


def test_a_session_without_a_speaker_is_told_nothing(told: Told) -> None:
    of = told.world.open()
    told.world.listener(of, "c1")
    told.tell([], of)
    assert told.world.gateway.log == []


def test_a_session_whose_counts_did_not_move_is_told_nothing(told: Told) -> None:
    of = told.world.speaker(told.world.open())
    told.tell([told.world.listener(of, "c1")])
    assert told.kinds("speaker") == []


def test_a_session_that_is_gone_is_told_nothing(told: Told) -> None:
    of = told.world.speaker(told.world.open())
    told.world.tables.delete_session(of.session_id)
    told.tell([], of)
    assert told.world.gateway.log == []


def test_a_speaker_whose_socket_hangs_holds_up_no_other(told: Told) -> None:
    first = told.world.speaker(told.world.open(), "hanging")
    second = told.world.speaker(told.world.open(), "speaker")
    release = told.world.gateway.hanging["hanging"] = threading.Event()
    with ThreadPoolExecutor(1) as function:
        telling = function.submit(told.tell, [], first, second)
        told.world.gateway.wait_for("speaker", "roster")
        release.set()
        telling.result(PATIENCE)
    assert told.kinds("hanging") == ["roster"]


def test_the_listener_count_is_a_metric_of_each_session(told: Told) -> None:
    of = told.world.open()
    told.world.listener(of, "c1")
    told.tell([], of)
    assert told.world.metrics.emitted == [{metrics.LISTENER_COUNT: 1}]


# --- Joiners -------------------------------------------------------------------------------------


def test_whoever_joined_is_told_once_and_nobody_waits(told: Told) -> None:
    of = told.world.open()
    joined = [told.world.listener(of, "c1", "es"), told.world.listener(of, "c2", "fr")]
    told.tell(joined, of)
    assert told.world.gateway.to("c1") == [
        {
            "type": "joined",
            "sessionId": of.session_id,
            "role": "listener",
            "targetLanguage": "es",
            "sourceLanguage": "en",
            "lastSequence": 0,
        }
    ]
    assert told.kinds("c2") == ["joined"]
    assert told.waits == []


def test_a_speaker_is_told_that_it_has_joined(told: Told) -> None:
    of = told.world.speaker(told.world.open(), "c1")
    told.tell([speaker(of, "c1")])
    (message,) = told.world.gateway.to("c1")
    assert (message["type"], message["role"]) == ("joined", "speaker")


def test_a_speaker_whom_another_has_displaced_meanwhile_is_told_and_closed(told: Told) -> None:
    of = told.world.speaker(told.world.open(), "c1")
    of = told.world.speaker(of, "c2")
    told.world.gateway.young["c1"] = 1
    told.tell([speaker(of, "c1"), speaker(of, "c2")])
    (error,) = told.world.gateway.to("c1")
    assert (error["type"], error["code"]) == ("error", "NOT_SPEAKER")
    assert told.world.gateway.closed == ["c1"]
    assert told.kinds("c2") == ["joined"]


def test_those_with_the_same_language_get_the_same_bytes_in_one_post(told: Told) -> None:
    of = told.world.open()
    joined = [told.world.listener(of, f"c{n}", "es") for n in range(5)]
    told.tell(joined, of)
    assert told.world.gateway.calls == [("c0", "c1", "c2", "c3", "c4")]


def test_the_greeting_comes_before_the_roster(told: Told) -> None:
    of = told.world.speaker(told.world.open())
    told.tell([told.world.listener(of, "c1")], of)
    assert [receiver for receiver, _ in told.world.gateway.log] == ["c1", "speaker"]


def test_a_handshake_under_way_is_tried_again(told: Told) -> None:
    of = told.world.open()
    told.world.gateway.young["c1"] = 2
    told.tell([told.world.listener(of, "c1"), told.world.listener(of, "c2")], of)
    assert told.kinds("c1") == ["joined"]
    assert told.kinds("c2") == ["joined"]
    assert told.waits == list(HANDSHAKE_WAITS[:2])


def test_a_handshake_that_never_ends_is_given_up(told: Told) -> None:
    of = told.world.speaker(told.world.open())
    told.world.gateway.gone.add("c1")
    told.tell([told.world.listener(of, "c1")], of)
    assert told.waits == list(HANDSHAKE_WAITS)
    assert sum(told.waits) < 2
    assert told.world.tables.get_connection("c1") is not None, "it may be young yet"
    assert told.kinds("speaker") == ["roster"]


def test_whoever_has_left_meanwhile_is_not_waited_for(told: Told) -> None:
    of = told.world.open()
    joined = told.world.listener(of, "c1")
    told.world.gateway.gone.add("c1")
    told.world.tables.delete_connection("c1")
    told.tell([joined], of)
    assert told.waits == []


def test_a_handshake_under_way_holds_up_nobody_else() -> None:
    # One batch holds the joins of many halls: nobody waits for a stranger's handshake.
    class Waiting(Told):
        heard_before: dict[str, list[str]]

        def wait(self, seconds: float) -> None:
            if not self.waits:
                self.heard_before = {key: self.kinds(key) for key in ("c2", "c3", "speaker")}
            super().wait(seconds)

    told = Waiting()
    of = told.world.speaker(told.world.open())
    elsewhere = told.world.open()
    told.world.gateway.young["c1"] = 1
    joined = [
        told.world.listener(of, "c1", "es"),
        told.world.listener(of, "c2", "fr"),
        told.world.listener(elsewhere, "c3", "es"),
    ]
    told.tell(joined, of, elsewhere)
    assert told.heard_before == {"c2": ["joined"], "c3": ["joined"], "speaker": ["roster"]}
    assert told.kinds("c1") == ["joined"]


# --- Too late ------------------------------------------------------------------------------------


def test_whoever_came_while_the_session_ended_is_dismissed(told: Told) -> None:
    of = told.world.open()
    joined = told.world.listener(of, "c1")
    told.world.tables.end_session(of)
    told.tell([joined], of)
    assert told.kinds("c1") == ["sessionEnded"]
    assert told.world.gateway.closed == ["c1"]


def test_whoever_came_to_a_session_that_is_gone_is_dismissed(told: Told) -> None:
    of = told.world.open()
    joined = told.world.listener(of, "c1")
    told.world.tables.delete_session(of.session_id)
    told.tell([joined], of)
    assert told.kinds("c1") == ["sessionEnded"]
    assert told.world.gateway.closed == ["c1"]


def test_whoever_came_to_a_former_session_of_that_name_is_dismissed(told: Told) -> None:
    former = told.world.open()
    told.world.tables.delete_session(former.session_id)
    again = Session(former.session_id, "en", "0" * 64, former.created_at + 1, former.expires_at)
    told.world.tables.put_session(again)
    told.tell([listener(former, "c1")])
    assert told.kinds("c1") == ["sessionEnded"]
    assert told.world.gateway.closed == ["c1"]


def test_whoever_comes_for_the_first_time_gets_no_captions(told: Told) -> None:
    of = told.world.open()
    told.world.app.speech.speak(of, "speaker", sentence(1))
    told.tell([told.world.listener(of, "c1", "es")], of)
    assert told.kinds("c1") == ["joined"]


def test_a_speaker_is_replayed_nothing(told: Told) -> None:
    of = told.world.speaker(told.world.open(), "c1")
    told.world.app.speech.speak(of, "elsewhere", sentence(1))
    told.tell([speaker(of, "c1")])
    assert told.kinds("c1") == ["joined"]


# --- Too many ------------------------------------------------------------------------------------


def crowd(told: Told, most: int | None, listeners: int) -> tuple[Session, list[Connection]]:
    """A session with listeners that have all passed the handshake, one millisecond apart."""
    of, _ = told.world.app.sessions.open(OpenSession("en", max_listeners=most))
    told.world.speaker(of)
    joined = []
    for number in range(listeners):
        joined.append(told.world.listener(of, f"c{number}"))
        told.world.clock.advance(1)
    return of, joined


def test_whoever_came_in_too_many_is_told_and_closed_and_the_first_stay(told: Told) -> None:
    of, joined = crowd(told, most=3, listeners=5)
    told.tell(list(reversed(joined)), of)
    for number in range(3):
        assert told.kinds(f"c{number}") == ["joined"]
    for number in (3, 4):
        (refusal,) = told.world.gateway.to(f"c{number}")
        assert refusal["code"] == "SESSION_FULL"
    assert sorted(told.world.gateway.closed) == ["c3", "c4"]


@pytest.mark.parametrize("most", [None, 5, 6])
def test_nobody_is_turned_away_from_a_session_that_is_just_full(
    told: Told, most: int | None
) -> None:
    of, joined = crowd(told, most, listeners=5)
    told.tell(joined, of)
    assert told.world.gateway.closed == []


def test_a_full_session_turns_no_speaker_away_and_nobody_else_s_listener(told: Told) -> None:
    of, joined = crowd(told, most=1, listeners=2)
    elsewhere = told.world.open()
    stranger = told.world.listener(elsewhere, "stranger")
    comes_last = speaker(of, "speaker", told.world.clock.now_ms())
    told.tell([comes_last, stranger, *joined], of)
    assert told.world.gateway.closed == ["c1"]
    assert told.kinds("stranger") == ["joined"]
    assert told.kinds("speaker") == ["joined", "roster"]


def test_a_listener_whose_handshake_is_not_over_is_turned_away_all_the_same(told: Told) -> None:
    of, joined = crowd(told, most=1, listeners=2)
    told.world.gateway.young["c1"] = 1
    told.tell(joined, of)
    assert told.kinds("c1") == ["error"]
    assert "c1" in told.world.gateway.closed
