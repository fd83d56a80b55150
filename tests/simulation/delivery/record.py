"""What a run knows of each listener and of each sentence: what the invariants compare.

Moments are numbers of steps (`Hall.step`), which rise with every call that does something; no two
calls happen at once.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from chalice_app.rosters.ledger import SessionKey
from tests.simulation.tables import sort_value

_State = TypeVar("_State", str, bool)

RETRACTED = 1_000_000
"""Above every revision."""


@dataclass
class Reception:
    """A caption on its way to one socket; `sentence` is None where it is replayed."""

    step: int
    language: str
    sentence: "Spoken | None"
    status: int | None


@dataclass
class Listener:
    """A listener's connection, from the step at which its row was put.

    `counted` is when it came into the roster, `left` when its socket closed, its row went or it
    left the roster. `wanted` are the languages of its row in Connections, `listed` those in
    Rosters, each with the step from which on. `last_sequence` is its own word, `last_at_entry` and
    `last_at_count` what the session's was then; `from_sequence` is its roster row's. `records` are
    those of the stream that were handled; `is_repeated` says that one was handled twice,
    `is_unknown` that no answer came to a probe, and `is_overtaken` that it is counted before its
    replay is done. `revisions` are the corrections that reached it, by sentence: a retraction is
    `RETRACTED`. `wishes` says whether its row in Connections wanted the voice, `listed_wishes` that
    in Rosters, each from a step on.
    """

    connection_id: str
    session: SessionKey
    last_sequence: int | None
    last_at_entry: int
    counted: int | None = None
    from_sequence: int = 0
    last_at_count: int = 0
    left: int | None = None
    wanted: list[tuple[int, str]] = field(default_factory=list)
    listed: list[tuple[int, str]] = field(default_factory=list)
    captions: dict[int, list[Reception]] = field(default_factory=dict)
    revisions: dict[int, set[int]] = field(default_factory=dict)
    records: set[str] = field(default_factory=set)
    is_repeated: bool = False
    wishes: list[tuple[int, bool]] = field(default_factory=list)
    listed_wishes: list[tuple[int, bool]] = field(default_factory=list)
    is_greeted: bool = False
    is_unknown: bool = False
    is_overtaken: bool = False

    def languages(self, first: int, last: int) -> set[str]:
        """The languages that were its own at some step of these, by either table."""
        return _during(self.wanted, first, last) | _during(self.listed, first, last)

    def wishes_during(self, first: int, last: int) -> set[bool]:
        """Whether it wanted the voice at some step of these, by either table."""
        return _during(self.wishes, first, last) | _during(self.listed_wishes, first, last)

    @property
    def heard(self) -> int:
        """The last sentence that it needs no replay of, as it came."""
        return self.last_sequence or 0


@dataclass
class Spoken:
    """One try to send a sentence: that of one invocation, and of those that send its slices.

    `claimed` is when it had its number. `is_noted`: that was noted, or tried; `is_unsure`: it was
    tried, and no answer came; `is_unnoted`: nor was it done. `is_overtaken`: a later sentence's was
    noted before. `is_dead`: its invocation died or raised; `has_lost`: a slice's did, or the tally
    was not written. `posts` are the captions posted for it, `reports` how many of its reports were
    posted; by the last of them `unreached` listeners were not reached, and `gone` were gone. With
    `corrects` it is a correction: claimed when the revision is written. `voices` are the listeners
    for whom its voice was asked; `is_late`: its time was over before everybody's turn had come.
    `told` is what the last of its reports said, by language; `is_unkept`: something went wrong with
    a write of its row or its session's; `is_refused`: its session was purged meanwhile.
    """

    session: SessionKey
    sequence: int
    text: str
    spoken_at: int
    speaker: str
    claimed: int | None = None
    is_overtaken: bool = False
    is_unsure: bool = False
    is_unnoted: bool = False
    is_noted: bool = False
    is_dead: bool = False
    has_lost: bool = False
    posts: dict[str, Reception] = field(default_factory=dict)
    reports: int = 0
    unreached: int = 0
    gone: int = 0
    corrects: bool = False
    voices: set[str] = field(default_factory=set)
    is_late: bool = False
    told: Mapping[str, Mapping[str, Any]] | None = None
    is_unkept: bool = False
    is_refused: bool = False

    @property
    def key(self) -> str:
        """The key of its row in Sentences."""
        sequence = sort_value({"N": str(self.sequence)})
        return f"{self.session[0]}#{self.session[1]}/{sequence}"


def _during(history: list[tuple[int, _State]], first: int, last: int) -> set[_State]:
    found = set()
    for position, (since, state) in enumerate(history):
        until = history[position + 1][0] if position + 1 < len(history) else last + 1
        if since <= last and until > first:
            found.add(state)
    return found
