"""Admission: each number once, and no more sentences at a time than the pipeline can carry."""

import random
import threading
from collections.abc import Collection, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from chalice_app.admission.limits import AdmissionLimits
from chalice_app.domain.errors import BadMessage, RateLimited, Unavailable
from chalice_app.domain.sentence import CAPTION_LIFE_MS, RecentSentences, SentenceRef
from chalice_app.domain.session import HOUR_MS, Session
from chalice_app.speech.flow_control import CLAIM_RETRY_MS, MOST_IN_FLIGHT, SHORTEST_RETRY_MS
from tests.fakes.domain import NOW_MS, sentence
from tests.fakes.world import SETTINGS, MemoryTables, World


@pytest.fixture
def of(world: World) -> Session:
    """An open session with a speaker and a listener."""
    opened = world.speaker(world.open())
    world.listener(opened, "a")
    return world.now(opened)


def speak(world: World, of: Session, sequence: int) -> None:
    world.app.speech.speak(of, "speaker", sentence(sequence, spoken_at=world.clock.now_ms()))


def captions(world: World) -> list[int]:
    return [caption["sequence"] for caption in world.gateway.to("a", "caption")]


def ref(of: Session, sequence: int, spoken_at: int = NOW_MS) -> SentenceRef:
    return SentenceRef(of.session_id, of.created_at, sequence, "speaker", spoken_at, spoken_at)


def others_send(world: World, of: Session, sequences: Collection[int], at: int = NOW_MS) -> None:
    """Sentences that other functions have on their way."""
    for sequence in sequences:
        world.tables.add_sentence(ref(of, sequence, at))


def marks(world: World, of: Session) -> RecentSentences:
    found = world.tables.add_sentence(ref(of, 0))
    world.tables.remove_sentences(ref(of, 0), [0])
    others = {number: at for number, at in found.in_flight.items() if number}
    return replace(found, in_flight=others)


def in_flight(world: World, of: Session) -> Mapping[int, int]:
    """Those that have not been sent, by what every function can know."""
    found = marks(world, of).in_flight
    sent = world.tables.sent_among(ref(of, 0), found)
    return {number: at for number, at in found.items() if number not in sent}


def logged(caplog: pytest.LogCaptureFixture) -> list[tuple[str, str]]:
    """Level and message of each line."""
    return [(each.levelname, each.getMessage()) for each in caplog.records]


def test_a_sentence_that_is_over_is_no_longer_under_way(world: World, of: Session) -> None:
    speak(world, of, 1)
    assert captions(world) == [1]
    assert in_flight(world, of) == {}


def test_as_many_as_may_be_are_let_through(world: World, of: Session) -> None:
    others_send(world, of, range(2, MOST_IN_FLIGHT + 1))
    speak(world, of, 1)
    assert captions(world) == [1]


def test_one_too_many_is_refused_and_told_when_to_come_again(world: World, of: Session) -> None:
    others_send(world, of, [2])
    world.clock.advance(700)
    others_send(world, of, range(3, MOST_IN_FLIGHT + 2), NOW_MS + 700)
    with pytest.raises(RateLimited) as refused:
        speak(world, of, 1)
    assert refused.value.details == {"retryAfterMs": 700}
    assert captions(world) == []
    assert world.translator.calls == []
    assert 1 not in in_flight(world, of)


def test_nobody_is_told_to_come_again_at_once(world: World, of: Session) -> None:
    others_send(world, of, range(2, MOST_IN_FLIGHT + 2))
    with pytest.raises(RateLimited) as refused:
        speak(world, of, 1)
    assert refused.value.details == {"retryAfterMs": SHORTEST_RETRY_MS}


def test_a_refused_sentence_is_sent_when_it_comes_again(world: World, of: Session) -> None:
    others_send(world, of, range(2, MOST_IN_FLIGHT + 2))
    with pytest.raises(RateLimited):
        speak(world, of, 1)
    world.tables.remove_sentences(ref(of, 2), [2])
    speak(world, of, 1)
    assert captions(world) == [1]


