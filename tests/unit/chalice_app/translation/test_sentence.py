"""A sentence in the languages of its listeners: from the cache, the engine, or as it was said."""

import threading
from collections.abc import Sequence

import pytest

from chalice_app.domain.sentence import Caption
from chalice_app.translation.sentence import TranslatedSentence, caption_of
from tests.fakes.domain import NOW_MS, sentence, session
from tests.fakes.translation import StubTranslator
from tests.fakes.world import World


def rendered(
    world: World, languages: Sequence[str], text: str = "Hello"
) -> dict[str, TranslatedSentence]:
    renderings = list(world.app.renderer.render(session(), sentence(text=text), languages))
    by_language = {rendering.language: rendering for rendering in renderings}
    assert len(by_language) == len(renderings), "a language came twice"
    return by_language


def test_every_language_is_translated(world: World) -> None:
    assert rendered(world, ["es", "fr"]) == {
        "es": TranslatedSentence("es", "[es] Hello", translated=True),
        "fr": TranslatedSentence("fr", "[fr] Hello", translated=True),
    }


def test_the_source_language_is_as_it_was_said_and_costs_no_call(world: World) -> None:
    assert rendered(world, ["en"], " Hello  you ") == {
        "en": TranslatedSentence("en", " Hello  you ")
    }
    assert world.translator.calls == []
    assert "get_entries" not in world.cache.calls


def test_what_is_cached_is_not_translated_again(world: World) -> None:
    world.app.renderer.remember(sentence(), rendered(world, ["es"]).values())
    world.translator.calls.clear()
    renderings = rendered(world, ["es", "fr"])
    assert renderings["es"] == TranslatedSentence("es", "[es] Hello", cached=True)
    assert renderings["fr"] == TranslatedSentence("fr", "[fr] Hello", translated=True)
    assert [target for _, _, target in world.translator.calls] == ["fr"]


def test_the_engine_gets_the_canonical_text(world: World) -> None:
    rendered(world, ["es"], "  cafe\u0301 \n au  lait ")
    assert world.translator.calls == [("caf\u00e9 au lait", "en", "es")]


def test_a_text_that_is_ready_does_not_wait_for_one_that_is_not(world: World) -> None:
    release = world.translator.held["fr"] = threading.Event()
    renderings = world.app.renderer.render(session(), sentence(), ["fr", "es"])
    assert next(renderings).language == "es"
    release.set()
    assert next(renderings).language == "fr"


def test_what_needs_no_engine_comes_first(world: World) -> None:
    world.app.renderer.remember(sentence(), [TranslatedSentence("es", "Hola", translated=True)])
    release = world.translator.held["fr"] = threading.Event()
    renderings = world.app.renderer.render(session(), sentence(), ["fr", "es", "en"])
    assert [next(renderings).language for _ in range(2)] == ["en", "es"]
    release.set()
    assert [rendering.language for rendering in renderings] == ["fr"]


def test_a_language_that_fails_is_the_source_text(world: World) -> None:
    world.translator.failing.add("fr")
    renderings = rendered(world, ["es", "fr"], " Hello ")
    assert renderings["fr"] == TranslatedSentence("fr", " Hello ", failed=True)
    assert renderings["es"].translated


def test_a_language_that_takes_too_long_is_the_source_text(world: World) -> None:
    # The one test that waits for real: as long as a caption waits for its translation.
    release = world.translator.held["fr"] = threading.Event()
    renderings = rendered(world, ["es", "fr"])
    release.set()
    assert renderings["fr"] == TranslatedSentence("fr", "Hello", failed=True)
    assert renderings["es"] == TranslatedSentence("es", "[es] Hello", translated=True)


def test_a_language_whose_engine_breaks_unexpectedly_fails_alone() -> None:
    class Broken(StubTranslator):
        def translate(self, text: str, source_language: str, target_language: str) -> str:
            if target_language == "fr":
                raise KeyError("TranslatedText")
            return super().translate(text, source_language, target_language)

    renderings = rendered(World(translator=Broken()), ["es", "fr"])
    assert renderings["es"].translated
    assert renderings["fr"] == TranslatedSentence("fr", "Hello", failed=True)


def test_only_what_was_newly_translated_is_remembered(world: World) -> None:
    renderings = [
        TranslatedSentence("en", "Hello"),
        TranslatedSentence("es", "Hola", cached=True),
        TranslatedSentence("fr", "Hello", failed=True),
        TranslatedSentence("de", "Hallo", translated=True),
    ]
    world.app.renderer.remember(sentence(), renderings)
    assert world.app.cache.get("Hello", "en", ["en", "es", "fr", "de"]) == {"de": "Hallo"}


@pytest.mark.parametrize("failed", [False, True])
def test_a_caption_is_flagged_where_the_rendering_failed(failed: bool) -> None:
    rendering = TranslatedSentence("es", "Hola", failed=failed)
    assert caption_of(session(), sentence(7), rendering) == Caption(
        session_id="golden-eagle-427",
        sequence=7,
        language="es",
        text="Hola",
        source_language="en",
        spoken_at=NOW_MS,
        untranslated=failed,
    )
