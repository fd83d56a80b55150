"""What a further language costs: `.venv/bin/python tests/benchmarks/languages.py`; under a minute.

A sentence that no cache has, by a translator of 100 ms, to as many listeners of each language:
from `speak` to the report. Tables are in memory and a post costs nothing, so that what is left is
the translations' wait and this project's own work; posts would grow with the listeners alone.
"""

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # run as a script, from anywhere

from chalice_app.domain.reports import Posted
from chalice_app.domain.session import Session
from chalice_app.domain.style import PLAIN, Style
from tests.benchmarks.results import RESULTS, Figure, report
from tests.fakes.delivery import RecordingGateway
from tests.fakes.domain import sentence
from tests.fakes.translation import StubTranslator
from tests.fakes.world import World

TRANSLATION_SECONDS = 0.1
LISTENERS = 100
"""Of each language; few enough in all for one function (`settings.SLICE_LISTENERS`)."""

LANGUAGES = (1, 3, 10, 30)
TARGETS = {3: 1.2}
"""The most times as long as one language that so many may take."""

ROUNDS = 25


class SlowTranslator(StubTranslator):
    """As slow as a translation service, and as parallel."""

    def translate(
        self, text: str, source_language: str, target_language: str, style: Style = PLAIN
    ) -> str:
        """The text with its language, after a while."""
        time.sleep(TRANSLATION_SECONDS)
        return super().translate(text, source_language, target_language, style)


class FreeGateway(RecordingGateway):
    """Everything is delivered at once."""

    def post(
        self, connection_ids: Sequence[str], data: bytes, deadline: float, share: float = 1.0
    ) -> Posted:
        """Counts; the report to the speaker is kept."""
        if len(connection_ids) == 1:
            return super().post(connection_ids, data, deadline, share)
        return Posted(delivered=len(connection_ids))


class Hall:
    """A session with listeners of so many languages."""

    def __init__(self, languages: int) -> None:
        codes = [f"x{number:02d}" for number in range(languages)]
        self.world = World(translator=SlowTranslator("en", *codes), gateway=FreeGateway())
        self.session: Session = self.world.speaker(self.world.open())
        for number in range(LISTENERS * languages):
            self.world.listener(self.session, f"c{number}", codes[number % languages])
        self.sequence = 0

    def speak(self) -> float:
        """Milliseconds of a sentence; everyone must have had it."""
        self.sequence += 1
        said = sentence(self.sequence, f"sentence {self.sequence}", self.world.clock.now_ms())
        session = self.world.now(self.session)
        begun = time.perf_counter()
        self.world.app.speech.speak(session, "speaker", said)
        took = time.perf_counter() - begun
        (told,) = (
            each
            for each in self.world.gateway.to("speaker", "spoken")
            if each["sequence"] == self.sequence
        )
        lines = told["languages"].values()
        assert all(line["delivered"] == LISTENERS and not line["cached"] for line in lines), told
        return took * 1000


def main() -> None:
    """The halls take turns, so that whatever else the machine does meets them all."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--results", type=Path, default=RESULTS)
    options = parser.parse_args()
    halls = {count: Hall(count) for count in LANGUAGES}
    times: dict[int, list[float]] = {count: [] for count in LANGUAGES}
    for hall in halls.values():
        hall.speak()  # starts the threads
    for _ in range(ROUNDS):
        for count, hall in halls.items():
            times[count].append(hall.speak())
    one = median(times[LANGUAGES[0]])
    name = f"languages: {TRANSLATION_SECONDS * 1000:g} ms a translation, {LISTENERS} of each"
    for count in LANGUAGES:
        took = median(times[count])
        figures = [Figure(f"{name}, {count}", took, "ms")]
        if count > 1:
            target = TARGETS.get(count)
            figures.append(Figure(f"{name}, {count} to 1", took / one, "x", target))
        report(figures, options.results)


if __name__ == "__main__":
    main()
