"""Rows of the Sessions table that hold glossaries.

Key: `sessionId`, like every row of that table: `golden-eagle-427#<createdAt>#glossary#<version>`,
with glossary (JSON, as clients send it) and expiresAt (TTL: when nothing of the session is kept any
more). A version's row never changes until a purge empties it, and the session's own row names the
version in force: a sentence that reads the session knows whether there is a glossary, and which.
Earlier versions stay until their TTL, for the sentences that are on their way.
"""

from dataclasses import dataclass

from chalice_app.aws.dynamodb.table import Table
from chalice_app.domain.session import Session


@dataclass(frozen=True)
class GlossaryRows:
    """`ports.GlossaryStore` on DynamoDB."""

    table: Table

    def put_glossary(self, session: Session, version: str | None, encoded: str) -> None:
        """Stores a version, then names it in the session's row: never the other way round."""
        if version is not None:
            self._put(session, version, encoded)
        self.table.update(
            session.session_id,
            "REMOVE glossaryVersion" if version is None else "SET glossaryVersion = :version",
            "createdAt = :epoch AND isActive = :true",
            epoch=session.created_at,
            true=True,
            **({} if version is None else {"version": version}),
        )

    def empty_glossary(self, session: Session, version: str) -> None:
        """Writes its row anew, without words."""
        self._put(session, version, "{}")

    def _put(self, session: Session, version: str, encoded: str) -> None:
        self.table.put(
            {
                "sessionId": _key(session, version),
                "glossary": encoded,
                "expiresAt": session.kept_until_ms // 1000,
            }
        )

    def get_glossary(self, session: Session, version: str) -> str | None:
        """A version by consistent read: it may have been written a moment ago."""
        row = self.table.get(_key(session, version))
        return None if row is None else str(row.get("glossary"))


def _key(session: Session, version: str) -> str:
    return f"{session.session_id}#{session.created_at}#glossary#{version}"
