"""What a session may have translated, and what happens when that is spent."""

import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest

from chalice_app.admission.budget import Budget
from chalice_app.admission.limits import AdmissionLimits
from chalice_app.bootstrap.process import composed
from chalice_app.domain.sentence import Origin
from chalice_app.domain.session import Session
from chalice_app.observability import metrics
from chalice_app.wire.incoming import OpenSession
from streams import broadcast as broadcast_function
from tests.fakes.domain import PATIENCE, sentence
from tests.fakes.world import SETTINGS, World

HELLO = "Hello"


def budgeted(characters: int) -> World:
    """A stage whose sessions may have so much translated."""
    limits = AdmissionLimits(sentences_per_second=0, character_budget=characters)
    return World(settings=replace(SETTINGS, limits=limits))


def hall(world: World, *languages: str, own: int | None = None) -> Session:
    opened, _ = world.app.sessions.open(OpenSession("en", character_budget=own))
    world.speaker(opened)
    for language in languages:
        world.listener(opened, language, language)
    return world.now(opened)


def speak(world: World, of: Session, sequence: int, text: str = HELLO) -> Mapping[str, Any]:
    """Has a sentence spoken; the report's languages."""
    world.app.speech.speak(of, "speaker", sentence(sequence, text))
    report: Mapping[str, Any] = world.gateway.to("speaker", "spoken")[-1]["languages"]
    return report


def heard(world: World, listener: str) -> list[tuple[str, bool]]:
    captions = world.gateway.to(listener, "caption")
    return [(each["text"], each.get("untranslated", False)) for each in captions]


def spent(world: World, of: Session) -> int:
    row = f"{of.session_id}#{of.created_at}#budget"
    return world.tables.get_counts(row).get("spent", 0)


def test_what_the_budget_pays_for_is_translated_and_no_character_more() -> None:
    world = budgeted(2 * len(HELLO))
    of = hall(world, "es")
    for sequence, text in enumerate((HELLO, "World", "again"), 1):
        speak(world, of, sequence, text)
    assert heard(world, "es") == [("[es] Hello", False), ("[es] World", False), ("again", True)]
    assert len(world.translator.calls) == 2
    assert spent(world, of) == 2 * len(HELLO)


def test_the_speaker_is_told_which_languages_are_not_paid_for() -> None:
    world = budgeted(1)
    of = hall(world, "es", "fr", "en")
    report = speak(world, of, 1)
    for language in ("es", "fr"):
        assert report[language]["overBudget"] is True
        assert report[language]["failed"] is True
        assert report[language]["delivered"] == 1
    assert "overBudget" not in report["en"]
    assert "failed" not in report["en"]


def test_a_spent_budget_is_no_failure_of_the_engine() -> None:
    world = budgeted(1)
    speak(world, hall(world, "es"), 1)
    values = world.metrics.values()
    assert values[metrics.FAILED_LANGUAGES_COUNT] == 0
    assert values[metrics.CHARACTERS_TRANSLATED] == 0
    assert values[metrics.BROADCAST_SUCCESS_RATE] == 100


def test_what_is_cached_is_served_though_the_budget_is_spent() -> None:
    world = budgeted(len(HELLO))
    of = hall(world, "es")
    speak(world, of, 1)
    assert speak(world, of, 2, "Goodbye")["es"]["overBudget"]
    report = speak(world, of, 3)
    assert report["es"]["cached"]
    assert "overBudget" not in report["es"]
    assert heard(world, "es")[-1] == ("[es] Hello", False)
    assert spent(world, of) == len(HELLO)


def test_every_language_costs_and_a_sentence_is_paid_for_in_all_or_in_none() -> None:
    world = budgeted(3 * len(HELLO))
    of = hall(world, "es", "fr")
    speak(world, of, 1)
    assert spent(world, of) == 2 * len(HELLO)
    report = speak(world, of, 2, "World")
    assert report["es"]["overBudget"]
    assert report["fr"]["overBudget"]
    assert spent(world, of) == 2 * len(HELLO)


def test_listeners_of_the_spoken_language_cost_nothing() -> None:
    world = budgeted(1)
    of = hall(world, "en")
    assert "overBudget" not in speak(world, of, 1)["en"]
    assert world.tables.calls["count"] == 0


def test_a_text_without_letters_costs_nothing() -> None:
    world = budgeted(1)
    of = hall(world, "es")
    assert "overBudget" not in speak(world, of, 1, "12:30")["es"]
    assert heard(world, "es") == [("12:30", False)]
    assert spent(world, of) == 0


def test_an_answer_that_is_no_translation_is_given_back() -> None:
    world = budgeted(10 * len(HELLO))
    of = hall(world, "es")
    world.translator.answers["es"] = "\u200b"
    assert speak(world, of, 1)["es"]["failed"]
    assert heard(world, "es") == [(HELLO, True)]
    assert spent(world, of) == 0
    assert world.metrics.values()[metrics.FAILED_LANGUAGES_COUNT] == 1


def test_what_the_engine_could_not_do_is_given_back() -> None:
    world = budgeted(10 * len(HELLO))
    of = hall(world, "es", "fr")
    world.translator.failing.add("fr")
    report = speak(world, of, 1)
    assert report["fr"]["failed"]
    assert "overBudget" not in report["fr"]
    assert spent(world, of) == len(HELLO)
    assert world.metrics.values()[metrics.FAILED_LANGUAGES_COUNT] == 1


