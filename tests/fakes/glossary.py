"""The port of `chalice_app.glossary`."""

from dataclasses import replace

from chalice_app.domain.errors import ConditionFailed
from chalice_app.domain.session import Session
from tests.fakes.sessions import MemorySessions


class MemoryGlossaries(MemorySessions):
    """`GlossaryStore`."""

    def __init__(self) -> None:
        super().__init__()
        self._glossaries: dict[tuple[str, int, str], str] = {}

    def put_glossary(self, session: Session, version: str | None, encoded: str) -> None:
        self._called("put_glossary")
        with self._lock:
            found = self._same(session)
            if found is None or not found.is_active:
                raise ConditionFailed("the session is not open")
            if version is not None:
                self._glossaries[session.session_id, session.created_at, version] = encoded
            self._store(replace(found, glossary_version=version))

    def empty_glossary(self, session: Session, version: str) -> None:
        self._called("empty_glossary")
        with self._lock:
            self._glossaries[session.session_id, session.created_at, version] = "{}"

    def get_glossary(self, session: Session, version: str) -> str | None:
        self._called("get_glossary")
        with self._lock:
            return self._glossaries.get((session.session_id, session.created_at, version))
