"""The Sessions table, as the request handlers use it.

Index: `directory-index`, sparse: `directory` ("open" until a session is ended) and createdAt, keys
alone. It costs a write unit when a session opens and one when it ends, and none while it goes on;
to list 50 sessions takes 26 read units. A scan would read the sentences as well: those of ten talks
are some 15,000 rows in the two hours that they are kept, 600 read units a look.

Key: `sessionId`. Two kinds of rows (and those of `sentence_rows`):

- a session, `golden-eagle-427`: speakerConnectionId, speakerGreeted, sourceLanguage, listenerCount,
  `listeners.<language>` (one number a language, top-level because ADD takes no nested attribute),
  `voices.<language>` (likewise: those of them who want the voice), countsRevision, isActive,
  createdAt (ms), lifeEndsAt (epoch seconds), expiresAt (epoch seconds, TTL: its life and the time
  for which its sentences are kept), endedAt and purgedAt (ms), tokenHash,
  dictatedMs, dictatedSince (epoch ms, while a stream is open), dictatedChange (random, whose),
  lastSequence, corrections (how many there were: it rises with each, perhaps by more than one)
  and, where the session has its own, joinCodeHash, maxListeners, characterBudget, profanity,
  formality, title, drafts ("off"), retentionHours, transcript ("everyone"), overlaysHidden (true),
  overlaysSwitchedAt (ms) and glossaryVersion (its glossary's own row: `glossaries`);

The counts are written by the roster ledger alone (`rosters_table`) and corrected by the reconciler.
A count stays when it falls to zero. Beyond some 53 languages, or 30 that are heard as well, the row
exceeds 1 KB and a change of a count costs 7 write units instead of 5. Removing a count of zero
would take a further write, which the next listener of that language undoes, to save a cent in 8,000
changes.
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from chalice_app.aws.dynamodb.rows import number, number_or_none
from chalice_app.aws.dynamodb.table import Table
from chalice_app.domain.dictation import NOT_DICTATED, Dictated
from chalice_app.domain.errors import ConditionFailed, RateLimited
from chalice_app.domain.session import Session
from chalice_app.domain.style import Style

LANGUAGE_PREFIX = "listeners."
"""Begins the attribute that counts one language's listeners."""

DIRECTORY_INDEX = "directory-index"

VOICE_PREFIX = "voices."
"""Begins the attribute that counts those of a language's listeners who want its voice."""

REVISION = "countsRevision"
"""Rises with every change of the counts."""

CORRECTIONS = "corrections"
"""Rises with every correction of a sentence."""

_NEVER_DICTATED, _NOT_OPEN = "attribute_not_exists(dictatedChange)", "REMOVE dictatedSince"