def test_sentences_of_a_function_that_died_hold_up_nobody_for_longer_than_a_captions_life(
    world: World, of: Session
) -> None:
    dead = range(2, MOST_IN_FLIGHT + 2)
    others_send(world, of, dead)
    world.clock.advance(CAPTION_LIFE_MS - 1)
    with pytest.raises(RateLimited):
        speak(world, of, 1)
    world.clock.advance(1)
    speak(world, of, 1)
    assert captions(world) == [1]
    world.app.flow_control.executor.shutdown()
    assert not in_flight(world, of).keys() & set(dead)


def test_a_repeated_number_is_refused_as_such_though_too_many_are_under_way(
    world: World, of: Session
) -> None:
    speak(world, of, 1)
    others_send(world, of, range(2, MOST_IN_FLIGHT + 2))
    with pytest.raises(BadMessage):
        speak(world, of, 1)
    assert 1 not in in_flight(world, of)


def test_a_repetition_does_not_take_the_first_off_its_way(world: World, of: Session) -> None:
    world.tables.claim_sequence(of, sentence(1))
    others_send(world, of, [1])
    world.clock.advance(5)
    with pytest.raises(BadMessage):
        speak(world, of, 1)
    assert in_flight(world, of) == {1: NOW_MS}


def test_a_sentence_whose_function_died_is_spoken_again_with_its_new_time(
    world: World, of: Session
) -> None:
    world.tables.claim_sequence(of, sentence(1))
    others_send(world, of, [1])  # ... and there it ends.
    with pytest.raises(BadMessage) as refused:
        speak(world, of, 1)
    assert refused.value.details == {
        "sequence": 1,
        "lastSequence": 0,
        "retryAfterMs": CLAIM_RETRY_MS,
    }
    assert captions(world) == []
    world.clock.advance(CAPTION_LIFE_MS)
    speak(world, of, 1)
    (caption,) = world.gateway.to("a", "caption")
    assert caption["spokenAt"] == NOW_MS + CAPTION_LIFE_MS
    assert in_flight(world, of) == {}


def test_a_sentence_that_was_sent_is_not_spoken_again_however_much_later(
    world: World, of: Session
) -> None:
    speak(world, of, 1)
    world.clock.advance(10 * CAPTION_LIFE_MS)
    with pytest.raises(BadMessage) as refused:
        speak(world, world.now(of), 1)
    assert refused.value.details == {"sequence": 1, "lastSequence": 1}
    assert captions(world) == [1]


def test_a_sentence_that_nobody_was_there_to_hear_is_over_too(world: World) -> None:
    empty = world.speaker(world.open())
    speak(world, empty, 1)
    world.clock.advance(10 * CAPTION_LIFE_MS)
    world.listener(empty, "a")
    with pytest.raises(BadMessage):
        speak(world, world.now(empty), 1)
    assert captions(world) == []


def test_a_sentence_whose_end_cannot_be_noted_is_reported_nevertheless(
    world: World, of: Session
) -> None:
    world.tables.refusing.add("mark_sent")
    speak(world, of, 1)
    assert captions(world) == [1]
    assert [report["sequence"] for report in world.gateway.to("speaker", "spoken")] == [1]
    assert in_flight(world, of) == {}


def test_sessions_do_not_hold_up_each_other(world: World, of: Session) -> None:
    elsewhere = world.open()
    others_send(world, elsewhere, range(2, 2 * MOST_IN_FLIGHT))
    speak(world, of, 1)
    assert captions(world) == [1]


def test_a_sentence_that_nobody_hears_is_on_its_way_no_longer(world: World) -> None:
    empty = world.speaker(world.open())
    world.app.speech.speak(empty, "speaker", sentence(1))
    assert in_flight(world, empty) == {}


def test_quick_sentences_whose_end_cannot_be_noted_hold_up_nobody(
    world: World, of: Session
) -> None:
    world.tables.refusing.add("mark_sent")
    quick(world, of, 2 * MOST_IN_FLIGHT)
    assert captions(world) == list(range(1, 2 * MOST_IN_FLIGHT + 1))


@pytest.mark.parametrize("method", ["add_sentence", "remove_sentences"])
def test_what_is_under_way_need_not_be_known_to_send(
    world: World, of: Session, method: str
) -> None:
    world.tables.refusing.add(method)
    speak(world, of, 1)
    assert captions(world) == [1]


