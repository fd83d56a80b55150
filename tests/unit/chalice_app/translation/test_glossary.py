"""Sentences of a session with a glossary, in all its languages."""

from collections.abc import Collection
from dataclasses import replace

import pytest

from chalice_app.domain.sentence import Caption, Origin
from chalice_app.domain.session import Session
from chalice_app.domain.style import PLAIN, Style
from chalice_app.glossary.terms import Glossary, Term
from chalice_app.wire.incoming import OpenSession
from tests.fakes.domain import sentence
from tests.fakes.translation import StubTranslator
from tests.fakes.world import World

GLOSSARY = Glossary(
    (Term("Grace Hall", keep=True), Term("grace", targets={"es": "gracia"})), ("damn", "caramba")
)
LANGUAGES = ("en", "es", "fr")


def session_of(world: World, glossary: Glossary = GLOSSARY, style: Style | None = None) -> Session:
    of, _ = world.app.sessions.open(OpenSession("en", style=style or Style()))
    world.app.glossaries.replace(of, glossary)
    return world.now(of)


def captions(
    world: World, of: Session, text: str, languages: Collection[str] = LANGUAGES
) -> dict[str, Caption]:
    said = sentence(text=text)
    made = list(world.app.sentence_translator.translate(of, said, languages))
    world.app.sentence_translator.remember(said, made)
    return {caption.language: caption for caption in made}


def texts(
    world: World, of: Session, text: str, languages: Collection[str] = LANGUAGES
) -> dict[str, str]:
    return {language: each.text for language, each in captions(world, of, text, languages).items()}


def test_terms_are_as_the_glossary_says_in_each_language(world: World) -> None:
    assert texts(world, session_of(world), "The grace of Grace Hall & <you>") == {
        "en": "The grace of Grace Hall & <you>",
        "es": "[es] The gracia of Grace Hall & <you>",
        "fr": "[fr] The grace of Grace Hall & <you>",
    }


def test_the_engine_gets_the_form_protected_and_plain_text_where_there_is_no_term(
    world: World,
) -> None:
    of = session_of(world)
    texts(world, of, "his grace & you")
    assert sorted(text for text, _, _ in world.translator.calls) == [
        "his <span translate=\"no\">gracia</span> &amp; you",
        "his grace & you",
    ]  # fmt: skip


def test_a_cached_translation_is_for_the_same_words_alone(world: World) -> None:
    of, other = session_of(world), session_of(world, Glossary((Term("grace", keep=True),)))
    assert captions(world, of, "his grace", ["es"])["es"].origin is Origin.ENGINE
    assert captions(world, of, "his grace", ["es"])["es"].origin is Origin.CACHE
    assert captions(world, other, "his grace", ["es"])["es"].text == "[es] his grace"
    assert captions(world, other, "his grace", ["es"])["es"].origin is Origin.CACHE


def test_a_glossary_whose_terms_do_not_occur_shares_the_cache(world: World) -> None:
    plain = world.open()
    captions(world, plain, "Good evening", ["es"])
    assert captions(world, session_of(world), "Good evening", ["es"])["es"].origin is Origin.CACHE


def test_a_sentence_in_another_language_has_names_and_no_forms(world: World) -> None:
    of = session_of(world)
    said = replace(sentence(text="grace damn Grace Hall"), source_language="fr")
    made = world.app.sentence_translator.translate(of, said, LANGUAGES)
    assert {each.language: each.text for each in made} == {
        "en": "[en] grace *** Grace Hall",
        "es": "[es] grace *** Grace Hall",
        "fr": "grace *** Grace Hall",
    }


def test_a_sentence_of_terms_alone_needs_no_engine(world: World) -> None:
    assert texts(world, session_of(world), "Grace Hall!", ["es", "fr"]) == {
        "es": "Grace Hall!",
        "fr": "Grace Hall!",
    }
    assert world.translator.calls == []


def test_blocked_words_are_in_no_caption_and_reach_no_engine(world: World) -> None:
    assert texts(world, session_of(world), "Damn that") == {
        "en": "*** that",
        "es": "[es] *** that",
        "fr": "[fr] *** that",
    }
    assert not any("amn" in text for text, _, _ in world.translator.calls)


def test_a_blocked_word_that_the_engine_answers_is_masked_and_cached_as_it_was() -> None:
    class Swearing(StubTranslator):
        def translate(
            self, text: str, source_language: str, target_language: str, style: Style = PLAIN
        ) -> str:
            return f"caramba, {text}"

    world = World(translator=Swearing())
    of, plain = session_of(world), world.open()
    assert texts(world, of, "well", ["es"]) == {"es": "***, well"}
    assert captions(world, plain, "well", ["es"])["es"].text == "caramba, well"
    assert captions(world, plain, "well", ["es"])["es"].origin is Origin.CACHE
    assert texts(world, of, "well", ["es"]) == {"es": "***, well"}


