"""The port of `chalice_app.operations`."""

from collections.abc import Iterable, Mapping, Sequence

from chalice_app.domain.errors import Unavailable
from chalice_app.operations.monitoring import Alarm, Points, Series


class StubMonitor:
    """`ports.Monitor` that tells what it is told; `unavailable` refuses."""

    def __init__(self) -> None:
        self.alarms: dict[str, Alarm] = {}
        self.points: dict[Series, Points] = {}
        self.begun: list[int] = []
        self.unavailable = False

    def describe_alarms(self, names: Sequence[str]) -> Mapping[str, Alarm]:
        if self.unavailable:
            raise Unavailable("the test refuses it")
        return {name: self.alarms[name] for name in names if name in self.alarms}

    def get_series(
        self, wanted: Iterable[Series], begin_ms: int, minutes: int
    ) -> Mapping[Series, Points]:
        self.begun.append(begin_ms)
        return {each: self.points.get(each, [None] * minutes) for each in wanted}
