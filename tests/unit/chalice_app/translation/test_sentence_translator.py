"""A sentence in the languages of its listeners: from the cache, the engine, or as it was said."""

import threading
from collections.abc import Sequence
from dataclasses import replace

import pytest

from chalice_app.domain.errors import TranslationFailed
from chalice_app.domain.sentence import Caption, Origin, Translation
from chalice_app.domain.style import PLAIN, Style
from tests.fakes.domain import NOW_MS, PATIENCE, sentence, session
from tests.fakes.translation import StubTranslator
from tests.fakes.world import World
from tests.hostile import engine_answer
from tests.hostile import sentence as hostile_sentence


def caption(language: str, text: str, origin: Origin) -> Caption:
    return Caption("golden-eagle-427", 1, language, text, "en", NOW_MS, origin)


def made(language: str, text: str) -> Caption:
    """What an engine has just made of "Hello"."""
    return replace(caption(language, text, Origin.ENGINE), translation=Translation("Hello", text))


def captions_of(world: World, languages: Sequence[str], text: str = "Hello") -> dict[str, Caption]:
    captions = list(
        world.app.sentence_translator.translate(session(), sentence(text=text), languages)
    )
    by_language = {caption.language: caption for caption in captions}
    assert len(by_language) == len(captions), "a language came twice"
    return by_language


def test_every_language_is_translated(world: World) -> None:
    assert captions_of(world, ["es", "fr"]) == {
        "es": caption("es", "[es] Hello", Origin.ENGINE),
        "fr": caption("fr", "[fr] Hello", Origin.ENGINE),
    }


def test_the_source_language_is_as_it_was_said_and_costs_no_call(world: World) -> None:
    assert captions_of(world, ["en"], " Hello  you ") == {
        "en": caption("en", " Hello  you ", Origin.SOURCE)
    }
    assert world.translator.calls == []
    assert "get_entries" not in world.cache.calls


def test_two_tags_of_one_language_are_not_translated_into_each_other(world: World) -> None:
    world.app.engine.list_languages()
    assert captions_of(world, ["en-GB", "en"]) == {
        language: caption(language, "Hello", Origin.SOURCE) for language in ("en", "en-GB")
    }
    assert world.translator.calls == []


def test_what_is_cached_is_not_translated_again(world: World) -> None:
    world.app.sentence_translator.remember(sentence(), captions_of(world, ["es"]).values())
    world.translator.calls.clear()
    captions = captions_of(world, ["es", "fr"])
    assert captions["es"] == caption("es", "[es] Hello", Origin.CACHE)
    assert captions["fr"] == caption("fr", "[fr] Hello", Origin.ENGINE)
    assert [target for _, _, target in world.translator.calls] == ["fr"]


def test_the_engine_gets_the_canonical_text(world: World) -> None:
    captions_of(world, ["es"], "  cafe\u0301 \t au  lait ")
    assert world.translator.calls == [("caf\u00e9 au lait", "en", "es")]


def test_lines_stay_lines_from_the_speaker_to_the_caption(world: World) -> None:
    captions = captions_of(world, ["es", "en"], "a\nb\r\n  c ")
    assert world.translator.calls == [("a\nb\nc", "en", "es")]
    assert captions["es"].text == "[es] a\nb\nc"
    assert captions["en"].text == "a\nb\r\n  c "


def test_a_text_that_is_ready_does_not_wait_for_one_that_is_not(world: World) -> None:
    release = world.translator.held["fr"] = threading.Event()
    captions = world.app.sentence_translator.translate(session(), sentence(), ["fr", "es"])
    assert next(captions).language == "es"
    release.set()
    assert next(captions).language == "fr"


def test_what_needs_no_engine_comes_first(world: World) -> None:
    world.app.sentence_translator.remember(sentence(), [made("es", "Hola")])
    release = world.translator.held["fr"] = threading.Event()
    captions = world.app.sentence_translator.translate(session(), sentence(), ["fr", "es", "en"])
    assert [next(captions).language for _ in range(2)] == ["en", "es"]
    release.set()
    assert [caption.language for caption in captions] == ["fr"]


def test_a_language_that_fails_is_the_source_text(world: World) -> None:
    world.translator.failing.add("fr")
    captions = captions_of(world, ["es", "fr"], " Hello ")
    assert captions["fr"] == caption("fr", " Hello ", Origin.FAILED)
    assert captions["es"].origin is Origin.ENGINE