def test_a_number_that_cannot_be_claimed_is_not_sent(world: World, of: Session) -> None:
    world.tables.refusing.add("claim_sequence")
    with pytest.raises(Unavailable):
        speak(world, of, 1)
    assert captions(world) == []


class SlowTables(MemoryTables):
    """Lets every caller in before it answers the first."""

    def __init__(self, callers: int) -> None:
        super().__init__()
        self.barrier = threading.Barrier(callers, timeout=20)

    def add_sentence(self, ref: SentenceRef) -> RecentSentences:
        entered = super().add_sentence(ref)
        self.barrier.wait()
        return entered


@pytest.fixture
def functions() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(32) as threads:
        yield threads


def test_of_a_flood_that_comes_at_once_no_more_are_sent_than_may_be(
    functions: ThreadPoolExecutor,
) -> None:
    flood = 3 * MOST_IN_FLIGHT
    world = World(tables=SlowTables(flood))
    opened = world.speaker(world.open())
    world.listener(opened, "a")
    of = world.now(opened)

    def spoken(sequence: int) -> int | None:
        try:
            speak(world, of, sequence)
        except RateLimited as refused:
            retry = refused.details["retryAfterMs"]
            assert isinstance(retry, int)
            return retry
        return None

    world.tables.refusing |= {"mark_sent", "complete_sentences"}  # none is known to be over
    sequences = random.Random(5).sample(range(1, flood + 1), flood)
    answers = list(functions.map(spoken, sequences))
    sent = [key for key, answer in zip(sequences, answers, strict=True) if answer is None]
    assert len(sent) == MOST_IN_FLIGHT
    assert sorted(captions(world)) == sorted(sent)
    world.tables.barrier = threading.Barrier(1)  # type: ignore[attr-defined]
    world.tables.refusing.clear()
    world.clock.advance(CAPTION_LIFE_MS)
    for sequence in set(sequences) - set(sent):
        world.clock.advance(1000)
        speak(world, of, sequence)
    assert sorted(captions(world)) == sorted(sequences)


# --- What has been sent ---------------------------------------------------------------------------


