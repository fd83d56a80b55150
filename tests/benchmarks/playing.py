"""What really plays on a listener's page in Chromium, whatever its player believes.

The script notes captions and `speech` messages as they come, and looks every 40 ms which media
elements have moved on since the last look, audibly. An element that plays a blob is traced back to
the address from which the page fetched it. Moments are milliseconds of the page's clock.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

NOTES = Path(__file__).with_name("playing_notes.js").read_text(encoding="utf-8")


@dataclass(slots=True)
class Heard:
    """A sound as it played: its sentence, from when to when, and its fastest rate."""

    sequence: int
    begins: float
    ends: float
    rate: float
    most_behind: float
    """Milliseconds: how much later a part of it was heard than if it had begun with its caption."""


@dataclass(slots=True)
class Playing:
    """The whole of a talk. `overlaps`: looks at which more than one voice was heard."""

    captions: dict[int, float]
    speeches: dict[int, float]
    heard: list[Heard] = field(default_factory=list)
    overlaps: int = 0

    @property
    def skipped(self) -> list[int]:
        """Sentences whose sound was announced and never heard."""
        return sorted(set(self.speeches) - {each.sequence for each in self.heard})

    @property
    def most_behind(self) -> float:
        """Milliseconds."""
        return max((each.most_behind for each in self.heard), default=0.0)


def playing(notes: Mapping[str, Any]) -> Playing:
    """What the script has noted, by sentence."""
    speeches = {note["url"]: note for note in notes["speeches"]}
    found = Playing(
        captions={note["sequence"]: note["at"] for note in reversed(notes["captions"])},
        speeches={note["sequence"]: note["at"] for note in reversed(notes["speeches"])},
    )
    by_url: dict[str, Heard] = {}
    voices = [look for look in notes["looks"] if look["url"] in speeches]
    for look in voices:
        sequence, at = speeches[look["url"]]["sequence"], look["at"]
        begun = found.captions.get(sequence, speeches[look["url"]]["at"])
        behind = at - begun - 1_000 * look["seconds"]
        if look["url"] not in by_url:
            by_url[look["url"]] = Heard(sequence, at, at, look["rate"], behind)
        heard = by_url[look["url"]]
        heard.ends, heard.rate = at, max(heard.rate, look["rate"])
        heard.most_behind = max(heard.most_behind, behind)
    found.heard = list(by_url.values())
    found.overlaps = sum(count > 1 for count in Counter(look["at"] for look in voices).values())
    return found
