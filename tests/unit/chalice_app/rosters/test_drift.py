"""What is wrong, and what of it lasts."""

from chalice_app.rosters.drift import Drift, Misplaced, corrections, is_off, lasting
from chalice_app.rosters.ledger import Deltas, Place, SessionCounts
from tests.fakes.domain import NOW_MS, ledger_key, listener, session

HERE = ("golden-eagle-427", NOW_MS)
ELSEWHERE = ("quiet-owl-101", NOW_MS)


def counts(name: str = "golden-eagle-427", **languages: int) -> SessionCounts:
    total = sum(languages.values())
    return SessionCounts(name, NOW_MS, total, languages, 1)


def drift(**changes: object) -> Drift:
    whole: dict[str, object] = {"connections": {}, "counts": {}, "expired": frozenset()}
    return Drift(**{**whole, **changes})  # type: ignore[arg-type]


def test_only_counts_that_are_off_by_the_same_twice_last() -> None:
    one, two, voice = Deltas({"es": 1}), Deltas({"es": 2}), Deltas({"es": 1}, {"es": 1})
    first = drift(counts={HERE: (counts(es=1), one)})
    same = {HERE: (counts(es=2), one)}
    assert lasting(first, drift(counts=same)).counts == same
    for other in (two, voice):
        assert lasting(first, drift(counts={HERE: (counts(es=1), other)})).counts == {}
    assert lasting(first, drift(counts={ELSEWHERE: (counts(es=1), one)})).counts == {}
    assert lasting(drift(), drift(counts=same)).counts == {}


def test_only_connections_that_are_misplaced_alike_twice_last() -> None:
    key = ledger_key(session(), "a")
    misplaced: Misplaced = {key: ((HERE, Place("es")), None)}
    first = drift(connections=misplaced)
    assert lasting(first, first).connections == misplaced
    for other in (Place("fr"), Place("es", wants_voice=True)):
        assert lasting(first, drift(connections={key: ((HERE, other), None)})).connections == {}


def test_who_is_to_be_checked_is_from_the_first_look_and_who_expired_from_the_second() -> None:
    one = listener(session(), "a")
    key = ledger_key(session(), "a")
    first = drift(to_check=(one,), outlived=frozenset({key}), expired=frozenset({"x"}))
    found = lasting(first, drift(expired=frozenset({"y"})))
    assert found.to_check == (one,)
    assert found.outlived == {key}
    assert found.expired == {"y"}


def test_drift_is_a_number_of_listeners() -> None:
    key = ledger_key(session(), "a")
    seen = SessionCounts("s", NOW_MS, 7, {"es": 3, "fr": 2}, 1)
    found = drift(
        connections={key: ((HERE, Place("es")), None)},
        counts={HERE: (seen, Deltas({"es": 2, "fr": -1}, {"es": -4}))},
    )
    assert found.listeners == 1 + (2 + 1) + 4 + 2


def test_counts_are_corrected_to_those_of_the_rows() -> None:
    seen = SessionCounts("s", NOW_MS, 3, {"es": 2, "fr": 1}, 1, voices={"es": 2, "fr": 0})
    rows = [Place("es"), Place("es", wants_voice=True), Place("fr", wants_voice=True)]
    deltas = corrections(seen, rows)
    assert deltas == Deltas({}, {"es": -1, "fr": 1})
    assert is_off(seen, deltas)
    right = SessionCounts("s", NOW_MS, 3, {"es": 2, "fr": 1}, 1, voices={"es": 1, "fr": 1})
    assert not corrections(right, rows)
    assert not is_off(right, corrections(right, rows))
