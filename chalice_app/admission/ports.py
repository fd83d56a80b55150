"""What admission needs from the outside: `aws/` provides it, tests provide fakes.

Whatever a method does, it raises `errors.Unavailable` when its service is down or throttled.
"""

from collections.abc import Mapping
from typing import Protocol


class CounterStore(Protocol):
    """Counts that stop at their limits, in rows that expire."""

    def count(self, key: str, most: Mapping[str, int], expires_at: int, by: int = 1) -> None:
        """Adds to each count of a row, whose limits `most` names, and has it expire (seconds).

        ConditionFailed when one would pass its limit: then none is changed.
        """

    def give_back(self, key: str, name: str, by: int) -> None:
        """Takes from a count what was counted and not used."""

    def get_counts(self, key: str) -> Mapping[str, int]:
        """The counts of a row as they are now; none where there is no row."""


class OwnerVerifier(Protocol):
    """Who may open sessions, where not everybody may."""

    def owner_of(self, token: str) -> str:
        """Whom a token was given to; NotSpeaker when it opens no sessions here."""
