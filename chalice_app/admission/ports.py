"""What admission needs from the outside: `aws/` provides it, tests provide fakes.

Every method raises `errors.Unavailable` when its service is down or throttled.
"""

from collections.abc import Iterable, Mapping
from typing import Protocol

NO_GUARDS: Mapping[str, int] = {}


class CounterStore(Protocol):
    """Counts that stop at their limits, in rows that expire."""

    def count(
        self,
        key: str,
        most: Mapping[str, int],
        expires_at: int,
        by: int = 1,
        guards: Mapping[str, int] = NO_GUARDS,
    ) -> None:
        """Adds `by` to each count that `most` names, with its limit.

        `guards` are counts that are not added to and must be below their limits. The row expires at
        `expires_at` (epoch seconds). ConditionFailed, with the row found, when a count would pass
        its limit or a guard is at its own: then none is changed.
        """

    def refund(self, key: str, name: str, by: int) -> None:
        """Subtracts from a count what was counted and not used."""

    def add(self, key: str, amounts: Mapping[str, int], expires_at: int) -> None:
        """Adds to counts that have no limits; the row expires at `expires_at` (epoch seconds)."""

    def get_many(self, keys: Iterable[str]) -> Mapping[str, Mapping[str, int]]:
        """The counts of the rows that exist, by key (eventually consistent)."""

    def get_counts(self, key: str) -> Mapping[str, int]:
        """The counts of a row as they are now; empty where the row does not exist."""


class OwnerVerifier(Protocol):
    """Owners of sessions, where a stage asks for them."""

    def owner_of(self, token: str) -> str:
        """The subject that a token was given to; NotSpeaker when it opens no sessions here."""