@dataclass(frozen=True)
class SessionsTable:
    """`ports.SessionStore` on DynamoDB."""

    table: Table

    def put_session(self, session: Session) -> None:
        """Stores a new session; ConditionFailed when one that may still be kept has the name."""
        self.table.put(
            {
                "sessionId": session.session_id,
                "sourceLanguage": session.source_language,
                "tokenHash": session.token_hash,
                "createdAt": session.created_at,
                "lifeEndsAt": session.expires_at_seconds,
                "expiresAt": session.kept_until_ms // 1000,
                "isActive": True,
                "directory": "open",
                "listenerCount": 0,
                "lastSequence": 0,
                "joinCodeHash": session.join_code_hash,
                "maxListeners": session.max_listeners,
                "characterBudget": session.character_budget,
                "profanity": "mask" if session.style.masks_profanity else None,
                "formality": session.style.formality,
                "title": session.title,
                "drafts": None if session.has_drafts else "off",
                "retentionHours": session.retention_hours,
                "transcript": "everyone" if session.has_open_transcript else None,
            },
            "attribute_not_exists(sessionId) OR expiresAt <= :now",
            now=session.created_at // 1000,
        )

    def get_session(self, session_id: str) -> Session | None:
        """The session by consistent read."""
        item = self.table.get(session_id)
        return session_from(item) if item is not None else None

    def list_open(self, limit: int) -> Sequence[Session]:
        """The newest sessions that have not been ended, newest first."""
        keys = self.table.query_last_keys(DIRECTORY_INDEX, "directory = :open", limit, open="open")
        found = self.table.batch_get(keys, consistent=False)
        return [session_from(found[key]) for key in keys if key in found]

    def set_speaker(self, session: Session, connection_id: str) -> str | None:
        """Makes that connection the speaker's and returns the one that was it, in one write."""
        before = self.table.update(
            session.session_id,
            "SET speakerConnectionId = :connection, speakerGreeted = :false",
            "createdAt = :epoch AND isActive = :true",
            "ALL_OLD",
            connection=connection_id,
            epoch=session.created_at,
            true=True,
            false=False,
        )
        return _optional(before, "speakerConnectionId")

    def note_greeting(self, session_id: str, connection_id: str) -> None:
        """Notes that the speaker's connection has been greeted, unless another has taken over."""
        with suppress(ConditionFailed):
            self.table.update(
                session_id,
                "SET speakerGreeted = :true",
                "speakerConnectionId = :connection",
                connection=connection_id,
                true=True,
            )

    def set_overlays_hidden(
        self, session: Session, hidden: bool, switched_at: int, apart_ms: int
    ) -> Session:
        """Sets the attribute, or removes it; returns the session as it is from then on.

        The row decides which of many functions' switches is one too many. Who comes long before the
        last one is let through: a clock that was put back must not hold the switch.
        """
        sets = "SET overlaysSwitchedAt = :at"
        alive = "createdAt = :epoch AND isActive = :true"
        far = "overlaysSwitchedAt <= :before OR overlaysSwitchedAt >= :behind"
        try:
            item = self.table.update(
                session.session_id,
                f"{sets}, overlaysHidden = :true" if hidden else f"{sets} REMOVE overlaysHidden",
                f"{alive} AND (attribute_not_exists(overlaysSwitchedAt) OR {far})",
                epoch=session.created_at,
                true=True,
                at=switched_at,
                before=switched_at - apart_ms,
                behind=switched_at + apart_ms,
            )
        except ConditionFailed as failure:
            found = failure.found
            if found.get("createdAt") != session.created_at or not found.get("isActive"):
                raise
            raise RateLimited(
                "the overlays are switched faster than listeners can be told",
                retryAfterMs=apart_ms,
            ) from None
        return session_from(item)

    def clear_speaker(self, session_id: str, connection_id: str) -> None:
        """Forgets the speaker's connection, unless another has taken over."""
        try:
            self.table.update(
                session_id,
                "REMOVE speakerConnectionId",
                "speakerConnectionId = :connection",
                connection=connection_id,
            )
        except ConditionFailed:
            return

    def end_session(self, session: Session, ended_at: int) -> Session:
        """Marks it as ended; returns it as it is from then on."""
        return self._ended(session, ended_at)

    def purge_session(self, session: Session, purged_at: int) -> Session:
        """Marks it as ended and purged, in one write; returns it as it is from then on.

        Its title is the speaker's words as well.
        """
        sets = ", purgedAt = if_not_exists(purgedAt, :purged)"
        return self._ended(session, purged_at, sets, ", title", purged=purged_at)

    def _ended(
        self, session: Session, ended_at: int, sets: str = "", removes: str = "", **values: int
    ) -> Session:
        try:
            item = self.table.update(
                session.session_id,
                f"SET isActive = :false, endedAt = if_not_exists(endedAt, :ended){sets}"
                f" REMOVE directory{removes}",
                "createdAt = :epoch",
                false=False,
                # What its life has ended was over then.
                ended=min(ended_at, session.expires_at_seconds * 1000),
                epoch=session.created_at,
                **values,
            )
        except ConditionFailed:
            return session
        return session_from(item)

    def put_dictated(
        self, session: Session, before: Dictated, after: Dictated, *, only_open: bool
    ) -> None:
        """Writes what the session has dictated, if nobody has changed it since `before`.

        The SDK sends a write again whose answer is lost, and would meet its own change.
        """
        sets = "dictatedMs = :spent, dictatedChange = :change"
        is_open = after.since is not None
        unchanged = "dictatedChange = :before" if before.change else _NEVER_DICTATED
        try:
            self.table.update(
                session.session_id,
                f"SET {sets}, dictatedSince = :since" if is_open else f"SET {sets} {_NOT_OPEN}",
                f"createdAt = :epoch AND {unchanged}" + (" AND isActive = :true" * only_open),
                epoch=session.created_at,
                spent=after.spent_ms,
                change=after.change,
                **({"since": after.since} if is_open else {}),
                **({"before": before.change} if before.change else {}),
                **({"true": True} if only_open else {}),
            )
        except ConditionFailed as failure:
            if failure.found.get("dictatedChange") != after.change:
                raise

    def raise_last_sequence(self, session: Session, sequence: int) -> Session:
        """Notes the highest sequence spoken; returns the session as it is from then on."""
        try:
            item: Mapping[str, object] = self.table.update(
                session.session_id,
                "SET lastSequence = :sequence",
                "createdAt = :epoch AND lastSequence < :sequence",
                sequence=sequence,
                epoch=session.created_at,
            )
        except ConditionFailed as failure:
            if failure.found.get("createdAt") != session.created_at:
                raise
            item = failure.found
        return session_from(item)

    def note_correction(self, session: Session) -> Session:
        """Raises `corrections`: made twice, it is as good."""
        item = self.table.update(
            session.session_id,
            f"ADD {CORRECTIONS} :one",
            "createdAt = :epoch",
            one=1,
            epoch=session.created_at,
        )
        return session_from(item)


