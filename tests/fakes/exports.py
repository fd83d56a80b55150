"""The ports of `chalice_app.transcripts`, but for what is kept."""

from collections.abc import Iterable, Sequence
from itertools import count
from threading import Lock

from chalice_app.domain.errors import Unavailable
from chalice_app.domain.session import Session

_Key = tuple[str, int, str]


class MemoryTranscriptWork:
    """`TranscriptWorkStore`; an `unavailable` one refuses everything."""

    def __init__(self) -> None:
        self.unavailable = False
        self.leases: dict[_Key, tuple[str, int]] = {}
        self.notes: dict[_Key, tuple[int, int]] = {}
        self.keys: dict[tuple[str, int], list[str]] = {}
        self._owners = count(1)
        self._lock = Lock()

    def take(
        self, session: Session, lease: str, now_ms: int, until_ms: int, handed: str | None
    ) -> str | None:
        with self._lock:
            self._require()
            owner, until = self.leases.get(_key(session, lease), ("", 0))
            if until > now_ms and (handed is None or owner != handed):
                return None
            mine = f"owner {next(self._owners)}"
            self.leases[_key(session, lease)] = mine, until_ms
            return mine

    def renew(self, session: Session, lease: str, owner: str, until_ms: int) -> bool:
        with self._lock:
            self._require()
            if self.leases.get(_key(session, lease), ("", 0))[0] != owner:
                return False
            self.leases[_key(session, lease)] = owner, until_ms
            return True

    def release(self, session: Session, lease: str, owner: str) -> None:
        with self._lock:
            self._require()
            if self.leases.get(_key(session, lease), ("", 0))[0] == owner:
                del self.leases[_key(session, lease)]

    def note_tried(self, session: Session, name: str, sequence: int, at_ms: int) -> None:
        self._require()
        self.notes[_key(session, name)] = sequence, at_ms

    def tried(self, session: Session, name: str) -> tuple[int, int] | None:
        self._require()
        return self.notes.get(_key(session, name))

    def note_file(self, session: Session, key: str) -> None:
        self._require()
        self.keys.setdefault((session.session_id, session.created_at), []).append(key)

    def files(self, session: Session) -> Sequence[str]:
        self._require()
        return tuple(self.keys.get((session.session_id, session.created_at), ()))

    def forget_files(self, session: Session, keys: Iterable[str]) -> None:
        self._require()
        left = self.keys[session.session_id, session.created_at]
        left[:] = [key for key in left if key not in set(keys)]

    def _require(self) -> None:
        if self.unavailable:
            raise Unavailable("the test refuses it")


class MemoryTranscriptFiles:
    """`TranscriptFileStore`: the bodies by key, with what S3 keeps beside them."""

    def __init__(self) -> None:
        self.files: dict[str, tuple[bytes, str, str]] = {}

    def put(self, key: str, body: bytes, media_type: str, disposition: str) -> None:
        self.files[key] = body, media_type, disposition

    def address(self, key: str, seconds: int) -> str:
        return f"https://bucket.example/{key}?seconds={seconds}"

    def delete(self, key: str) -> None:
        self.files.pop(key, None)


def _key(session: Session, name: str) -> _Key:
    return session.session_id, session.created_at, name
