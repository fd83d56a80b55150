"""What transcription needs from the outside: `aws/` provides it, tests provide fakes."""

from typing import Protocol

from chalice_app.domain.dictation import Dictated
from chalice_app.domain.session import Session


class Recogniser(Protocol):
    """Where speech is recognised."""

    def presign(self, endpoint: str, language_code: str, sample_rate: int, seconds: int) -> str:
        """A WebSocket address that opens a stream of PCM with so many samples a second (Hz).

        `endpoint` is what the stream's host answers at: `wss://` (or `ws://`), the host, the port.

        It is good for so many seconds from now, without any other credentials.
        """


class DictationStore(Protocol):
    """What sessions have dictated."""

    def put_dictated(
        self, session: Session, before: Dictated, after: Dictated, *, only_open: bool
    ) -> None:
        """Writes what a session has dictated, if it still is at `before`; made twice, it is once.

        With `only_open` the session must not have ended. ConditionFailed otherwise.
        Unavailable when the service is down or throttled.
        """

    def get_session(self, session_id: str) -> Session | None:
        """The session as it is now (consistent read)."""
