"""The messages that coming and going connections cause; their order is `test_update`'s."""

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace

import pytest

from chalice_app.domain.session import Connection, Session
from chalice_app.observability import metrics
from chalice_app.rosters.notifier import HANDSHAKE_WAITS, RosterNotifier
from chalice_app.sessions.resume_tokens import ResumeTokens
from chalice_app.wire.incoming import OpenSession
from tests.fakes.domain import NOW_MS, PATIENCE, listener, sentence, speaker
from tests.fakes.world import World


@dataclass
class Notified:
    """A world whose notifier waits for nothing; `waits` is what it would have waited for."""

    world: World = field(default_factory=World)
    waits: list[float] = field(default_factory=list)

    @property
    def notifier(self) -> RosterNotifier:
        return replace(self.world.app.notifier, wait=self.waits.append)

    def notify(self, joined: Sequence[Connection], *changed: Session) -> None:
        """Everything that the notifier does for those who joined and for these sessions."""
        greeted = self.notifier.greet(joined)
        self.notifier.notify_speakers({each.session_id for each in changed})
        self.notifier.close_refused(greeted.refused)
        self.notifier.greet_again(greeted.unreached)

    def kinds(self, connection_id: str) -> list[str]:
        return [message["type"] for message in self.world.gateway.to(connection_id)]


@pytest.fixture
def notified() -> Notified:
    return Notified()


# --- Speakers ------------------------------------------------------------------------------------


def test_a_speaker_gets_one_roster_however_many_join(notified: Notified) -> None:
    of = notified.world.speaker(notified.world.open())
    joined = [notified.world.listener(of, f"c{n}", "es" if n % 2 else "fr") for n in range(10)]
    notified.notify(joined, of)
    assert notified.world.gateway.to("speaker") == [
        {"type": "roster", "listenerCount": 10, "languages": {"es": 5, "fr": 5}, "voices": {}}
    ]


def test_each_speaker_gets_the_roster_of_the_own_session(notified: Notified) -> None:
    sessions = [notified.world.speaker(notified.world.open(), f"speaker{n}") for n in range(3)]
    for n, of in enumerate(sessions):
        for m in range(n):
            notified.world.listener(of, f"c{n}{m}")
    notified.notify([], *sessions)
    heard = [notified.world.gateway.to(f"speaker{n}")[0]["listenerCount"] for n in range(3)]
    assert heard == [0, 1, 2]


def test_a_session_without_a_speaker_gets_nothing(notified: Notified) -> None:
    of = notified.world.open()
    notified.world.listener(of, "c1")
    notified.notify([], of)
    assert notified.world.gateway.log == []


def test_a_session_whose_counts_did_not_move_gets_nothing(notified: Notified) -> None:
    of = notified.world.speaker(notified.world.open())
    notified.notify([notified.world.listener(of, "c1")])
    assert notified.kinds("speaker") == []


def test_a_session_that_is_gone_gets_nothing(notified: Notified) -> None:
    of = notified.world.speaker(notified.world.open())
    notified.world.tables.delete_session(of.session_id)
    notified.notify([], of)
    assert notified.world.gateway.log == []


def test_a_speaker_whose_socket_hangs_holds_up_no_other(notified: Notified) -> None:
    first = notified.world.speaker(notified.world.open(), "hanging")
    second = notified.world.speaker(notified.world.open(), "speaker")
    release = notified.world.gateway.hanging["hanging"] = threading.Event()
    with ThreadPoolExecutor(1) as function:
        notifying = function.submit(notified.notify, [], first, second)
        notified.world.gateway.wait_for("speaker", "roster")
        release.set()
        notifying.result(PATIENCE)
    assert notified.kinds("hanging") == ["roster"]


def test_the_listener_count_is_a_metric_of_each_session(notified: Notified) -> None:
    of = notified.world.open()
    notified.world.listener(of, "c1")
    notified.notify([], of)
    assert notified.world.metrics.emitted == [{metrics.LISTENER_COUNT: 1}]


# --- Joiners -------------------------------------------------------------------------------------


