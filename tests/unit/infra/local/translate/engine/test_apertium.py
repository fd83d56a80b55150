"""The pipes, with programs that every Unix has: `cat` answers, `sleep` hangs, `true` dies."""

import os
import signal
import stat
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from infra.local.translate.engine.apertium import PipeFailed, RulePipe
from infra.local.translate.engine.apertium_modes import find_mode

OPEN_FILES = Path("/proc/self/fd")
ECHO = [["cat"], ["cat"]]
# All answer the question that every start asks.
HANGS = [[sys.executable, "-c", "import os, time; os.write(1, os.read(0, 99)); time.sleep(60)"]]
IN_HEX = [
    [
        sys.executable,
        "-c",
        "import os\nwhile b := os.read(0, 99): os.write(1, b.hex().encode() + b'\\0')",
    ]
]
DIES_OF_X = [
    [sys.executable, "-c", "import os\nwhile b'x' not in (b := os.read(0, 99)): os.write(1, b)"]
]


@contextmanager
def running(commands: Sequence[Sequence[str]], timeout: float = 2.0) -> Iterator[RulePipe]:
    pipe = RulePipe(commands, timeout)
    try:
        yield pipe
    finally:
        pipe.close()


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def has_lines(file: Path, count: int) -> bool:
    return file.exists() and file.read_text().count("\n") == count


