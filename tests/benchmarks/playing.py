"""What really plays on a listener's page, in what order, and how late: by what two scripts note.

`tests/browser/heard.js` writes down what sounds; `MESSAGES` adds when captions and `speech`
messages came. Moments are milliseconds of the page's clock.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_HEARD = Path(__file__).parents[1] / "browser" / "heard.js"
MESSAGES = """
  const Plain = WebSocket;
  window.messages = [];
  window.WebSocket = class extends Plain {
    constructor(...given) {
      super(...given);
      this.addEventListener("message", ({ data }) => {
        const { type, sequence, url } = JSON.parse(data);
        const note = { type, sequence, url, at: performance.now() };
        if (url || type === "caption") messages.push(note);
      });
    }
  };
"""
NOTES = _HEARD.read_text(encoding="utf-8") + MESSAGES
READ = """() => ({
  messages,
  sounds: heard.sounds,
  overlaps: heard.overlaps,
  marked: document.querySelectorAll(".caption .unheard").length,
})"""


@dataclass(frozen=True, slots=True)
class Playing:
    """A whole talk. `behind_ms`: each sound's beginning after its caption, by sentence."""

    announced: frozenset[int]
    behind_ms: Mapping[int, float]
    fastest: float
    overlaps: int
    marked: int

    @property
    def skipped(self) -> list[int]:
        """Sentences whose sound was announced and not heard."""
        return sorted(self.announced - self.behind_ms.keys())

    @property
    def most_behind_ms(self) -> float:
        """Of all that was heard."""
        return max(self.behind_ms.values(), default=0.0)


def playing(notes: Mapping[str, Any]) -> Playing:
    """What `READ` gives, by sentence."""
    captions = {
        note["sequence"]: note["at"]
        for note in reversed(notes["messages"])
        if note["type"] == "caption"
    }
    speeches = {
        note["url"]: note["sequence"] for note in notes["messages"] if note["type"] == "speech"
    }
    behind: dict[int, float] = {}
    for sound in notes["sounds"]:
        sequence = speeches[sound["url"]]
        behind.setdefault(sequence, sound["startedAt"] - captions[sequence])
    rates = [rate for sound in notes["sounds"] for rate in sound["rates"]]
    return Playing(
        announced=frozenset(speeches.values()),
        behind_ms=behind,
        fastest=max(rates, default=1.0),
        overlaps=notes["overlaps"],
        marked=notes["marked"],
    )
