"""`python -m infra.cache`: what it shows, withdraws and spends."""

import io
import json
import random
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalice_app.bootstrap.application import Application
from chalice_app.cache.lookup import cache_key
from chalice_app.domain.errors import (
    BadGlossary,
    InvalidLanguage,
    Unavailable,
    UnsupportedLanguage,
)
from chalice_app.domain.style import PLAIN, Style
from chalice_app.glossary.terms import Glossary, Term
from chalice_app.glossary.wording import Wording
from chalice_app.settings import ConfigurationError
from infra.cache.__main__ import parser, run
from infra.cache.warm import Warmed, Warming, read_script
from infra.stage_options import stage_settings, use_endpoints
from tests.fakes.cache import MemoryCache
from tests.fakes.domain import NOW_MS, sentence
from tests.fakes.translation import StubTranslator
from tests.fakes.world import World


class Tool:
    """The tool over a cache in memory."""

    def __init__(self, world: World) -> None:
        self.cache = MemoryCache()
        adapters = replace(
            world.app.adapters, cache=self.cache, hits=self.cache, recency=self.cache
        )
        self.world = world
        self.application = Application(world.settings, adapters)

    def run(self, *words: str) -> None:
        run(self.application, parser().parse_args(words))

    def put(self, text: str, hits: int = 0, target: str = "es") -> str:
        """An entry that has been hit so often; its key."""
        self.application.cache.put(text, "en", {target: f"[{target}] {text}"})
        key = cache_key("en", target, text)
        use = self.cache.uses[key]
        self.cache.hold(replace(use, access_count=hits, last_accessed_at=NOW_MS + hits))
        return key


@pytest.fixture
def tool(world: World) -> Tool:
    return Tool(world)


def output(capsys: pytest.CaptureFixture[str]) -> Any:
    return json.loads(capsys.readouterr().out)


# --- stats ---------------------------------------------------------------------------------------


