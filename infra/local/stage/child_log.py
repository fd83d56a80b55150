"""What a child prints: a file, and in memory what the stage itself needs of it.

The child writes to a pipe that is always read, whatever becomes of the file. So a full disk fails
no child that prints, and the stage learns from memory, not from the file, that a child is ready.
"""

from __future__ import annotations

import logging
import os
import threading
from collections import deque
from contextlib import suppress
from pathlib import Path
from typing import Final

LOGGER = logging.getLogger(__name__)

LAST_LINES: Final = 20
_READ_BYTES: Final = 65_536
_READY: Final = b"ready"
_NOTICE: Final = b"notice "
"""How a line begins that the user is to see: the stage passes it on."""


class ChildLog(threading.Thread):
    """Reads what one child prints, until its end; keeps the file as far as the disk takes it."""

    def __init__(self, name: str, source: int, path: Path) -> None:
        """Read from the descriptor `source`, and close it in the end; begun by `start`."""
        super().__init__(name=f"log of {name}", daemon=True)
        self._source = source
        self._path = path
        self._file: int | None = None
        self._missing_bytes = 0
        self._lock = threading.Lock()
        self._ready: str | None = None
        self._last: deque[bytes] = deque(maxlen=LAST_LINES)
        self._begun = b""
        """A line without its end."""

    @property
    def ready(self) -> str | None:
        """The first line that begins so, without the word; a line counts when it has ended."""
        with self._lock:
            return self._ready

    def last_lines(self) -> list[str]:
        """The end of it."""
        with self._lock:
            lines = [*self._last, *([self._begun] if self._begun else [])]
        return [line.decode(errors="replace") for line in lines[-LAST_LINES:]]

    def run(self) -> None:
        """Read until nobody can write any more."""
        with suppress(OSError):
            self._file = self._open()
        while part := os.read(self._source, _READ_BYTES):
            self._keep(part)
            self._take(part)
        os.close(self._source)
        if self._file is not None:
            os.close(self._file)

    def _take(self, part: bytes) -> None:
        *lines, begun = (self._begun + part).split(b"\n")
        with self._lock:
            # Nobody prints such a line; a stage must not fill its memory with one.
            self._begun = begun[-_READ_BYTES:]
            self._last.extend(lines)
            for line in lines:
                if self._ready is None and line.startswith(_READY):
                    self._ready = line.removeprefix(_READY).decode(errors="replace").strip()
        for line in lines:
            if line.startswith(_NOTICE):
                LOGGER.warning("%s", line.removeprefix(_NOTICE).decode(errors="replace"))

    def _keep(self, part: bytes) -> None:
        try:
            if self._file is None:
                self._file = self._open()
            if self._missing_bytes:
                self._write(f"\n({self._missing_bytes} bytes are missing here)\n".encode())
                self._missing_bytes = 0
            self._write(part)
        except OSError:
            self._missing_bytes += len(part)

    def _open(self) -> int:
        return os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o644)

    def _write(self, data: bytes) -> None:
        written = 0
        while written < len(data):
            written += os.write(self._file or 0, data[written:])
