"""The glossaries of sessions: kept in a table, and prepared once a container and version."""

import json
import logging
import threading
from concurrent.futures import Executor
from dataclasses import dataclass, field
from functools import partial

from chalice_app.domain.errors import (
    BadGlossary,
    BadMessage,
    ConditionFailed,
    SessionNotFound,
    Unavailable,
)
from chalice_app.domain.session import Session
from chalice_app.glossary.parsing import read_glossary
from chalice_app.glossary.ports import GlossaryStore
from chalice_app.glossary.terms import Glossary
from chalice_app.glossary.wording import NO_WORDING, Wording
from chalice_app.wire.incoming import parse_json

_log = logging.getLogger(__name__)

READ_SECONDS = 0.5
"""How long a sentence waits for its glossary, the first time that a container sees the version."""

PREPARED_MOST = 32
"""Prepared glossaries kept at a time: a megabyte each at the most."""

_Key = tuple[str, int, str]


@dataclass(frozen=True, slots=True)
class Glossaries:
    """What the sessions of a stage say about words."""

    store: GlossaryStore
    executor: Executor
    read_seconds: float = READ_SECONDS
    _prepared: dict[_Key, Wording] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def wording_of(self, session: Session) -> Wording:
        """The session's glossary, prepared; a session without one costs no read.

        A glossary that cannot be read costs no caption: the sentence is translated without it, as
        one of a session without a glossary is, and so it is cached. The next sentence asks again.
        """
        wording = self._found(session)
        if wording is None:
            _log.warning("the glossary could not be read: translating without it")
            return NO_WORDING
        return wording

    def _found(self, session: Session) -> Wording | None:
        """The session's glossary, prepared; None where it cannot be read."""
        version = session.glossary_version
        if version is None:
            return NO_WORDING
        key = (session.session_id, session.created_at, version)
        with self._lock:
            if (known := self._prepared.get(key)) is not None:
                return known
        try:
            read = self.executor.submit(partial(self._read, session, version))
            wording = Wording(read.result(self.read_seconds))
        except (Unavailable, TimeoutError):
            return None
        return self._keep(key, wording)

    def masked(self, session: Session, text: str) -> str:
        """What is said without the session's blocked words: so it is kept and captioned."""
        return self.wording_of(session).masked(text)

    def masked_or_none(self, session: Session, text: str) -> str | None:
        """The same for what need not be said: None where the glossary cannot be read."""
        wording = self._found(session)
        return None if wording is None else wording.masked(text)

    def read(self, session: Session) -> Glossary:
        """The session's glossary.

        Raises:
            Unavailable: it cannot be read now.
        """
        version = session.glossary_version
        return Glossary() if version is None else self._read(session, version)

    def replace(self, session: Session, glossary: Glossary) -> None:
        """Makes it the session's glossary, from the next sentence on; an empty one clears it.

        Raises:
            SessionNotFound: the session has ended meanwhile.
            Unavailable: it could not be stored.
        """
        encoded = json.dumps(glossary.body(), ensure_ascii=False, separators=(",", ":"))
        try:
            self.store.put_glossary(session, glossary.version if glossary else None, encoded)
        except ConditionFailed:
            raise SessionNotFound("there is no such session") from None

    def forget(self, session: Session) -> None:
        """Removes the words of the glossary in force; of a session that has none, nothing.

        Raises:
            Unavailable: they may be there yet.
        """
        if session.glossary_version is not None:
            self.store.empty_glossary(session, session.glossary_version)

    def _read(self, session: Session, version: str) -> Glossary:
        encoded = self.store.get_glossary(session, version)
        if encoded is None:
            raise Unavailable("the glossary is not stored any more")
        try:
            return read_glossary(parse_json(encoded))
        except (BadGlossary, BadMessage) as failure:
            raise Unavailable("the glossary's row is malformed") from failure

    def _keep(self, key: _Key, wording: Wording) -> Wording:
        with self._lock:
            self._prepared[key] = wording
            if len(self._prepared) > PREPARED_MOST:
                del self._prepared[next(iter(self._prepared))]
        return wording
