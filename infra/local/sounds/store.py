"""Sounds as files: a day's life, and no more of them than the disk is lent for.

A file is a line of JSON (what S3 keeps beside an object) and the sound. It is written under another
name first, so that whoever reads finds all of it or nothing, also after a `kill -9`.
"""

from __future__ import annotations

import json
import logging
import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from hashlib import md5, sha256
from pathlib import Path
from typing import Final

LOGGER = logging.getLogger(__name__)

LIFE_SECONDS: Final = 86_400.0
"""As the bucket's lifecycle on AWS."""
MOST_BYTES: Final = 512_000_000
"""A day of five languages without a pause is 2.6 GB; of eight hours' talk half of it is repeats or
gone before anybody asks again. Beyond, the oldest go."""
SWEEP_AFTER_BYTES: Final = 32_000_000
"""So much more may be there until the next sweep."""
MOST_OBJECT_BYTES: Final = 32_000_000
"""A sound of 3,000 characters is 1.5 MB; a day's transcript in two languages may have 20."""
_UNFINISHED: Final = ".new"


@dataclass(frozen=True, slots=True)
class StoredSound:
    """An object, with what S3 tells of it."""

    body: bytes
    headers: Mapping[str, str]
    """Those that came with it and go with it, by their names in lower case."""
    stored_at: float
    """Epoch seconds."""

    @property
    def etag(self) -> str:
        """As S3 makes it of an object that came in one piece."""
        return f'"{md5(self.body, usedforsecurity=False).hexdigest()}"'


class SoundStore:
    """The objects of one bucket."""

    def __init__(
        self,
        folder: Path,
        clock: Callable[[], float] = time.time,
        most_bytes: int = MOST_BYTES,
        sweep_after_bytes: int = SWEEP_AFTER_BYTES,
    ) -> None:
        """`clock` is in epoch seconds.

        Raises:
            OSError: the folder cannot be made.
        """
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._clock = clock
        self._most_bytes = most_bytes
        self._sweep_after_bytes = sweep_after_bytes
        self._new_bytes = 0
        self._sweeping = threading.Lock()

    def put(self, key: str, body: bytes, headers: Mapping[str, str]) -> StoredSound:
        """Keep an object, in the place of what had its key.

        Raises:
            OSError: the disk is full, or fails.
        """
        sound = StoredSound(body, headers, self._clock())
        told = {"key": key, "headers": dict(headers), "at": sound.stored_at}
        path = self._path(key)
        unfinished = path.with_name(f"{path.name}.{threading.get_ident()}{_UNFINISHED}")
        try:
            unfinished.write_bytes(json.dumps(told).encode() + b"\n" + body)
            os.utime(unfinished, (sound.stored_at, sound.stored_at))
            unfinished.replace(path)
        except OSError:
            with suppress(OSError):
                unfinished.unlink()
            raise
        self._new_bytes += len(body)
        if self._new_bytes > self._sweep_after_bytes:
            self.sweep()
        return sound

    def get(self, key: str) -> StoredSound | None:
        """An object; None: there is none, or its day is over."""
        try:
            head, _, body = self._path(key).read_bytes().partition(b"\n")
            told = json.loads(head)
            sound = StoredSound(body, told["headers"], float(told["at"]))
        except (OSError, ValueError, KeyError, TypeError):
            return None
        return sound if self._clock() < sound.stored_at + LIFE_SECONDS else None

    def delete(self, key: str) -> None:
        """Forget an object, if it is there."""
        self._path(key).unlink(missing_ok=True)

    def sweep(self) -> None:
        """Delete what is older than a day, and the oldest where all together are too large."""
        if not self._sweeping.acquire(blocking=False):
            return
        try:
            self._new_bytes = 0
            kept = 0
            deleted = 0
            for stored_at, size, path in sorted(self._files(), reverse=True):
                kept += size
                if kept > self._most_bytes or stored_at + LIFE_SECONDS <= self._clock():
                    path.unlink(missing_ok=True)
                    deleted += 1
            if deleted:
                LOGGER.info("%s sounds deleted", deleted)
        except OSError as error:
            LOGGER.warning("the sounds cannot be swept: %s", error)
        finally:
            self._sweeping.release()

    def _files(self) -> Iterator[tuple[float, int, Path]]:
        for path in self._folder.iterdir():
            with suppress(FileNotFoundError):
                found = path.stat()
                yield found.st_mtime, found.st_size, path

    def _path(self, key: str) -> Path:
        """By the key's hash: no key leads out of the folder."""
        return self._folder / sha256(key.encode()).hexdigest()
