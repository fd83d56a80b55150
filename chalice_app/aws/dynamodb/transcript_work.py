"""Rows of the Sessions table that say who translates for a session's transcripts.

Key: `sessionId`, like every row of that table: `golden-eagle-427#<createdAt>#transcripts`, one a
session, with `until.<lease>` (ms) and `owner.<lease>` (random) of each lease that is held,
`tried.<name>` (a sequence) and `triedAt.<name>` (ms) of what was tried in vain, `file.<key>` (1) of
each large file, and expiresAt (TTL). Nobody's words are in it.

Every update may be made twice with the same effect: the SDK repeats one whose answer is lost.
"""

import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from chalice_app.aws.dynamodb.table import Table
from chalice_app.domain.errors import ConditionFailed
from chalice_app.domain.session import Session

_UNTIL, _OWNER, _TRIED, _TRIED_AT, _FILE = "until.", "owner.", "tried.", "triedAt.", "file."


@dataclass(frozen=True)
class TranscriptRows:
    """`export_ports.TranscriptWorkStore` on DynamoDB."""

    table: Table

    def take(
        self, session: Session, lease: str, now_ms: int, until_ms: int, handed: str | None
    ) -> str | None:
        """Takes a lease; a repeated update finds its own name in the row."""
        mine = secrets.token_hex(8)
        condition = "attribute_not_exists(#until) OR #until <= :now"
        if handed is not None:
            condition += " OR #owner = :handed"
        try:
            self.table.update(
                _key(session),
                "SET #until = :until, #owner = :mine, expiresAt = :expires",
                condition,
                "ALL_NEW",
                _named(lease),
                now=now_ms,
                until=until_ms,
                mine=mine,
                expires=_expires_at(session),
                **({} if handed is None else {"handed": handed}),
            )
        except ConditionFailed as failure:
            return mine if failure.found.get(_OWNER + lease) == mine else None
        return mine

    def renew(self, session: Session, lease: str, owner: str, until_ms: int) -> bool:
        """Only its owner can."""
        try:
            self.table.update(
                _key(session),
                "SET #until = :until",
                "#owner = :owner",
                "ALL_NEW",
                _named(lease),
                until=until_ms,
                owner=owner,
            )
        except ConditionFailed:
            return False
        return True

    def release(self, session: Session, lease: str, owner: str) -> None:
        """Only its owner can; it may have been released already."""
        try:
            self.table.update(
                _key(session),
                "REMOVE #until, #owner",
                "#owner = :owner",
                "ALL_NEW",
                _named(lease),
                owner=owner,
            )
        except ConditionFailed:
            return

    def note_tried(self, session: Session, name: str, sequence: int, at_ms: int) -> None:
        """In the place of what was noted before."""
        self.table.upsert(
            _key(session),
            "SET #tried = :sequence, #at = :at, expiresAt = :expires",
            {"#tried": _TRIED + name, "#at": _TRIED_AT + name},
            sequence=sequence,
            at=at_ms,
            expires=_expires_at(session),
        )

    def tried(self, session: Session, name: str) -> tuple[int, int] | None:
        """By consistent read."""
        row = self.table.get(_key(session)) or {}
        sequence, at = row.get(_TRIED + name), row.get(_TRIED_AT + name)
        return (sequence, at) if isinstance(sequence, int) and isinstance(at, int) else None

    def note_file(self, session: Session, key: str) -> None:
        """Each key is an attribute: a session has as many as it has formats and languages."""
        self.table.upsert(
            _key(session),
            "SET #file = :one, expiresAt = :expires",
            {"#file": _FILE + key},
            one=1,
            expires=_expires_at(session),
        )

    def files(self, session: Session) -> Sequence[str]:
        """By consistent read."""
        row = self.table.get(_key(session)) or {}
        return [name.removeprefix(_FILE) for name in row if name.startswith(_FILE)]

    def forget_files(self, session: Session, keys: Iterable[str]) -> None:
        """In one write."""
        names = {f"#f{n}": _FILE + key for n, key in enumerate(keys)}
        if names:
            self.table.upsert(_key(session), "REMOVE " + ", ".join(names), names)


def _key(session: Session) -> str:
    return f"{session.session_id}#{session.created_at}#transcripts"


def _named(lease: str) -> dict[str, str]:
    return {"#until": _UNTIL + lease, "#owner": _OWNER + lease}


def _expires_at(session: Session) -> int:
    """As long as something is kept, and a day: a file's life in the bucket."""
    return session.kept_until_ms // 1000 + 86_400
