"""Transcripts of a two-hour talk: `.venv/bin/python -m tests.benchmarks.transcripts`; a minute.

A session of 1,440 sentences in three languages is written straight into the tables of a real stage,
and fetched over HTTP in every format, two languages side by side. Measured are the time to the last
byte, the size, and what the functions' process grows by at its peak.
"""

import argparse
import re
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

from tests.benchmarks.results import RESULTS, Figure, report
from tests.benchmarks.soak_memory import children
from tests.integration.client import Session, Stage, running_stage
from tests.integration.kept_talk import keep_talk

SENTENCES = 1_440
"""Two hours at a sentence in five seconds."""

LANGUAGES = ("es", "pt")
FORMATS = ("txt", "srt", "vtt", "json")
ROUNDS = 5
MOST_SECONDS = 3.0
MOST_GROWTH_MB = 100
MOST_MB = 10
"""API Gateway's for a REST answer. Source:
https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html
"""

_WORDS = {
    "en": "We are here to talk about what remains of a talk when everybody has gone home",
    "es": "Estamos aquí para hablar de lo que queda de una charla cuando todos se han ido a casa",
    "pt": "Estamos aqui para falar do que fica de uma palestra quando todos já foram para casa",
}


def fetched(stage: Stage, session: Session, format: str) -> tuple[float, int]:  # noqa: A002
    """Seconds and bytes of one transcript, which must have all of it."""
    query = f"format={format}&language={LANGUAGES[0]}&with={LANGUAGES[1]}"
    begun = time.perf_counter()
    answer = stage.request(
        "GET",
        f"/sessions/{session.session_id}/transcript?{query}",
        headers={"Authorization": f"Bearer {session.token}"},
    )
    seconds = time.perf_counter() - begun
    assert answer.status == 200, answer
    for code in LANGUAGES:
        assert f"sentence {SENTENCES}.".encode() in answer.body
        assert _WORDS[code][:20].encode() in answer.body
    return seconds, len(answer.body)


def peak_mb(pid: int) -> float:
    """The most memory that the process had at a time since `forget_peak`."""
    found = re.search(r"^VmHWM:\s+(\d+) kB$", Path(f"/proc/{pid}/status").read_text(), re.M)
    assert found is not None
    return int(found.group(1)) / 1024


def forget_peak(pid: int) -> None:
    """From now on the peak counts anew. Source: proc(5), clear_refs."""
    Path(f"/proc/{pid}/clear_refs").write_text("5")


def measure(stage: Stage) -> Iterator[Figure]:
    """Every format, some rounds each."""
    assert stage.pid is not None
    functions = children(stage.pid)["functions"]
    session = stage.open_session("en")
    keep_talk(stage, session, _WORDS, SENTENCES)
    forget_peak(functions)
    before = peak_mb(functions)
    for each in FORMATS:
        rounds = [fetched(stage, session, each) for _ in range(ROUNDS)]
        name = f"transcript of {SENTENCES} sentences, {each}, two languages"
        slowest = max(seconds for seconds, _ in rounds)
        yield Figure(f"{name}: slowest of {ROUNDS}", slowest, "s", MOST_SECONDS)
        yield Figure(f"{name}: size", rounds[0][1] / 1e6, "MB", MOST_MB)
    growth = peak_mb(functions) - before
    yield Figure("transcripts: the functions' process, peak", growth, "MB more", MOST_GROWTH_MB)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measures on a stage of its own; 1 where a target is missed."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--results", type=Path, default=RESULTS)
    results = parser.parse_args(arguments).results
    with ExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        log = directory / "stderr.log"
        stage = stack.enter_context(running_stage(log, "--data-dir", str(directory)))
        figures = list(measure(stage))
    report(figures, results)
    return int(any(figure.met is False for figure in figures))


if __name__ == "__main__":
    sys.exit(main())
