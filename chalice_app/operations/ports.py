"""What an operator's view needs from the outside: `aws/` provides it, tests provide fakes.

Every method raises `errors.Unavailable` when its service is down or throttled.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from chalice_app.domain.session import Session
from chalice_app.operations.monitoring import Alarm, Points, Series


class SessionDirectory(Protocol):
    """The open sessions, for the operators of a stage."""

    def list_open(self, limit: int) -> Sequence[Session]:
        """The newest sessions that have not been ended, newest first (eventually consistent)."""


class Monitor(Protocol):
    """What CloudWatch knows of the stage."""

    def describe_alarms(self, names: Sequence[str]) -> Mapping[str, Alarm]:
        """The alarms of these names that exist."""

    def get_series(
        self, wanted: Iterable[Series], begin_ms: int, minutes: int
    ) -> Mapping[Series, Points]:
        """Each series by minutes, from a full minute on; None where nothing was measured."""
