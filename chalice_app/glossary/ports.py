"""What glossaries need from the outside: `aws/` provides it, tests provide fakes.

Every method raises `errors.Unavailable` when its service is down or throttled.
"""

from typing import Protocol

from chalice_app.domain.session import Session


class GlossaryStore(Protocol):
    """Each version of each session's glossary, encoded."""

    def put_glossary(self, session: Session, version: str | None, encoded: str) -> None:
        """Stores a version and makes it the session's; None: the session has none from then on.

        ConditionFailed when the session is not open.
        """

    def empty_glossary(self, session: Session, version: str) -> None:
        """Removes what a version says: nobody may read it any more. Twice is harmless."""

    def get_glossary(self, session: Session, version: str) -> str | None:
        """A version of the session's glossary; None where it is not stored any more."""