def test_stats_are_of_the_entries_that_are_alive(
    tool: Tool, capsys: pytest.CaptureFixture[str]
) -> None:
    hot, cold = tool.put("Hello", hits=6), tool.put("Good bye")
    expired = tool.put("Gone", hits=99)
    tool.cache.hold(replace(tool.cache.uses[expired], ttl=NOW_MS // 1000))
    tool.run("stats", "--json", "--top", "1")
    assert output(capsys) == {
        "entries": 2,
        "expired": 1,
        "limit": 10_000,
        "hits": 6,
        "hit_rate": 75.0,
        "characters_translated": 13,
        "characters_saved": 30,
        "dollars_spent": 0.000195,
        "dollars_saved": 0.00045,
        "hottest": [
            {
                "cache_key": hot,
                "access_count": 6,
                "last_accessed_at": NOW_MS + 6,
                "source_text": "Hello",
                "translated_text": "[es] Hello",
            }
        ],
        "coldest": [
            {
                "cache_key": cold,
                "access_count": 0,
                "last_accessed_at": NOW_MS,
                "source_text": "Good bye",
                "translated_text": "[es] Good bye",
            }
        ],
    }


def test_stats_of_many_entries_read_their_texts_in_full_calls(tool: Tool) -> None:
    for number in range(250):
        tool.put(f"sentence {number}")
    tool.cache.calls.clear()
    tool.run("stats")
    assert tool.cache.calls == ["query_oldest"] + ["get_entries"] * 3


def test_stats_as_a_table_obey_no_control_character(
    tool: Tool, capsys: pytest.CaptureFixture[str]
) -> None:
    tool.put("a\x1b[2Jb " + "long " * 30, hits=1_234)
    tool.run("stats")
    table = capsys.readouterr().out
    assert "\x1b" not in table
    assert "a\N{REPLACEMENT CHARACTER}[2Jb" in table
    assert "1 of 10,000 (0 expired)" in table
    assert max(map(len, table.splitlines())) < 140


def test_stats_of_an_empty_cache_divide_by_nothing(
    tool: Tool, capsys: pytest.CaptureFixture[str]
) -> None:
    tool.run("stats", "--json")
    assert output(capsys)["hit_rate"] is None
    tool.run("stats")
    assert "hits        0 (-" in capsys.readouterr().out


# --- purge ---------------------------------------------------------------------------------------


def test_a_pair_is_withdrawn_and_no_other(tool: Tool, capsys: pytest.CaptureFixture[str]) -> None:
    for number in range(40):
        tool.put(f"{number}")
        tool.put(f"{number}", target="es-MX")
    tool.run("purge", "--source", "en", "--target", "es", "--json")
    assert output(capsys) == {"purged": 40}
    assert {key.rpartition(":")[0] for key in tool.cache.uses} == {"en:es-MX"}


def test_one_text_is_withdrawn_however_it_is_written(
    tool: Tool, capsys: pytest.CaptureFixture[str]
) -> None:
    tool.put("Hello there")
    kept = tool.put("Good bye")
    purge = ("purge", "--source", "EN", "--target", "es", "--json", "--text")
    tool.run(*purge, "  hello   THERE ")
    assert output(capsys) == {"purged": 1}
    assert set(tool.cache.uses) == {kept}
    tool.run(*purge, "hello there")
    assert output(capsys) == {"purged": 0}


def test_what_was_withdrawn_is_translated_anew(tool: Tool) -> None:
    tool.put("Hello")
    tool.run("purge", "--source", "en", "--target", "es")
    assert tool.application.cache.get("Hello", "en", ["es"]) == {}


# --- warm ----------------------------------------------------------------------------------------


def script(tmp_path: Path, *lines: str) -> str:
    path = tmp_path / "talk.txt"
    path.write_text("\n".join(lines), encoding="utf-8")
    return str(path)


def test_a_script_is_translated_once_and_found_when_it_is_spoken(
    tool: Tool, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    name = script(tmp_path, "Hello", "", "  Good  bye ", "Hello", "x" * 4_001)
    warm = ("warm", name, "--to", "es,fr,es-419,es,en-GB", "--budget", "1000", "--json")
    tool.run(*warm)
    first = output(capsys)
    assert (first["translated"], first["cached"], first["characters"]) == (4, 0, 26)
    assert (first["sentences"], first["too_long"], first["unaffordable"]) == (2, 1, 0)
    assert first["dollars"] == pytest.approx(26 * 15e-6)
    tool.world.clock.advance(60_000)
    assert set(tool.application.cache.get("Good bye", "en", ["es", "fr"])) == {"es", "fr"}
    tool.run(*warm)
    again = output(capsys)
    assert (again["translated"], again["cached"], again["characters"]) == (0, 4, 0)
    assert len(tool.world.translator.calls) == 4


def test_a_script_is_warmed_with_the_terms_that_its_session_will_have(
    tool: Tool, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    glossary = Glossary((Term("hall", targets={"es": "sala"}),), ("darn",))
    terms = script(tmp_path, "source,es,blocked", "hall,sala,darn")
    terms = str(Path(terms).rename(tmp_path / "terms.csv"))
    name = script(tmp_path, "Darn, the hall is cold", "Hall!", "It is late")
    tool.run("warm", name, "--to", "es,fr", "--budget", "1000", "--glossary", terms, "--json")
    assert output(capsys)["translated"] == 5
    of = tool.world.open()
    tool.application.glossaries.replace(of, glossary)
    of = tool.world.now(of)
    tool.world.translator.calls.clear()
    for text in ("Darn, the hall is cold", "Hall!", "It is late"):
        said = sentence(text=text)
        captions = tool.application.sentence_translator.translate(of, said, ["es", "fr"])
        assert [caption.is_cached for caption in captions] == [True, True]
    assert tool.world.translator.calls == []


def test_a_glossary_that_is_wrong_costs_nothing(tool: Tool, tmp_path: Path) -> None:
    terms = str(tmp_path / "terms.json")
    Path(terms).write_text('{"terms":[{"source":""}]}')
    name = script(tmp_path, "Hello")
    with pytest.raises(BadGlossary, match="term 1"):
        tool.run("warm", name, "--to", "es", "--budget", "1000", "--glossary", terms)
    assert tool.world.translator.calls == []


def test_terms_that_the_engine_loses_are_failures(tmp_path: Path) -> None:
    class Careless(StubTranslator):
        def translate(
            self, text: str, source_language: str, target_language: str, style: Style = PLAIN
        ) -> str:
            return "nothing of it"

    world = World(translator=Careless())
    wording = Wording(Glossary((Term("hall", keep=True),)))
    warming = Warming(world.app.cache, world.app.engine, "en", ["es"], 1000, wording)
    warmed = warming.warm(["the hall"], lambda _: None)
    assert (warmed.translated, warmed.failed) == (0, 1)
    assert "terms" in warmed.reason


@given(
    st.integers(0, 2**32),
    st.lists(st.text("abc", min_size=1, max_size=12), max_size=12, unique=True),
    st.integers(1, 60),
)
def test_the_budget_is_never_passed(seed: int, sentences: list[str], budget: int) -> None:
    world, told = World(), list[Warmed]()
    chance = random.Random(seed)
    application = Application(world.settings, replace(world.app.adapters, cache=MemoryCache()))
    for text in sentences:
        if chance.random() < 0.3:
            application.cache.put(text, "en", {"es": "cached"})
    failing = {"fr"} if chance.random() < 0.3 else set()
    world.translator.failing |= failing
    warming = Warming(application.cache, application.engine, "en", ["es", "fr"], budget)
    warmed = warming.warm(sentences, told.append)
    spent = sum(len(text) for text, _, _ in world.translator.calls)
    failed = sum(len(text) for text, _, target in world.translator.calls if target in failing)
    assert spent <= budget
    assert warmed.characters == spent - failed
    assert warmed.translated + warmed.failed == len(world.translator.calls)
    assert warmed.sentences + warmed.unaffordable == len(sentences)
    assert told == sorted(told, key=lambda each: each.characters)


def test_what_the_budget_leaves_is_said(
    tool: Tool, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    name = script(tmp_path, "Hello", "Good bye", "So long")
    tool.run("warm", name, "--to", "es", "--budget", "12")
    told = capsys.readouterr().out
    assert "1 translation made, 0 found, 0 failed: 5 characters, $0.0001" in told
    assert "the budget is used up: left 2 sentences" in told


def test_translations_that_fail_cost_nothing_and_say_why(
    tool: Tool, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tool.world.translator.failing.add("fr")
    name = script(tmp_path, "Hello", "Good bye")
    with pytest.raises(SystemExit) as ended:
        tool.run("warm", name, "--to", "fr", "--budget", "100")
    assert ended.value.code == 1
    told = capsys.readouterr().out
    assert told == "0 translations made, 0 found, 2 failed (told to fail): 0 characters, $0.0000\n"


def test_an_engine_that_does_not_answer_is_asked_for_no_sentence(
    tool: Tool, tmp_path: Path
) -> None:
    tool.world.translator.unavailable = True
    with pytest.raises(Unavailable):
        tool.run("warm", script(tmp_path, "Hello"), "--to", "fr", "--budget", "100")
    assert (tool.world.translator.calls, tool.world.translator.listings) == ([], 1)


def test_which_of_the_languages_is_no_tag_is_said(tool: Tool, tmp_path: Path) -> None:
    with pytest.raises(InvalidLanguage, match=r"^'' is not a BCP-47 tag such as es"):
        tool.run("warm", script(tmp_path, "Hello"), "--to", "es,,fr", "--budget", "100")
    with pytest.raises(InvalidLanguage, match="'e s' is not a BCP-47 tag"):
        tool.run("purge", "--source", "en", "--target", "e s")


def test_one_translation_is_withdrawn_in_the_singular(
    tool: Tool, capsys: pytest.CaptureFixture[str]
) -> None:
    tool.put("Hello")
    tool.run("purge", "--source", "en", "--target", "es")
    assert capsys.readouterr().out == "1 translation withdrawn\n"


def test_nothing_is_spent_on_a_cache_that_is_down(tool: Tool, tmp_path: Path) -> None:
    tool.cache.refusing.add("get_entries")
    with pytest.raises(Unavailable):
        tool.run("warm", script(tmp_path, "Hello"), "--to", "es", "--budget", "100")
    assert tool.world.translator.calls == []


@pytest.mark.parametrize(
    ("to", "error"), [("klingon!", InvalidLanguage), ("tlh", UnsupportedLanguage)]
)
def test_a_language_that_is_not_offered_is_refused_before_anything_is_spent(
    tool: Tool, tmp_path: Path, to: str, error: type[Exception]
) -> None:
    with pytest.raises(error):
        tool.run("warm", script(tmp_path, "Hello"), "--to", f"es,{to}", "--budget", "100")
    assert tool.world.translator.calls == []


def test_a_file_that_cannot_be_read_is_said_so(tool: Tool, tmp_path: Path) -> None:
    broken = tmp_path / "latin1.txt"
    broken.write_bytes("café".encode("latin-1"))
    for name, reason in ((str(tmp_path / "none.txt"), "cannot be read"), (str(broken), "UTF-8")):
        with pytest.raises(ConfigurationError, match=reason):
            tool.run("warm", name, "--to", "es", "--budget", "100")


def test_the_script_may_come_by_stdin(
    tool: Tool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("Hello\nGood bye"))
    tool.run("warm", "-", "--to", "es", "--budget", "100", "--json")
    assert output(capsys)["translated"] == 2


class Terminal(io.StringIO):
    """A stream that somebody watches."""

    def isatty(self) -> bool:
        return True


def test_progress_is_shown_to_who_watches(
    tool: Tool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    screen = Terminal()
    monkeypatch.setattr(sys, "stderr", screen)
    name = script(tmp_path, "Hello", "Good bye")
    tool.run("warm", name, "--to", "es", "--budget", "100", "--json")
    states = screen.getvalue().split("\r")
    assert "[###############---------------] 1/2 sentences, 5 of 100 characters" in states[1]
    assert "2/2 sentences, 13 of 100 characters\n" in states[2]


def test_lines_are_sentences_each_once() -> None:
    found = read_script(["a  b", " a b ", "", "\t", "…", "12:30", "x" * 4_000, "y" * 4_001])
    assert (found.sentences, found.skipped) == (["a b", "x" * 4_000], 1)


# --- Which stage ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("stage", "environ", "table"),
    [
        (None, {}, "CachedTranslations-dev"),
        ("prod", {}, "CachedTranslations-prod"),
        (None, {"STAGE": "staging"}, "CachedTranslations-staging"),
        (None, {"CACHED_TRANSLATIONS_TABLE_NAME": "Mine"}, "Mine"),
        ("prod", {"CACHED_TRANSLATIONS_TABLE_NAME": "Mine"}, "CachedTranslations-prod"),
    ],
)
def test_the_stage_names_the_table(stage: str | None, environ: dict[str, str], table: str) -> None:
    assert stage_settings(stage, environ).cached_translations_table == table


def test_endpoints_of_a_local_stage_need_no_credentials() -> None:
    environ = {"AWS_ACCESS_KEY_ID": "kept"}
    words = ["stats", "--dynamodb", "http://127.0.0.1:1"]
    use_endpoints(parser().parse_args(words), environ)
    assert environ == {
        "AWS_ACCESS_KEY_ID": "kept",
        "AWS_SECRET_ACCESS_KEY": "local",
        "AWS_ENDPOINT_URL_DYNAMODB": "http://127.0.0.1:1",
        "AWS_ENDPOINT_URL_DYNAMODB_STREAMS": "http://127.0.0.1:1",
    }


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["warm", "f", "--to", "es"],
        ["warm", "f", "--to", "es", "--budget", "0"],
        ["warm", "f", "--to", "es", "--budget", "-5"],
        ["warm", "f", "--to", "es", "--budget", "lots"],
        ["purge", "--source", "en"],
        ["stats", "--top", "0"],
    ],
)
def test_a_command_that_is_not_whole_is_refused(
    words: Sequence[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        parser().parse_args(words)
    assert ended.value.code == 2
    capsys.readouterr()
