"""One call of the engine for what several ask at the same time."""

import threading
from concurrent.futures import Executor, ThreadPoolExecutor

import pytest

from chalice_app.domain.errors import TranslationFailed, Unavailable, UnsupportedLanguage
from chalice_app.translation.engine import LANGUAGES_KEPT_SECONDS, RETRY_SECONDS, TranslationEngine
from tests.fakes.domain import PATIENCE, FakeClock, language
from tests.fakes.threads import SameThread
from tests.fakes.translation import StubTranslator
from tests.fakes.world import World


def engine(translator: StubTranslator, executor: Executor | None = None) -> TranslationEngine:
    return TranslationEngine(translator, executor or SameThread(), FakeClock())


# --- Single flight -------------------------------------------------------------------------------


def test_the_same_text_in_flight_is_translated_once() -> None:
    translator = StubTranslator()
    release = translator.held["es"] = threading.Event()
    with ThreadPoolExecutor(4) as threads:
        shared = engine(translator, threads)
        futures = [shared.request("Hello", "en", "es").translated for _ in range(20)]
        release.set()
        assert {future.result(PATIENCE) for future in futures} == {"[es] Hello"}
    assert translator.calls == [("Hello", "en", "es")]


def test_another_text_source_or_target_is_another_call() -> None:
    translator = StubTranslator()
    release = threading.Event()
    translator.held = {"es": release, "fr": release}
    calls = [("Hello", "en", "es"), ("hello", "en", "es"), ("Hello", "de", "es")]
    calls.append(("Hello", "en", "fr"))
    with ThreadPoolExecutor(4) as threads:
        shared = engine(translator, threads)
        futures = [shared.request(*call).translated for call in calls]
        translator.wait_for_calls(4)
        release.set()
        assert [future.result(PATIENCE)[:4] for future in futures] == ["[es]"] * 3 + ["[fr]"]
    assert sorted(translator.calls) == sorted(calls)


def test_a_failure_is_shared_by_those_in_flight() -> None:
    translator = StubTranslator()
    translator.failing.add("es")
    release = translator.held["es"] = threading.Event()
    with ThreadPoolExecutor(4) as threads:
        shared = engine(translator, threads)
        futures = [shared.request("Hello", "en", "es").translated for _ in range(2)]
        release.set()
        failures = [future.exception(PATIENCE) for future in futures]
    assert all(isinstance(failure, TranslationFailed) for failure in failures)
    assert len(translator.calls) == 1


def test_a_failure_that_is_over_is_not_shared() -> None:
    translator = StubTranslator()
    shared = engine(translator)
    translator.failing.add("es")
    assert isinstance(shared.request("Hello", "en", "es").translated.exception(), TranslationFailed)
    translator.failing.clear()
    assert shared.request("Hello", "en", "es").translated.result() == "[es] Hello"


# --- What the engine offers ----------------------------------------------------------------------


def test_the_engine_is_asked_once_for_its_languages(world: World) -> None:
    for _ in range(5):
        world.app.engine.require_language("es")
    assert world.translator.listings == 1


def test_the_list_is_asked_again_after_its_time(world: World) -> None:
    world.app.engine.require_language("es")
    world.clock.advance(int(LANGUAGES_KEPT_SECONDS * 1000) - 1)
    world.app.engine.require_language("es")
    assert world.translator.listings == 1
    world.translator.offered.append(language("tlh"))
    world.clock.advance(1)
    world.app.engine.require_language("tlh")
    assert world.translator.listings == 2


def test_a_language_that_is_not_offered_is_unsupported(world: World) -> None:
    with pytest.raises(UnsupportedLanguage):
        world.app.engine.require_language("tlh")


def test_a_tag_is_resolved_to_what_the_engine_offers_now(world: World) -> None:
    engine = world.app.engine
    assert engine.require_language("es-AR") == "es"
    assert engine.require_language("pt-BR") == "pt-BR"
    assert engine.require_language("en-GB") == "en"
    world.translator.offered.append(language("es-MX"))
    world.clock.advance(int(LANGUAGES_KEPT_SECONDS * 1000))
    assert engine.list_languages() == world.translator.offered
    assert engine.require_language("es-AR") == "es-MX"


def test_while_the_engine_cannot_be_asked_a_tag_is_resolved_among_the_known(world: World) -> None:
    world.translator.unavailable = True
    assert world.app.engine.require_language("es-AR") == "es-MX"
    assert world.app.engine.require_language("nn-NO") == "no"


def test_what_was_resolved_without_the_list_is_still_one_language(world: World) -> None:
    engine = world.app.engine
    assert not engine.are_one("es-MX", "es")
    engine.list_languages()
    assert engine.are_one("es-MX", "es")
    assert engine.are_one("en", "en-GB")
    assert not engine.are_one("es", "fr")
    assert not engine.are_one("tlh", "eu"), "neither is offered"
    assert engine.are_one("tlh", "tlh")


def test_while_the_engine_cannot_be_asked_well_known_languages_are_admitted(world: World) -> None:
    world.translator.unavailable = True
    world.app.engine.require_language("ja")
    with pytest.raises(UnsupportedLanguage):
        world.app.engine.require_language("tlh")


def test_a_list_that_cannot_be_asked_for_is_unavailable(world: World) -> None:
    world.translator.unavailable = True
    with pytest.raises(Unavailable):
        world.app.engine.list_languages()


def test_a_list_that_cannot_be_renewed_is_believed_for_longer(world: World) -> None:
    listed = world.app.engine.list_languages()
    world.clock.advance(int(LANGUAGES_KEPT_SECONDS * 1000))
    world.translator.unavailable = True
    assert world.app.engine.list_languages() == listed


def test_an_engine_that_recovers_is_believed_again(world: World) -> None:
    world.translator.unavailable = True
    world.app.engine.require_language("ja")
    world.translator.unavailable = False
    world.clock.advance(int(RETRY_SECONDS * 1000))
    assert world.app.engine.list_languages() == world.translator.offered
    with pytest.raises(UnsupportedLanguage):
        world.app.engine.require_language("ja")


def test_a_list_that_failed_is_asked_for_again_after_a_pause_alone(world: World) -> None:
    world.translator.unavailable = True
    for _ in range(5):
        world.app.engine.require_language("ja")
    assert world.translator.listings == 1
    with pytest.raises(Unavailable):
        world.app.engine.list_languages()
    assert world.translator.listings == 1


@pytest.mark.parametrize("fails", [True, False])
def test_a_slow_list_is_waited_for_by_one_handshake_alone(world: World, fails: bool) -> None:
    engine, translator = world.app.engine, world.translator
    translator.listing_held = threading.Event()
    engine.patience_seconds = 0.0
    engine.require_language("ja")
    engine.patience_seconds = 1e6  # whoever waits now, waits for ever
    engine.require_language("ja")
    world.clock.advance(int(LANGUAGES_KEPT_SECONDS * 1000))
    engine.require_language("ja")
    assert translator.listings == 1
    translator.unavailable = fails
    translator.listing_held.set()
    if not fails:
        assert engine.list_languages() == translator.offered
        with pytest.raises(UnsupportedLanguage):
            engine.require_language("ja")


def test_a_list_that_is_old_delays_nobody_whose_language_it_has(world: World) -> None:
    engine, translator = world.app.engine, world.translator
    engine.require_language("es")
    world.clock.advance(int(LANGUAGES_KEPT_SECONDS * 1000))
    translator.listing_held = threading.Event()
    engine.patience_seconds = 1e6
    engine.require_language("es")
    translator.listing_held.set()
    assert engine.list_languages() == translator.offered
    assert translator.listings == 2
