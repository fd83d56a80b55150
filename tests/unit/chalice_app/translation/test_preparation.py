"""What a prepared text's sentences cost before they are spoken, and what is left for later."""

from dataclasses import replace

from chalice_app.domain.reports import Prepared
from tests.fakes.domain import session
from tests.fakes.world import World


def test_what_is_cached_costs_nothing_again(world: World) -> None:
    preparation = world.app.preparation
    assert preparation.prepare(session(), ["One", "Three"], ["es"]) == Prepared(["es"], 2, 0, 0)
    assert preparation.prepare(session(), ["One", "Two"], ["es"]) == Prepared(["es"], 2, 0, 0)
    # What is missing is asked for at once, so of one preparation in any order.
    assert sorted(text for text, _, _ in world.translator.calls) == ["One", "Three", "Two"]
    emitted = [each["CharactersTranslated"] for each in world.metrics.emitted]
    assert emitted == [len("OneThree"), len("Two")]


def test_a_failing_language_is_counted_and_nobody_is_sent_anything(world: World) -> None:
    world.translator.failing.add("fr")
    of = session()
    assert world.app.preparation.prepare(of, ["One", "Two"], ["es", "fr"]) == Prepared(
        ["es", "fr"], ready=2, failed=2, over_budget=0
    )
    assert world.app.preparation.prepare(of, ["One"], ["es"]).ready == 1
    assert world.gateway.calls == []


def test_the_sessions_budget_pays(world: World) -> None:
    of = replace(session(), character_budget=5)
    done = world.app.preparation.prepare(of, ["Three", "Seven"], ["es"])
    assert (done.ready, done.over_budget) == (1, 1)
    assert len(world.translator.calls) == 1


def test_without_listeners_there_is_nothing_to_prepare(world: World) -> None:
    assert world.app.preparation.prepare(session(), ["One"], []) == Prepared([], 0, 0, 0)
    assert world.translator.calls == []