@pytest.mark.parametrize("answer", engine_answer.ANSWERS.values(), ids=engine_answer.ANSWERS)
def test_an_answer_that_is_no_translation_fails_and_is_not_cached(
    world: World, answer: object
) -> None:
    world.translator.answers["fr"] = answer
    text = engine_answer.SENTENCE
    captions = captions_of(world, ["es", "fr"], text)
    assert captions["fr"] == caption("fr", text, Origin.FAILED)
    assert captions["es"] == caption("es", f"[es] {text}", Origin.ENGINE)
    world.app.sentence_translator.remember(sentence(text=text), captions.values())
    assert world.app.cache.get(text, "en", ["es", "fr"]) == {"es": f"[es] {text}"}


@pytest.mark.parametrize("answer", ["", engine_answer.SENTENCE])
def test_an_answer_that_is_no_translation_fails_for_all_who_share_the_call(
    world: World, answer: str
) -> None:
    world.translator.answers["es"] = answer
    release = world.translator.held["es"] = threading.Event()
    text = engine_answer.SENTENCE
    first = world.app.engine.request(text, "en", "es")
    second = world.app.engine.request(text, "en", "es")
    release.set()
    for call in (first, second):
        assert isinstance(call.translated.exception(PATIENCE), TranslationFailed)


def test_an_answer_that_comes_late_and_is_no_translation_is_not_cached(world: World) -> None:
    world.translator.answers["es"] = ""
    release = world.translator.held["es"] = threading.Event()
    impatient = replace(world.app.sentence_translator, patience=0.01)
    (late,) = impatient.translate(session(), sentence(), ["es"])
    call = world.app.engine.request("Hello", "en", "es")
    release.set()
    assert isinstance(call.translated.exception(PATIENCE), TranslationFailed)
    assert late == caption("es", "Hello", Origin.FAILED)
    assert "put_entries" not in world.cache.calls


@pytest.mark.parametrize(
    "text", hostile_sentence.WITHOUT_LETTERS.values(), ids=hostile_sentence.WITHOUT_LETTERS
)
def test_a_text_without_letters_is_the_same_in_every_language_and_costs_no_call(
    world: World, text: str
) -> None:
    said = f" {text}"
    assert captions_of(world, ["es", "fr", "en"], said) == {
        language: caption(language, said, Origin.SOURCE) for language in ("es", "fr", "en")
    }
    assert world.translator.calls == []
    assert "get_entries" not in world.cache.calls


def test_a_language_that_takes_too_long_is_the_source_text(world: World) -> None:
    # The one test that waits for real: as long as a caption waits for its translation.
    release = world.translator.held["fr"] = threading.Event()
    captions = captions_of(world, ["es", "fr"])
    release.set()
    assert captions["fr"] == caption("fr", "Hello", Origin.FAILED)
    assert captions["es"] == caption("es", "[es] Hello", Origin.ENGINE)


def test_a_language_whose_engine_breaks_unexpectedly_fails_alone() -> None:
    class Broken(StubTranslator):
        def translate(
            self, text: str, source_language: str, target_language: str, style: Style = PLAIN
        ) -> str:
            if target_language == "fr":
                raise KeyError("TranslatedText")
            return super().translate(text, source_language, target_language, style)

    captions = captions_of(World(translator=Broken()), ["es", "fr"])
    assert captions["es"].origin is Origin.ENGINE
    assert captions["fr"] == caption("fr", "Hello", Origin.FAILED)


def test_only_what_was_newly_translated_is_remembered(world: World) -> None:
    captions = [
        caption("en", "Hello", Origin.SOURCE),
        caption("es", "Hola", Origin.CACHE),
        caption("fr", "Hello", Origin.FAILED),
        made("de", "Hallo"),
    ]
    world.app.sentence_translator.remember(sentence(), captions)
    assert world.app.cache.get("Hello", "en", ["en", "es", "fr", "de"]) == {"de": "Hallo"}


@pytest.mark.parametrize(
    ("origin", "is_untranslated"),
    [
        (Origin.SOURCE, False),
        (Origin.CACHE, False),
        (Origin.ENGINE, False),
        (Origin.FAILED, True),
        (Origin.OVER_BUDGET, True),
    ],
)
def test_a_caption_is_flagged_where_it_carries_the_source_text_for_want_of_a_translation(
    origin: Origin, is_untranslated: bool
) -> None:
    assert caption("es", "Hola", origin).is_untranslated is is_untranslated