def test_a_joiner_is_greeted_once_and_nobody_waits(notified: Notified) -> None:
    of = notified.world.open()
    joined = [notified.world.listener(of, "c1", "es"), notified.world.listener(of, "c2", "fr")]
    notified.notify(joined, of)
    assert notified.world.gateway.to("c1") == [
        {
            "type": "joined",
            "sessionId": of.session_id,
            "role": "listener",
            "targetLanguage": "es",
            "sourceLanguage": "en",
            "lastSequence": 0,
            "resumeToken": ResumeTokens(of).issue("c1"),
        }
    ]
    assert notified.kinds("c2") == ["joined"]
    assert notified.waits == []


def test_a_speaker_is_greeted(notified: Notified) -> None:
    of = notified.world.speaker(notified.world.open(), "c1")
    notified.notify([speaker(of, "c1")])
    (message,) = notified.world.gateway.to("c1")
    assert (message["type"], message["role"]) == ("joined", "speaker")


def test_a_speaker_whom_another_has_displaced_since_gets_the_reason_and_is_closed(
    notified: Notified,
) -> None:
    of = notified.world.speaker(notified.world.open(), "c1")
    of = notified.world.speaker(of, "c2")
    notified.world.gateway.young["c1"] = 1
    notified.notify([speaker(of, "c1"), speaker(of, "c2")])
    (error,) = notified.world.gateway.to("c1")
    assert (error["type"], error["code"]) == ("error", "NOT_SPEAKER")
    assert notified.world.gateway.closed == ["c1"]
    assert notified.kinds("c2") == ["joined"]


def test_those_with_the_same_language_get_the_same_bytes_in_one_post(notified: Notified) -> None:
    of = notified.world.open()
    joined = [notified.world.listener(of, f"c{n}", "es") for n in range(5)]
    notified.notify(joined, of)
    assert notified.world.gateway.calls == [("c0", "c1", "c2", "c3", "c4")]


def test_a_handshake_under_way_is_tried_again(notified: Notified) -> None:
    of = notified.world.open()
    notified.world.gateway.young["c1"] = 2
    notified.notify([notified.world.listener(of, "c1"), notified.world.listener(of, "c2")], of)
    assert notified.kinds("c1") == ["joined"]
    assert notified.kinds("c2") == ["joined"]
    assert notified.waits == list(HANDSHAKE_WAITS[:2])


def test_a_handshake_that_never_ends_is_given_up(notified: Notified) -> None:
    of = notified.world.speaker(notified.world.open())
    notified.world.gateway.gone.add("c1")
    notified.notify([notified.world.listener(of, "c1")], of)
    assert notified.waits == list(HANDSHAKE_WAITS)
    assert sum(notified.waits) < 2
    assert notified.world.tables.get_connection("c1") is not None, "it may be young yet"
    assert notified.kinds("speaker") == ["roster"]


def test_a_joiner_who_has_left_is_not_waited_for(notified: Notified) -> None:
    of = notified.world.open()
    joined = notified.world.listener(of, "c1")
    notified.world.gateway.gone.add("c1")
    notified.world.tables.delete_connection("c1")
    notified.notify([joined], of)
    assert notified.waits == []


# --- Too late ------------------------------------------------------------------------------------


def test_a_joiner_whose_session_has_ended_gets_that_and_is_closed(notified: Notified) -> None:
    of = notified.world.open()
    joined = notified.world.listener(of, "c1")
    notified.world.tables.end_session(of, NOW_MS)
    notified.notify([joined], of)
    assert notified.kinds("c1") == ["sessionEnded"]
    assert notified.world.gateway.closed == ["c1"]


def test_a_joiner_whose_session_is_past_its_life_gets_that_and_is_closed(
    notified: Notified,
) -> None:
    # DynamoDB may take days to delete the row.
    of = notified.world.open()
    notified.world.clock.advance(of.expires_at_seconds * 1000 - notified.world.clock.now_ms() - 1)
    early = notified.world.listener(of, "c1")
    notified.notify([early], of)
    assert notified.kinds("c1") == ["joined"]
    notified.world.clock.advance(1)
    notified.notify([notified.world.listener(of, "c2")], of)
    assert notified.world.gateway.to("c2") == [
        {"type": "sessionEnded", "reason": "its time is over"}
    ]
    assert notified.world.gateway.closed == ["c2"]


