"""The ports of `chalice_app.transcription`."""

from dataclasses import dataclass, field, replace

from chalice_app.domain.dictation import Dictated
from chalice_app.domain.errors import ConditionFailed
from chalice_app.domain.session import Session
from tests.fakes.sessions import MemorySessions


class MemoryDictation(MemorySessions):
    """`DictationStore`."""

    def put_dictated(
        self, session: Session, before: Dictated, after: Dictated, *, only_open: bool
    ) -> None:
        self._called("put_dictated")
        with self._lock:
            found = self._same(session)
            if found is None or (only_open and not found.is_active):
                raise ConditionFailed("the session is not open")
            if found.dictated.change == after.change:
                return  # the same write, which the SDK sends again
            if found.dictated.change != before.change:
                raise ConditionFailed("the session's minutes have changed")
            self._store(replace(found, dictated=after))


@dataclass
class StubRecogniser:
    """`Recogniser`; `asked` has what addresses were signed for."""

    asked: list[tuple[str, int, int]] = field(default_factory=list)

    def presign(self, endpoint: str, language_code: str, sample_rate: int, seconds: int) -> str:
        self.asked.append((language_code, sample_rate, seconds))
        return f"{endpoint}/stream?language-code={language_code}&n={len(self.asked)}"