def test_a_language_that_fails_is_the_source_text_without_blocked_words(world: World) -> None:
    world.translator.failing.add("es")
    failed = captions(world, session_of(world), "that damn grace", ["es"])["es"]
    assert (failed.text, failed.origin) == ("that *** grace", Origin.FAILED)


class Careless(StubTranslator):
    """Loses what it is to leave alone."""

    def translate(
        self, text: str, source_language: str, target_language: str, style: Style = PLAIN
    ) -> str:
        answer = super().translate(text, source_language, target_language, style)
        return answer.replace("<span", "<b").replace("</span", "</b")


def test_where_the_engine_loses_a_term_the_sentence_is_translated_without_it(
    caplog: pytest.LogCaptureFixture,
) -> None:
    world = World(translator=Careless())
    of = session_of(world)
    made = captions(world, of, "his grace", ["es"])["es"]
    assert (made.text, made.origin) == ("[es] his grace", Origin.ENGINE)
    assert "lost terms" in caplog.text
    # It is cached as what it is, and the term is tried again.
    assert captions(world, world.open(), "his grace", ["es"])["es"].origin is Origin.CACHE
    assert captions(world, of, "his grace", ["es"])["es"].text == "[es] his grace"
    assert [text for text, _, _ in world.translator.calls] == [
        'his <span translate="no">gracia</span>',
        "his grace",
    ]


def test_what_is_cached_without_the_lost_terms_is_not_paid_again() -> None:
    world = World(translator=Careless())
    of = session_of(world)
    captions(world, of, "his grace", ["es"])
    world.clock.advance(11_000)  # the engine's own memory of what it just made is over
    world.translator.calls.clear()
    again = captions(world, of, "his grace", ["es"])["es"]
    assert (again.text, again.origin) == ("[es] his grace", Origin.CACHE)
    assert [text for text, _, _ in world.translator.calls] == [
        'his <span translate="no">gracia</span>'
    ]


def test_what_terms_have_shaped_is_a_hit_however_long_it_is_or_like_its_source() -> None:
    class Echo(StubTranslator):
        def translate(
            self, text: str, source_language: str, target_language: str, style: Style = PLAIN
        ) -> str:
            super().translate(text, source_language, target_language, style)
            return text

    world = World(translator=Echo())
    long = Term("FAO", targets={"es": "f" * 120})
    of = session_of(world, Glossary((Term("open source community forum", keep=True), long)))
    for text in ("Maria: open source community forum", "FAO is"):
        first = captions(world, of, text, ["es"])["es"]
        world.clock.advance(11_000)
        again = captions(world, of, text, ["es"])["es"]
        assert (first.origin, again.origin) == (Origin.ENGINE, Origin.CACHE)
        assert first.text == again.text


def test_a_term_without_letters_is_said_in_its_form(world: World) -> None:
    of = session_of(world, Glossary((Term("24/7", targets={"es": "siempre"}),)))
    assert texts(world, of, "24/7!", ["es", "fr"]) == {"es": "siempre!", "fr": "24/7!"}
    assert world.translator.calls == []


def test_both_attempts_are_paid_and_the_second_is_within_the_budget() -> None:
    world = World(translator=Careless())
    marked = len('his <span translate="no">gracia</span>')
    opened, _ = world.app.sessions.open(OpenSession("en", character_budget=marked))
    world.app.glossaries.replace(opened, GLOSSARY)
    made = captions(world, world.now(opened), "his grace", ["es"])["es"]
    assert (made.text, made.origin) == ("his grace", Origin.OVER_BUDGET)


def test_profanity_and_formality_reach_the_engine_where_it_knows_them(world: World) -> None:
    style = Style(masks_profanity=True, formality="formal")
    of = session_of(world, Glossary(), style)
    assert texts(world, of, "damn you", ["es", "pt-BR"]) == {
        "es": "[es] ?$#@$ you (formal)",
        "pt-BR": "[pt-BR] ?$#@$ you",
    }


def test_a_style_has_calls_and_entries_of_its_own(world: World) -> None:
    plain, formal = world.open(), session_of(world, Glossary(), Style(formality="formal"))
    assert texts(world, plain, "you", ["es"]) == {"es": "[es] you"}
    assert texts(world, formal, "you", ["es"]) == {"es": "[es] you (formal)"}
    assert captions(world, formal, "you", ["es"])["es"].origin is Origin.CACHE
    # Where the engine knows no formality, the style changes no key.
    captions(world, plain, "you", ["pt-BR"])
    assert captions(world, formal, "you", ["pt-BR"])["pt-BR"].origin is Origin.CACHE