def test_a_joiner_whose_session_is_gone_gets_that_and_is_closed(notified: Notified) -> None:
    of = notified.world.open()
    joined = notified.world.listener(of, "c1")
    notified.world.tables.delete_session(of.session_id)
    notified.notify([joined], of)
    assert notified.kinds("c1") == ["sessionEnded"]
    assert notified.world.gateway.closed == ["c1"]


def test_a_joiner_of_a_former_session_of_that_name_gets_that_and_is_closed(
    notified: Notified,
) -> None:
    former = notified.world.open()
    notified.world.tables.delete_session(former.session_id)
    again = Session(
        former.session_id, "en", "0" * 64, former.created_at + 1, former.expires_at_seconds
    )
    notified.world.tables.put_session(again)
    notified.notify([listener(former, "c1")])
    assert notified.kinds("c1") == ["sessionEnded"]
    assert notified.world.gateway.closed == ["c1"]


def test_a_new_listener_gets_no_captions(notified: Notified) -> None:
    of = notified.world.open()
    notified.world.app.speech.speak(of, "speaker", sentence(1))
    notified.notify([notified.world.listener(of, "c1", "es")], of)
    assert notified.kinds("c1") == ["joined"]


def test_a_speaker_is_replayed_nothing(notified: Notified) -> None:
    of = notified.world.speaker(notified.world.open(), "c1")
    notified.world.app.speech.speak(of, "elsewhere", sentence(1))
    notified.notify([speaker(of, "c1")])
    assert notified.kinds("c1") == ["joined"]


# --- Too many ------------------------------------------------------------------------------------


def crowd(notified: Notified, most: int | None, listeners: int) -> tuple[Session, list[Connection]]:
    """A session with listeners that have all passed the handshake, one millisecond apart."""
    of, _ = notified.world.app.sessions.open(OpenSession("en", max_listeners=most))
    notified.world.speaker(of)
    joined = []
    for number in range(listeners):
        joined.append(notified.world.listener(of, f"c{number}"))
        notified.world.clock.advance(1)
    return of, joined


def test_the_last_listeners_of_too_many_get_that_and_are_closed_and_the_first_stay(
    notified: Notified,
) -> None:
    of, joined = crowd(notified, most=3, listeners=5)
    notified.notify(list(reversed(joined)), of)
    for number in range(3):
        assert notified.kinds(f"c{number}") == ["joined"]
    for number in (3, 4):
        (refusal,) = notified.world.gateway.to(f"c{number}")
        assert refusal["code"] == "SESSION_FULL"
    assert sorted(notified.world.gateway.closed) == ["c3", "c4"]


@pytest.mark.parametrize("most", [None, 5, 6])
def test_nobody_is_turned_away_from_a_session_that_is_just_full(
    notified: Notified, most: int | None
) -> None:
    of, joined = crowd(notified, most, listeners=5)
    notified.notify(joined, of)
    assert notified.world.gateway.closed == []


def test_a_full_session_turns_no_speaker_away_and_nobody_else_s_listener(
    notified: Notified,
) -> None:
    of, joined = crowd(notified, most=1, listeners=2)
    elsewhere = notified.world.open()
    stranger = notified.world.listener(elsewhere, "stranger")
    comes_last = speaker(of, "speaker", notified.world.clock.now_ms())
    notified.notify([comes_last, stranger, *joined], of)
    assert notified.world.gateway.closed == ["c1"]
    assert notified.kinds("stranger") == ["joined"]
    assert notified.kinds("speaker") == ["joined", "roster"]


def test_a_listener_whose_handshake_is_not_over_is_turned_away_nevertheless(
    notified: Notified,
) -> None:
    of, joined = crowd(notified, most=1, listeners=2)
    notified.world.gateway.young["c1"] = 1
    notified.notify(joined, of)
    assert notified.kinds("c1") == ["error"]
    assert "c1" in notified.world.gateway.closed