def session_from(item: Mapping[str, object]) -> Session:
    """The session that a row describes."""
    return Session(
        session_id=str(item["sessionId"]),
        source_language=str(item["sourceLanguage"]),
        token_hash=str(item["tokenHash"]),
        created_at=number(item, "createdAt"),
        # The rows of earlier versions have one time for both.
        expires_at_seconds=number(item, "lifeEndsAt" if "lifeEndsAt" in item else "expiresAt"),
        is_active=bool(item["isActive"]),
        speaker_connection_id=_optional(item, "speakerConnectionId"),
        # A speaker who came before an update that brought the attribute has been greeted.
        is_speaker_greeted=bool(item.get("speakerGreeted", True)),
        last_sequence=number(item, "lastSequence"),
        listener_count=number(item, "listenerCount"),
        languages=_counts(item, LANGUAGE_PREFIX),
        voices=_counts(item, VOICE_PREFIX),
        join_code_hash=_optional(item, "joinCodeHash"),
        max_listeners=number_or_none(item, "maxListeners"),
        character_budget=number_or_none(item, "characterBudget"),
        corrections=number_or_none(item, CORRECTIONS) or 0,
        dictated=_dictated(item),
        counts_revision=number_or_none(item, REVISION) or 0,
        glossary_version=_optional(item, "glossaryVersion"),
        style=Style(item.get("profanity") == "mask", _optional(item, "formality")),
        title=_optional(item, "title"),
        has_drafts=item.get("drafts") != "off",
        retention_hours=number_or_none(item, "retentionHours") or 0,
        has_open_transcript=item.get("transcript") == "everyone",
        ended_at=number_or_none(item, "endedAt"),
        purged_at=number_or_none(item, "purgedAt"),
        overlays_hidden=item.get("overlaysHidden") is True,
    )


def _counts(item: Mapping[str, object], prefix: str) -> Mapping[str, int]:
    """The counts by language whose attributes begin so, without those that have fallen to zero."""
    return {
        name.removeprefix(prefix): number(item, name)
        for name in sorted(item)
        if name.startswith(prefix) and number(item, name) > 0
    }


def _dictated(item: Mapping[str, object]) -> Dictated:
    if "dictatedChange" not in item:
        return NOT_DICTATED
    since = number_or_none(item, "dictatedSince")
    return Dictated(number(item, "dictatedMs"), since, str(item["dictatedChange"]))


def _optional(item: Mapping[str, object], name: str) -> str | None:
    value = item.get(name)
    return str(value) if value is not None else None
