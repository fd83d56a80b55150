"""The ports of `chalice_app.delivery`."""

import json
import threading
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from chalice_app.domain.reports import Posted
from tests.fakes.domain import PATIENCE


class RecordingGateway:
    """`ports.Gateway` that keeps what was posted, by connection.

    `gone` answer 410, `failing` fail, `late` have no turn before the deadline. `young` are not
    reachable yet: 410 that many times. A post to anyone in `hanging` waits for the event there.
    """

    def __init__(self) -> None:
        self.gone: set[str] = set()
        self.failing: set[str] = set()
        self.late: set[str] = set()
        self.young: Counter[str] = Counter()
        self.hanging: dict[str, threading.Event] = {}
        self.log: list[tuple[str, Mapping[str, Any]]] = []
        self.calls: list[tuple[str, ...]] = []
        self.deadlines: list[float] = []
        self.shares: list[float] = []
        self.closed: list[str] = []
        self.probed: list[str] = []
        self._news = threading.Condition()

    def post(
        self, connection_ids: Sequence[str], data: bytes, deadline: float, share: float = 1.0
    ) -> Posted:
        with self._news:
            self.calls.append(tuple(connection_ids))
            self.deadlines.append(deadline)
            self.shares.append(share)
        posted = Posted()
        for connection_id in connection_ids:
            posted += self._post(connection_id, json.loads(data))
        return posted

    def _post(self, connection_id: str, message: Mapping[str, Any]) -> Posted:
        if connection_id in self.hanging:
            assert self.hanging[connection_id].wait(PATIENCE), "nobody released the post"
        with self._news:
            if connection_id in self.gone or self._is_young(connection_id):
                return Posted(gone=(connection_id,))
            if connection_id in self.late:
                return Posted(dropped=1)
            if connection_id in self.failing:
                return Posted(failed=1)
            self.log.append((connection_id, message))
            self._news.notify_all()
            return Posted(delivered=1)

    def _is_young(self, connection_id: str) -> bool:
        if self.young[connection_id] <= 0:
            return False
        self.young[connection_id] -= 1
        return True

    def post_once(self, connection_ids: Sequence[str], data: bytes, deadline: float) -> Posted:
        return self.post(connection_ids, data, deadline)

    def notify(self, connection_ids: Sequence[str], data: bytes, deadline: float) -> Posted:
        return self.post(connection_ids, data, deadline)

    def notify_each(self, messages: Mapping[str, bytes], deadline: float) -> Posted:
        with self._news:
            self.calls.append(tuple(messages))
            self.deadlines.append(deadline)
            self.shares.append(1.0)
        posted = Posted()
        for connection_id, data in messages.items():
            posted += self._post(connection_id, json.loads(data))
        return posted

    def probe(self, connection_ids: Sequence[str], deadline: float, share: float = 1.0) -> Posted:
        with self._news:
            self.probed += connection_ids
            self.deadlines.append(deadline)
            self.shares.append(share)
            gone = tuple(key for key in connection_ids if key in self.gone or self._is_young(key))
        return Posted(delivered=len(connection_ids) - len(gone), gone=gone)

    def close(self, connection_ids: Sequence[str], deadline: float) -> Posted:
        with self._news:
            self.deadlines.append(deadline)
            self.closed += connection_ids
        gone = tuple(key for key in connection_ids if key in self.gone)
        return Posted(delivered=len(connection_ids) - len(gone), gone=gone)

    def to(self, connection_id: str, kind: str | None = None) -> list[Mapping[str, Any]]:
        """What a connection has received, of one type or of all."""
        with self._news:
            return [
                message
                for receiver, message in self.log
                if receiver == connection_id and kind in (None, message["type"])
            ]

    def wait_for(self, connection_id: str, kind: str) -> Mapping[str, Any]:
        """The first message of a type that a connection receives, now or in a moment."""
        with self._news:
            arrived = self._news.wait_for(lambda: self.to(connection_id, kind), PATIENCE)
        assert arrived, f"{connection_id} received no {kind}"
        return arrived[0]