@pytest.mark.parametrize(("fails", "left"), [(True, 0), (False, len(HELLO))])
def test_what_fails_late_is_given_back_and_what_comes_late_is_not(
    monkeypatch: pytest.MonkeyPatch, fails: bool, left: int
) -> None:
    world = budgeted(10 * len(HELLO))
    of = hall(world, "es")
    world.translator.failing |= {"es"} if fails else set()
    release = world.translator.held["es"] = threading.Event()
    settled = threading.Event()
    for store, method in ((world.tables, "refund"), (world.cache, "put_entries")):
        monkeypatch.setattr(store, method, then(getattr(store, method), settled.set))
    impatient = replace(world.app.sentence_translator, patience=0.01)
    (late,) = impatient.translate(of, sentence(text=HELLO), ["es"])
    assert (late.origin, spent(world, of)) == (Origin.FAILED, len(HELLO))
    release.set()
    assert settled.wait(PATIENCE)
    assert spent(world, of) == left


def then(call: Callable[..., object], action: Callable[[], object]) -> Callable[..., object]:
    """The call, and the action after it."""

    def both(*arguments: object) -> object:
        result = call(*arguments)
        action()
        return result

    return both


def test_what_another_sentence_waits_for_too_is_billed_to_that_one() -> None:
    world = budgeted(10 * len(HELLO))
    of = hall(world, "es")
    release = world.translator.held["es"] = threading.Event()
    first = world.app.engine.request(HELLO, "en", "es")
    impatient = replace(world.app.sentence_translator, patience=0.01)
    (late,) = impatient.translate(of, sentence(text=HELLO), ["es"])
    assert (late.origin, spent(world, of)) == (Origin.FAILED, 0)
    release.set()
    first.translated.result(PATIENCE)


def test_while_the_budget_cannot_be_looked_up_nothing_is_spent() -> None:
    world = budgeted(1000)
    of = hall(world, "es", "en")
    world.tables.refusing.add("count")
    report = speak(world, of, 1)
    assert world.translator.calls == []
    assert heard(world, "es") == [(HELLO, True)]
    # A fault of ours: it is reported and counted as one.
    assert report["es"]["failed"]
    assert "overBudget" not in report["es"]
    assert world.metrics.values()[metrics.FAILED_LANGUAGES_COUNT] == 1
    world.tables.refusing.clear()
    assert "failed" not in speak(world, of, 2)["es"]


def test_a_budget_that_cannot_be_given_back_to_stays_spent() -> None:
    world = budgeted(1000)
    of = hall(world, "es")
    world.translator.failing.add("es")
    world.tables.refusing.add("refund")
    assert speak(world, of, 1)["es"]["failed"]
    assert spent(world, of) == len(HELLO)


def test_sessions_have_budgets_of_their_own() -> None:
    world = budgeted(len(HELLO))
    first, second = hall(world, "es"), hall(world, "fr")
    speak(world, first, 1)
    assert "overBudget" not in speak(world, second, 1)["fr"]
    assert (spent(world, first), spent(world, second)) == (len(HELLO), len(HELLO))


def test_a_session_may_have_less_than_the_stage_allows() -> None:
    world = budgeted(1000)
    of = hall(world, "es", own=len(HELLO))
    speak(world, of, 1)
    assert speak(world, of, 2, "World")["es"]["overBudget"]


def test_without_a_budget_nothing_is_counted() -> None:
    world = budgeted(0)
    speak(world, hall(world, "es"), 1)
    assert world.tables.calls["count"] == 0


def test_whoever_comes_back_is_paid_for_too() -> None:
    world = budgeted(len(HELLO))
    of = hall(world)
    speak(world, of, 1, HELLO)
    speak(world, of, 2, "World")
    back = world.listener(of, "back", "es", last_sequence=0)
    world.app.replay.send_missed(world.now(of), "es", [back])
    assert sorted(heard(world, "back"), key=lambda each: each[1]) in (
        [("[es] Hello", False), ("World", True)],
        [("[es] World", False), ("Hello", True)],
    )
    assert spent(world, of) == len(HELLO)


def test_a_cut_hall_s_speaker_is_told_too() -> None:
    limits = AdmissionLimits(sentences_per_second=0, character_budget=1)
    world = World(settings=replace(SETTINGS, limits=limits, slice_listeners=1))
    of = hall(world, "es")
    for listener in ("b", "c"):
        world.listener(of, listener, "es")
    with composed(world.app):
        world.app.speech.speak(world.now(of), "speaker", sentence())
        for payload in world.invoker.payloads:
            broadcast_function.handler(json.loads(payload), None)
    (report,) = world.gateway.to("speaker", "spoken")
    assert report["languages"]["es"]["overBudget"] is True
    assert report["languages"]["es"]["delivered"] == 3


@pytest.mark.parametrize(
    ("method", "message"),
    [
        ("count", "the budget cannot be looked up: not spent"),
        ("refund", "7 characters stay spent"),
    ],
)
def test_a_budget_that_cannot_be_reached_is_logged_by_its_session(
    caplog: pytest.LogCaptureFixture, method: str, message: str
) -> None:
    world = World()
    session = world.open()
    world.tables.refusing.add(method)
    budget = Budget(world.tables, 100)
    (budget.charge if method == "count" else budget.refund)(session, 7)
    (record,) = caplog.records
    assert (record.levelname, record.getMessage()) == ("WARNING", message)
    assert vars(record)["session"] == session.session_id
