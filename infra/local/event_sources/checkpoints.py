"""How far each shard has been handled: a small JSON file that outlives a restart."""

from __future__ import annotations

import json
import logging
import threading
from pathlib import Path
from typing import Final

SHARD_END: Final = "SHARD_END"
"""In place of a sequence number: the shard is closed and every record of it is done."""

LOGGER = logging.getLogger(__name__)


class Checkpoints:
    """`{stream ARN: {shard id: sequence number}}`, written through at every change.

    The file is replaced as a whole, so a crash leaves the former one. It is not synced to the disk:
    what a power cut takes is delivered again, as Lambda may do at any time. So is what a full disk
    does not take, after a restart; until then the positions in memory count.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._is_written = True
        self._positions = _read(path)

    def position(self, stream_arn: str, shard_id: str) -> str | None:
        """The last sequence number done, SHARD_END, or None: start at the trim horizon."""
        with self._lock:
            return self._positions.get(stream_arn, {}).get(shard_id)

    def advance(self, stream_arn: str, shard_id: str, position: str) -> None:
        """Remember that the shard is done up to `position`."""
        with self._lock:
            self._positions.setdefault(stream_arn, {})[shard_id] = position
            self._write()

    def keep_only(self, stream_arns: set[str]) -> None:
        """Forget streams that no mapping reads any more: a table that was recreated."""
        with self._lock:
            self._positions = {
                arn: shards for arn, shards in self._positions.items() if arn in stream_arns
            }
            self._write()

    def _write(self) -> None:
        draft = self._path.with_suffix(".new")
        try:
            draft.write_text(json.dumps(self._positions, indent=1), encoding="utf-8")
            draft.replace(self._path)
        except OSError as error:
            if self._is_written:
                LOGGER.warning("the streams' positions are not kept: %s", error)
            self._is_written = False
        else:
            self._is_written = True


def _read(path: Path) -> dict[str, dict[str, str]]:
    try:
        positions = json.loads(path.read_text(encoding="utf-8"))
        return {
            str(arn): {str(shard): str(at) for shard, at in shards.items()}
            for arn, shards in positions.items()
        }
    except FileNotFoundError:
        return {}
    except (ValueError, AttributeError) as error:
        LOGGER.warning("%s is unreadable (%s): every stream starts at its beginning", path, error)
        return {}