def quick(world: World, of: Session, count: int) -> None:
    """So many sentences within a second, each sent before the next one comes."""
    for number in range(1, count + 1):
        speak(world, of, number)
        world.clock.advance(1000 // MOST_IN_FLIGHT)


def test_a_talk_at_a_person_s_pace_writes_nothing_of_what_was_sent_and_asks_for_nothing(
    world: World, of: Session
) -> None:
    for number in range(1, 100):
        speak(world, of, number)
        world.clock.advance(CAPTION_LIFE_MS // (MOST_IN_FLIGHT - 1))
    assert captions(world) == list(range(1, 100))
    assert not {"complete_sentences", "sent_among"} & world.tables.calls.keys()


def test_quick_sentences_that_are_sent_are_no_longer_in_flight(world: World, of: Session) -> None:
    quick(world, of, 4 * MOST_IN_FLIGHT)
    assert captions(world) == list(range(1, 4 * MOST_IN_FLIGHT + 1))
    world.app.flow_control.executor.shutdown()
    assert world.tables.calls["sent_among"] <= 4, "what was asked once is known"


def test_of_quick_sentences_those_that_hang_count(world: World, of: Session) -> None:
    hanging = range(101, 101 + MOST_IN_FLIGHT - 1)
    others_send(world, of, hanging)
    quick(world, of, 5)
    others_send(world, of, [200], world.clock.now_ms())
    with pytest.raises(RateLimited):
        speak(world, of, 6)
    assert captions(world) == [1, 2, 3, 4, 5]


def test_a_correction_that_was_sent_makes_room_at_once(world: World, of: Session) -> None:
    speak(world, of, 1)
    for number in range(2 * MOST_IN_FLIGHT):
        world.clock.advance(10)
        world.app.corrections.correct(of, "speaker", 1, f"Hi {number}", world.clock.now_ms())
    assert world.tables.calls["sent_among"] == 0


@pytest.mark.parametrize(
    ("method", "message"),
    [
        ("sent_among", "what was sent is unknown: the sentence is admitted"),
        ("complete_sentences", "what was sent still counts as in flight"),
    ],
)
def test_quick_sentences_are_sent_though_nobody_knows_which_were(
    world: World, of: Session, caplog: pytest.LogCaptureFixture, method: str, message: str
) -> None:
    world.tables.refusing.add(method)
    quick(world, of, MOST_IN_FLIGHT + 1)
    assert captions(world) == list(range(1, MOST_IN_FLIGHT + 2))
    world.app.flow_control.executor.shutdown()
    assert logged(caplog) == [("WARNING", message)]


# --- A second's sentences ------------------------------------------------------------------------

PER_SECOND = AdmissionLimits().sentences_per_second


def at_rate(per_second: int) -> World:
    return World(
        settings=replace(SETTINGS, limits=AdmissionLimits(sentences_per_second=per_second))
    )


def heard(world: World) -> Session:
    """A session of that world with a speaker and a listener."""
    opened = world.speaker(world.open())
    world.listener(opened, "a")
    return world.now(opened)


def wait_of(world: World, of: Session, sequence: int) -> int:
    """Milliseconds that a sentence is told to wait; 0 when it is sent."""
    try:
        speak(world, of, sequence)
    except RateLimited as refused:
        wait = refused.details["retryAfterMs"]
        assert isinstance(wait, int)
        return wait
    return 0


def test_a_second_s_sentences_may_come_at_once_and_not_one_more() -> None:
    world = at_rate(PER_SECOND)
    of = heard(world)
    assert [wait_of(world, of, 1 + n) for n in range(PER_SECOND)] == [0] * PER_SECOND
    assert wait_of(world, of, 99) == SHORTEST_RETRY_MS
    assert captions(world) == list(range(1, PER_SECOND + 1))


def test_nothing_of_a_sentence_that_came_too_soon_is_left() -> None:
    world = at_rate(PER_SECOND)
    of = heard(world)
    for number in range(PER_SECOND + 1):
        wait_of(world, of, 1 + number)
    world.clock.advance(1000 // PER_SECOND)
    speak(world, of, PER_SECOND + 1)
    assert captions(world)[-1] == PER_SECOND + 1


def test_the_wait_that_is_told_is_enough() -> None:
    world = at_rate(1)
    of = heard(world)
    assert wait_of(world, of, 1) == 0
    world.clock.advance(300)
    assert wait_of(world, of, 2) == 700
    world.clock.advance(699)
    assert wait_of(world, of, 2) == SHORTEST_RETRY_MS
    world.clock.advance(1)
    assert wait_of(world, of, 2) == 0


def test_whoever_speaks_at_the_full_rate_is_never_refused() -> None:
    world = at_rate(PER_SECOND)
    of = heard(world)
    for number in range(20 * PER_SECOND):
        assert wait_of(world, of, 1 + number) == 0
        world.clock.advance(1000 // PER_SECOND)


def test_over_a_minute_hardly_more_get_through_than_the_rate_allows() -> None:
    world = at_rate(PER_SECOND)
    of = heard(world)
    sent, sequence = 0, 1
    for _ in range(60_000 // 20):
        if wait_of(world, of, sequence) == 0:
            sent, sequence = sent + 1, sequence + 1
        world.clock.advance(20)
    assert 60 * PER_SECOND <= sent <= 1.1 * 60 * PER_SECOND + PER_SECOND


def test_a_session_that_nobody_listens_to_has_its_rate_too() -> None:
    world = at_rate(PER_SECOND)
    empty = world.speaker(world.open())
    waits = [wait_of(world, empty, 1 + number) for number in range(PER_SECOND + 1)]
    assert waits == [0] * PER_SECOND + [SHORTEST_RETRY_MS]


@pytest.mark.parametrize("apart_ms", [0, 1, 1000 // PER_SECOND, 250, 900])
def test_a_rate_that_admits_a_sentence_makes_no_room_for_it(apart_ms: int) -> None:
    world = at_rate(PER_SECOND)
    of = heard(world)
    begin = world.clock.now_ms()
    for number in range(MOST_IN_FLIGHT):
        # Sentences that hang.
        others_send(world, of, [100 + number], begin + number * apart_ms)
    world.clock.advance(MOST_IN_FLIGHT * apart_ms)
    assert wait_of(world, of, 1) >= SHORTEST_RETRY_MS
    assert captions(world) == []


def test_corrections_that_hang_are_not_joined_by_more_than_may_be() -> None:
    world = at_rate(PER_SECOND)
    of = heard(world)
    speak(world, of, 1)
    world.tables.refusing.add("complete_sentences")
    for number in range(MOST_IN_FLIGHT):
        world.clock.advance(300)
        world.app.corrections.correct(of, "speaker", 1, f"Hi {number}", world.clock.now_ms())
    world.clock.advance(300)
    with pytest.raises(RateLimited):
        world.app.corrections.correct(of, "speaker", 1, "Hi", world.clock.now_ms())


def test_no_limit_is_no_limit() -> None:
    world = at_rate(0)
    opened = world.speaker(world.open())
    assert not any(wait_of(world, opened, 1 + number) for number in range(5 * PER_SECOND))


def test_the_marks_of_a_long_talk_do_not_pile_up(world: World, of: Session) -> None:
    for number in range(200):
        speak(world, of, 1 + number)
        world.clock.advance(2000)
    world.app.flow_control.executor.shutdown()
    found = marks(world, of)
    assert len(found.sent) + len(found.in_flight) < 20


@pytest.mark.parametrize(("old", "left"), [(9, 9), (10, 0)])
def test_old_marks_are_removed_once_ten_of_them_are_worth_the_write(
    world: World, of: Session, old: int, left: int
) -> None:
    others_send(world, of, range(2, 2 + old))
    world.clock.advance(CAPTION_LIFE_MS)
    speak(world, of, 1)
    world.app.flow_control.executor.shutdown()
    assert len(in_flight(world, of)) == left


@pytest.mark.parametrize(("age_ms", "refused"), [(CAPTION_LIFE_MS, False), (9_999, True)])
def test_the_rate_looks_back_for_a_caption_s_life(age_ms: int, refused: bool) -> None:
    world = World(settings=replace(SETTINGS, limits=AdmissionLimits(sentences_per_second=1)))
    opened = world.speaker(world.open())
    for sequence in range(2, 15):
        world.tables.add_sentence(ref(opened, sequence))
    world.tables.complete_sentences(ref(opened, 0), dict.fromkeys(range(2, 15), NOW_MS))
    world.clock.advance(age_ms)
    if not refused:
        speak(world, opened, 1)
        return
    with pytest.raises(RateLimited):
        speak(world, opened, 1)


@pytest.mark.parametrize(
    ("method", "message"),
    [
        ("mark_sent", "a sentence that was sent still counts as being sent, and is not kept"),
        ("add_sentence", "the sentences in flight are unknown: the sentence is admitted"),
    ],
)
def test_a_mark_that_cannot_be_written_is_logged(
    world: World, of: Session, caplog: pytest.LogCaptureFixture, method: str, message: str
) -> None:
    world.tables.refusing.add(method)
    speak(world, of, 1)
    assert captions(world) == [1]
    assert logged(caplog) == [("WARNING", message)]


def test_old_marks_that_cannot_be_removed_are_logged(
    world: World, of: Session, caplog: pytest.LogCaptureFixture
) -> None:
    others_send(world, of, range(2, 12))
    world.clock.advance(CAPTION_LIFE_MS)
    world.tables.refusing.add("remove_sentences")
    speak(world, of, 1)
    world.app.flow_control.executor.shutdown()
    assert logged(caplog) == [("WARNING", "marks of old sentences could not be removed")]


@pytest.mark.parametrize("per_second", [0, 1])
def test_a_clock_that_is_set_back_silences_nobody(per_second: int) -> None:
    world = at_rate(per_second)
    of = heard(world)
    ahead = NOW_MS + 3 * HOUR_MS
    others_send(world, of, range(2, MOST_IN_FLIGHT + 2), ahead)
    speak(world, of, 1)
    assert captions(world) == [1]
