"""What exports need from the outside, beside the sentences: `aws/` and tests provide it.

Every method raises `errors.Unavailable` when its service is down or throttled.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol

from chalice_app.domain.session import Session


class TranscriptWorkStore(Protocol):
    """Who translates for a session's transcripts, what was tried in vain, which files there are.

    It holds nobody's words. Leases have names; times are epoch milliseconds.
    """

    def take(
        self, session: Session, lease: str, now_ms: int, until_ms: int, handed: str | None
    ) -> str | None:
        """Takes a lease that has ended, or that `handed` holds; returns its new holder's name.

        None while another one holds it.
        """

    def renew(self, session: Session, lease: str, owner: str, until_ms: int) -> bool:
        """Lets it last longer; False where the owner does not hold it any more."""

    def release(self, session: Session, lease: str, owner: str) -> None:
        """Ends it; one that the owner does not hold stays as it is."""

    def note_tried(self, session: Session, name: str, sequence: int, at_ms: int) -> None:
        """Notes up to which sequence everything was tried, and when."""

    def tried(self, session: Session, name: str) -> tuple[int, int] | None:
        """What was noted last: the sequence, and when (consistent read)."""

    def note_file(self, session: Session, key: str) -> None:
        """Notes the key of a file that is about to be written."""

    def files(self, session: Session) -> Sequence[str]:
        """The keys of all files that may be there (consistent read)."""

    def forget_files(self, session: Session, keys: Iterable[str]) -> None:
        """Forgets files that were deleted."""


class TranscriptFileStore(Protocol):
    """Where transcripts are put that are too large for an answer."""

    def put(self, key: str, body: bytes, media_type: str, disposition: str) -> None:
        """Keeps a file, in the place of what had its key."""

    def address(self, key: str, seconds: int) -> str:
        """A URL that anybody can fetch the file from, for so many seconds from now."""

    def delete(self, key: str) -> None:
        """Deletes a file, if it is there."""


class TranscriptInvoker(Protocol):
    """How a transcript gets a function of its own."""

    def invoke(self, payload: Mapping[str, Any]) -> None:
        """Hands the payload to an invocation of that function and returns at once.

        Lambda may invoke it more than once. Unavailable when it is perhaps not invoked at all.
        """