def runs(pid: int) -> bool:
    """Whether there is such a process, and more of it than its exit code."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


@pytest.fixture(scope="module")
def echo() -> Iterator[RulePipe]:
    with running(ECHO) as pipe:
        yield pipe


@given(st.text(max_size=200))
@example("a [b] {c} $d /e @f <g> \\ ^ 😀 [][\n]")
def test_every_character_passes_but_those_that_would_hang_the_chain(
    echo: RulePipe, sentence: str
) -> None:
    expected = sentence.translate(dict.fromkeys(map(ord, "^\\\0")))
    assert echo.translate(sentence) == expected


def test_the_first_program_gets_escapes_an_end_of_blanks_and_a_nul() -> None:
    with running(IN_HEX) as pipe:
        assert bytes.fromhex(pipe.translate("a/b [c]")) == b"a\\/b \\[c\\][][\n]\0"


def test_threads_take_turns(echo: RulePipe) -> None:
    answers: dict[int, str] = {}

    def ask(number: int) -> None:
        answers[number] = echo.translate(f"sentence {number}")

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == {number: f"sentence {number}" for number in range(20)}


def test_a_chain_that_hangs_fails_in_time_and_is_started_anew() -> None:
    with running(HANGS, timeout=0.2) as pipe:
        for _ in range(2):
            begun = time.monotonic()
            with pytest.raises(PipeFailed, match=r"no answer in 0\.2 s"):
                pipe.translate("hello")
            assert time.monotonic() - begun < 5


def test_a_chain_that_dies_fails_once_and_is_started_anew() -> None:
    with running(DIES_OF_X) as pipe:
        assert pipe.translate("one") == "one"
        with pytest.raises(PipeFailed, match="a program ended"):
            pipe.translate("x")
        assert pipe.translate("two") == "two"


def test_a_program_that_cannot_start_is_a_failure_and_leaves_nothing() -> None:
    with running([["cat"], ["true"]]) as pipe, pytest.raises(PipeFailed):
        pipe.translate("hello")


def test_closing_ends_a_call_that_waits_and_refuses_the_next() -> None:
    pipe = RulePipe(HANGS, timeout=30)
    failures: list[PipeFailed] = []

    def ask() -> None:
        try:
            pipe.translate("hello")
        except PipeFailed as failure:
            failures.append(failure)

    waiting = threading.Thread(target=ask)
    waiting.start()
    time.sleep(0.3)
    pipe.close()
    waiting.join(5)
    assert len(failures) == 1
    with pytest.raises(PipeFailed, match="closed"):
        pipe.translate("hello")


class Installation:
    """A directory of modes and a PATH of programs."""

    def __init__(self, root: Path) -> None:
        self.modes = root / "modes"
        self.data = root / "data"
        self.programs = root / "bin"
        for directory in (self.modes, self.data, self.programs):
            directory.mkdir()

    def add_program(self, name: str) -> None:
        program = self.programs / name
        program.write_text("#!/bin/sh\n")
        program.chmod(program.stat().st_mode | stat.S_IXUSR)

    def add_file(self, name: str) -> str:
        file = self.data / name
        file.touch()
        return str(file)

    def add_mode(self, name: str, text: str) -> None:
        (self.modes / f"{name}.mode").write_text(text)


@pytest.fixture
def installation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Installation:
    installed = Installation(tmp_path)
    monkeypatch.setenv("PATH", str(installed.programs))
    for program in ("lt-proc", "apertium-tagger"):
        installed.add_program(program)
    automorf, prob = installed.add_file("a-b.automorf.bin"), installed.add_file("a-b.prob")
    installed.add_mode(
        "a-b", f"lt-proc '{automorf}' | apertium-tagger -g $2 '{prob}' | lt-proc $1 '{automorf}'"
    )
    return installed


def test_a_mode_is_made_ready_for_a_pipe(installation: Installation) -> None:
    automorf, prob = (str(installation.data / name) for name in ("a-b.automorf.bin", "a-b.prob"))
    assert find_mode("a-b", installation.modes) == (
        ["lt-proc", "-z", automorf],
        ["apertium-tagger", "-z", "-g", prob],
        ["lt-proc", "-z", "-n", automorf],
    )


def test_a_grammar_that_the_mode_forgets_is_used(installation: Installation) -> None:
    grammar = installation.add_file("a-b.rlx.bin")
    assert find_mode("a-b", installation.modes) is None  # its program is missing
    installation.add_program("cg-proc")
    commands = find_mode("a-b", installation.modes)
    assert commands is not None
    assert commands[1] == ["cg-proc", "-z", grammar]
    assert len(commands) == 4


@pytest.mark.parametrize("missing", ["bin/apertium-tagger", "data/a-b.prob", "modes/a-b.mode"])
def test_a_mode_that_lacks_anything_is_not_offered(
    installation: Installation, missing: str
) -> None:
    (installation.modes.parent / missing).unlink()
    assert find_mode("a-b", installation.modes) is None


@pytest.mark.skipif(not OPEN_FILES.exists(), reason="counts open files by Linux's /proc")
def test_nothing_is_left_open() -> None:
    before = len(list(OPEN_FILES.iterdir()))
    with running(ECHO) as pipe:
        pipe.translate("hello")
        assert len(list(OPEN_FILES.iterdir())) == before + 2  # the chain's two ends
    assert len(list(OPEN_FILES.iterdir())) == before


def test_a_chain_that_nobody_needs_ends_and_comes_back() -> None:
    before = len(list(OPEN_FILES.iterdir()))
    with running(ECHO) as pipe:
        assert pipe.translate("one") == "one"
        pipe.close_unused(60.0)
        assert len(list(OPEN_FILES.iterdir())) > before
        pipe.close_unused(0.0)
        assert len(list(OPEN_FILES.iterdir())) == before
        assert pipe.translate("two") == "two"


def test_a_chain_that_is_started_ahead_is_there_for_its_first_sentence() -> None:
    with running(ECHO) as pipe:
        pipe.start()
        assert pipe.translate("one") == "one"
        pipe.start()
        assert pipe.translate("two") == "two"


def test_a_chain_that_cannot_be_started_ahead_fails_with_its_sentence() -> None:
    with running([["true"]]) as pipe:
        pipe.start()
        with pytest.raises(PipeFailed):
            pipe.translate("one")


def test_a_chain_that_failed_to_start_ahead_is_started_by_its_sentence(tmp_path: Path) -> None:
    installed, tried = tmp_path / "installed", tmp_path / "tried"
    script = f"touch '{tried}'; test -e '{installed}' && exec cat"
    with running([["sh", "-c", script]]) as pipe:
        pipe.start()
        until(tried.exists)
        installed.touch()
        assert pipe.translate("one") == "one"


def test_a_program_that_is_missing_is_a_failure() -> None:
    with running([["cat"], ["/nonexistent/program"]]) as pipe:
        pipe.start()
        with pytest.raises(PipeFailed):
            pipe.translate("hello")


def test_a_chain_that_was_given_back_is_started_ahead_again(tmp_path: Path) -> None:
    starts = tmp_path / "starts"
    with running([["sh", "-c", f"echo >>'{starts}'; exec cat"]]) as pipe:
        for number in (1, 2):
            pipe.start()
            until(partial(has_lines, starts, number))
            assert pipe.translate("one") == "one"
            pipe.close_unused(0.0)


def test_whoever_asks_for_a_chain_keeps_it(tmp_path: Path) -> None:
    starts = tmp_path / "starts"
    with running([["sh", "-c", f"echo >>'{starts}'; exec cat"]]) as pipe:
        assert pipe.translate("one") == "one"
        asked = time.monotonic()
        pipe.start()
        pipe.close_unused(time.monotonic() - asked + 0.001)
        assert pipe.translate("two") == "two"
    assert starts.read_text() == "\n"


@pytest.mark.parametrize("lost", [0, 1, 2])
def test_an_idle_chain_that_lost_a_program_is_started_anew_before_the_next_sentence(
    tmp_path: Path, lost: int
) -> None:
    notes = [tmp_path / str(number) for number in range(3)]
    with running([["sh", "-c", f"echo $$ >'{note}'; exec cat"] for note in notes]) as pipe:
        assert pipe.translate("one") == "one"
        pids = [int(note.read_text()) for note in notes]
        os.kill(pids[lost], signal.SIGKILL)
        until(lambda: not runs(pids[-1]))  # it ends with those before it
        assert pipe.translate("two") == "two"
        assert not any(map(runs, pids))


def test_a_last_program_that_dies_of_a_sentence_fails_it_at_once() -> None:
    with running([["cat"], *DIES_OF_X], timeout=30) as pipe:
        begun = time.monotonic()
        with pytest.raises(PipeFailed, match="a program ended"):
            pipe.translate("x")
        assert time.monotonic() - begun < 10


def test_closing_while_a_chain_starts_ends_it(tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    deaf = ["sh", "-c", f"echo $$ >>'{pids}'; exec sleep 60"]
    pipe = RulePipe([deaf, deaf])
    pipe.start()
    until(partial(has_lines, pids, 2))
    begun = time.monotonic()
    pipe.close()
    assert time.monotonic() - begun < 5
    until(lambda: not any(runs(int(pid)) for pid in pids.read_text().split()))


def test_a_closed_chain_is_not_started_ahead() -> None:
    before = len(list(OPEN_FILES.iterdir()))
    with running(ECHO) as pipe:
        pipe.close()
        pipe.start()
        with pytest.raises(PipeFailed):
            pipe.translate("one")
    assert len(list(OPEN_FILES.iterdir())) == before
