"""What comes out of a stream as a recogniser sends it, and when, by the audio clock.

`Transcribe`: an update each 0.3 s, 0.6 s late; all items but the newest two are stable.
`whisper`, the local recogniser: an update each second, 0.6 s late; what two updates have is stable.
Both end a result at a pause of 0.6 s.
"""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.deno import Deno
from tests.unit.chalice_app.web.recogniser import Call, advance, heard, items

SAID = (
    ("Good morning, and welcome to the old church.", 400),
    ("Mr. Carter comes at 9:30 a.m. from the U.S.", 300),
    ("He has been here before and", 900),
    ("he knows the way.", 2000),
    ("Amen.", 3000),
    ("We came down to the river early in the morning", 0),
    ("because the water had risen in the night, and", 0),
    ("nobody in the town knew what to do.", 100),
    ("Thank you. That is all for", 800),
    ("now", 4000),
)
LATE_MS, FINAL_PAUSE_MS, TICK_MS = 600, 600, 100
EXPECTED = [
    "Good morning, and welcome to the old church.",
    "Mr. Carter comes at 9:30 a.m. from the U.S.",
    "He has been here before and he knows the way.",
    "Amen.",
    "We came down to the river early in the morning because the water had risen in the night,",
    "and nobody in the town knew what to do.",
    "Thank you. That is all for now",
]
STEPS = {"Transcribe": 300, "whisper": 1000}


def spoken() -> Iterator[tuple[list[dict[str, Any]], bool]]:
    """The items of each phrase, and whether a final follows it."""
    at = 500
    for text, pause in SAID:
        phrase = items(text, at)
        at = phrase[-1]["endMs"] + pause
        yield phrase, pause >= FINAL_PAUSE_MS


def stream(recogniser: str) -> Iterator[Call]:
    """The clock each tick, and the results that have come by then."""
    every = [(item, number) for number, (phrase, _) in enumerate(spoken()) for item in phrase]
    finals = [number for number, (_, is_final) in enumerate(spoken()) if is_final]
    name, known = 0, 0
    end = every[-1][0]["endMs"] + 4000
    for clock in range(0, end, TICK_MS):
        yield advance(clock)
        last = finals[name] if name < len(finals) else None
        first = finals[name - 1] + 1 if name else 0
        own = [item for item, number in every if last is not None and first <= number <= last]
        audible = [item for item in own if item["endMs"] <= clock - LATE_MS]
        if (
            own
            and len(audible) == len(own)
            and clock - LATE_MS >= own[-1]["endMs"] + FINAL_PAUSE_MS
        ):
            yield result(name, own, len(own), partial=False)
            name, known = name + 1, 0
        elif audible and clock % STEPS[recogniser] == 0:
            stable = known if recogniser == "whisper" else max(0, len(audible) - 2)
            yield result(name, audible, stable, partial=True)
            known = len(audible)


def result(name: int, content: list[dict[str, Any]], stable: int, *, partial: bool) -> Call:
    """A result of which the first items are stable."""
    marked = [{**item, "stable": at < stable} for at, item in enumerate(content)]
    span = {"startMs": content[0]["startMs"], "endMs": content[-1]["endMs"]}
    return ["hear", {"id": f"{name}", "partial": partial, **span, "items": marked}]


@pytest.mark.parametrize("recogniser", STEPS)
def test_sentences_come_out_whole_and_soon(segmenter: Deno, recogniser: str) -> None:
    clock, table = 0, []
    calls = list(stream(recogniser))
    for call, answer in zip(calls, heard(segmenter, "en", *calls), strict=True):
        clock = call[1] if call[0] == "advance" else clock
        table += [(clock - each["endMs"], each["text"]) for each in answer["sentences"]]
    for late, text in table:
        print(f"{late / 1000:5.1f} s  {text}")
    assert [text for _, text in table] == EXPECTED
    assert max(late for late, _ in table) <= 4_000
