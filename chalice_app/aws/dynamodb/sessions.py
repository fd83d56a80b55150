"""The Sessions table, as the request handlers use it.

Index: `directory-index`, sparse: `directory` ("open" until a session is ended) and createdAt, keys
alone. It costs a write unit when a session opens and one when it ends, and none while it goes on;
to list 50 sessions takes 26 read units. A scan would read the sentences as well: those of ten talks
are some 15,000 rows in the two hours that they are kept, 600 read units a look.

Key: `sessionId`. Two kinds of rows (and those of `sentence_rows`):

- a session, `golden-eagle-427`: speakerConnectionId, speakerGreeted, sourceLanguage, listenerCount,
  `listeners.<language>` (one number a language, top-level because ADD takes no nested attribute),
  `voices.<language>` (likewise: those of them who want the voice), countsRevision, isActive,
  createdAt (ms), expiresAt (epoch seconds, TTL), tokenHash,
  dictatedMs, dictatedSince (epoch ms, while a stream is open), dictatedChange (random, whose),
  lastSequence, corrections (how many there were: it rises with each, perhaps by more than one)
  and, where the session has its own, joinCodeHash, maxListeners, characterBudget, profanity,
  formality, title, drafts ("off"), overlaysHidden (true) and glossaryVersion (its glossary's own
  row: `glossaries`);
- a sentence, `golden-eagle-427#<createdAt>#<sequence>`: spokenAt (ms), sourceLanguage, expiresAt,
  claim (random, whose it is), settled once it has been sent and, if sentences are kept, text;
  once it was corrected, revision and `by.<revision>` (random, whose it is), without a text where
  it was retracted. Its conditional put is what makes a sequence be spoken once, in whatever order
  two invocations come; it lives `SENTENCE_TTL_SECONDS`.

The counts are written by the roster ledger alone (`rosters_table`) and corrected by the reconciler.
A count stays when it falls to zero. Beyond some 53 languages, or 30 that are heard as well, the row
exceeds 1 KB and a change of a count costs 7 write units instead of 5. Removing a count of zero
would take a further write, which the next listener of that language undoes, to save a cent in 8,000
changes.
"""

import secrets
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from chalice_app.aws.dynamodb.retries import tries
from chalice_app.aws.dynamodb.table import Table
from chalice_app.domain.dictation import NOT_DICTATED, Dictated
from chalice_app.domain.errors import ConditionFailed, SequenceNotKept, Unavailable
from chalice_app.domain.sentence import CAPTION_LIFE_MS, Claim, Sentence, SentenceRef
from chalice_app.domain.session import Session
from chalice_app.domain.style import Style
from chalice_app.wire.attribute_values import Item

LANGUAGE_PREFIX = "listeners."
"""Begins the attribute that counts one language's listeners."""

DIRECTORY_INDEX = "directory-index"

VOICE_PREFIX = "voices."
"""Begins the attribute that counts those of a language's listeners who want its voice."""

REVISION = "countsRevision"
"""Rises with every change of the counts."""

CORRECTIONS = "corrections"
"""Rises with every correction of a sentence."""

SENTENCE_TTL_SECONDS = 2 * 3600
"""A connection lives 2 hours at most: nobody can come back for anything older."""

_REVISION, _BY = "revision", "by."

_NEVER_DICTATED, _NOT_OPEN = "attribute_not_exists(dictatedChange)", "REMOVE dictatedSince"


@dataclass(frozen=True)
class SessionsTable:
    """`ports.SessionStore` on DynamoDB."""

    table: Table
    keep_sentences: bool = True

    def put_session(self, session: Session) -> None:
        """Stores a new session; ConditionFailed when one that has not expired has the name."""
        self.table.put(
            {
                "sessionId": session.session_id,
                "sourceLanguage": session.source_language,
                "tokenHash": session.token_hash,
                "createdAt": session.created_at,
                "expiresAt": session.expires_at_seconds,
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

    def set_overlays_hidden(self, session: Session, hidden: bool) -> Session:
        """Sets the attribute, or removes it; returns the session as it is from then on."""
        item = self.table.update(
            session.session_id,
            "SET overlaysHidden = :true" if hidden else "REMOVE overlaysHidden",
            "createdAt = :epoch AND isActive = :true",
            epoch=session.created_at,
            true=True,
        )
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

    def end_session(self, session: Session) -> Session:
        """Marks it as ended; returns it as it is from then on."""
        try:
            item = self.table.update(
                session.session_id,
                "SET isActive = :false REMOVE directory",
                "createdAt = :epoch",
                false=False,
                epoch=session.created_at,
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

    def claim_sequence(self, session: Session, sentence: Sentence) -> Claim:
        """Claims the sequence number by writing its row, or says which state its claim is in.

        Nothing is sent that is older than `CAPTION_LIFE_MS`, so a function that took the number
        longer ago than that, by the gateway's own clock, and has not settled it, has died on the
        way. The SDK sends a write again whose answer is lost, and would meet its own row: the claim
        sets it apart from another function's.
        """
        claim = secrets.token_hex(8)
        try:
            self.table.put(
                {
                    "sessionId": _sentence_key(session, sentence.sequence),
                    "claim": claim,
                    "spokenAt": sentence.spoken_at,
                    "sourceLanguage": sentence.source_language,
                    "text": sentence.text if self.keep_sentences else None,
                    "expiresAt": sentence.spoken_at // 1000 + SENTENCE_TTL_SECONDS,
                },
                "attribute_not_exists(sessionId)"
                " OR (attribute_not_exists(settled) AND spokenAt <= :dead)",
                dead=sentence.spoken_at - CAPTION_LIFE_MS,
            )
        except ConditionFailed as failure:
            if failure.found.get("claim") == claim:
                return Claim.ACQUIRED
            return Claim.DONE if "settled" in failure.found else Claim.IN_PROGRESS
        return Claim.ACQUIRED

    def mark_sent(self, ref: SentenceRef) -> None:
        """Notes that the sentence has been sent, unless its number was taken over meanwhile."""
        with suppress(ConditionFailed):
            self.table.update(
                f"{ref.session_id}#{ref.session_epoch}#{ref.sequence}",
                "SET settled = :true",
                "spokenAt = :at",
                true=True,
                at=ref.spoken_at,
            )

    def release_sequence(self, session: Session, sequence: int) -> None:
        """Gives a number back by deleting its row."""
        self.table.delete(_sentence_key(session, sequence))

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

    def correct_sentence(
        self, session: Session, sequence: int, text: str, corrected_at: int
    ) -> Sentence:
        """Writes the next revision, on condition that the row has the one before it.

        The SDK sends a write again whose answer is lost, and others may have gone on meanwhile:
        each revision notes whose it is, so one that was made is found again.
        """
        mine, revision = secrets.token_hex(8), 1
        for _ in tries():
            try:
                row = self._write_revision(session, sequence, text, corrected_at, revision, mine)
            except ConditionFailed as failure:
                if failure.found.get(f"{_BY}{revision}") == mine:
                    return _corrected(failure.found, sequence, text, revision)
                _require_correctable(failure.found, text, corrected_at)
                revision = _revision_of(failure.found) + 1
            else:
                return _corrected(row, sequence, text, revision)
        raise Unavailable("the sentence is being corrected by others")

    def _write_revision(
        self,
        session: Session,
        sequence: int,
        text: str,
        corrected_at: int,
        revision: int,
        mine: str,
    ) -> Item:
        """A row that was retracted has no text: it can only be retracted again."""
        before = f"{_REVISION} = :before" if revision > 1 else f"attribute_not_exists({_REVISION})"
        kept = "expiresAt > :now" + (
            " AND attribute_exists(#text)" if text or revision == 1 else ""
        )
        base = f"{before} AND {kept}"
        sets = f"{_REVISION} = :revision, #by = :mine, settled = :true"
        return self.table.update(
            _sentence_key(session, sequence),
            f"SET {sets}, #text = :text" if text else f"SET {sets} REMOVE #text",
            f"{base} AND attribute_exists(settled) OR {base} AND spokenAt <= :dead",
            "ALL_NEW",
            {"#text": "text", "#by": f"{_BY}{revision}"},
            revision=revision,
            mine=mine,
            true=True,
            dead=corrected_at - CAPTION_LIFE_MS,
            now=corrected_at // 1000,
            **({"text": text} if text else {}),
            **({"before": revision - 1} if revision > 1 else {}),
        )

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

    def get_sentences(self, session: Session, sequences: Iterable[int]) -> Sequence[Sentence]:
        """The kept sentences with these numbers, in order."""
        keys = {_sentence_key(session, sequence): sequence for sequence in sorted(sequences)}
        found = self.table.batch_get(keys, consistent=True)
        return [
            _sentence_from(found[key], sequence)
            for key, sequence in keys.items()
            if "text" in found.get(key, {}) or _REVISION in found.get(key, {})
        ]


def session_from(item: Mapping[str, object]) -> Session:
    """The session that a row describes."""
    return Session(
        session_id=str(item["sessionId"]),
        source_language=str(item["sourceLanguage"]),
        token_hash=str(item["tokenHash"]),
        created_at=_number(item, "createdAt"),
        expires_at_seconds=_number(item, "expiresAt"),
        is_active=bool(item["isActive"]),
        speaker_connection_id=_optional(item, "speakerConnectionId"),
        # A speaker who came before an update that brought the attribute has been greeted.
        is_speaker_greeted=bool(item.get("speakerGreeted", True)),
        last_sequence=_number(item, "lastSequence"),
        listener_count=_number(item, "listenerCount"),
        languages=_counts(item, LANGUAGE_PREFIX),
        voices=_counts(item, VOICE_PREFIX),
        join_code_hash=_optional(item, "joinCodeHash"),
        max_listeners=_number(item, "maxListeners") if "maxListeners" in item else None,
        character_budget=_number(item, "characterBudget") if "characterBudget" in item else None,
        corrections=_number(item, CORRECTIONS) if CORRECTIONS in item else 0,
        dictated=_dictated(item),
        counts_revision=_number(item, REVISION) if REVISION in item else 0,
        glossary_version=_optional(item, "glossaryVersion"),
        style=Style(item.get("profanity") == "mask", _optional(item, "formality")),
        title=_optional(item, "title"),
        has_drafts=item.get("drafts") != "off",
        overlays_hidden=bool(item.get("overlaysHidden")),
    )


def _counts(item: Mapping[str, object], prefix: str) -> Mapping[str, int]:
    """The counts by language whose attributes begin so, without those that have fallen to zero."""
    return {
        name.removeprefix(prefix): _number(item, name)
        for name in sorted(item)
        if name.startswith(prefix) and _number(item, name) > 0
    }


def _dictated(item: Mapping[str, object]) -> Dictated:
    if "dictatedChange" not in item:
        return NOT_DICTATED
    since = _number(item, "dictatedSince") if "dictatedSince" in item else None
    return Dictated(_number(item, "dictatedMs"), since, str(item["dictatedChange"]))


def _sentence_from(item: Mapping[str, object], sequence: int) -> Sentence:
    return Sentence(
        sequence=sequence,
        text=str(item.get("text", "")),
        source_language=str(item["sourceLanguage"]),
        spoken_at=_number(item, "spokenAt"),
        revision=_revision_of(item),
    )


def _corrected(row: Mapping[str, object], sequence: int, text: str, revision: int) -> Sentence:
    """The sentence as this correction left it; the row may be further on."""
    return replace(_sentence_from(row, sequence), text=text, revision=revision)


def _require_correctable(row: Mapping[str, object], text: str, corrected_at: int) -> None:
    """Passes where the row is at another revision than was thought.

    Raises:
        SequenceNotKept: the row has no text, or has expired.
        ConditionFailed: it is being sent.
    """
    is_kept = "text" in row or (not text and _REVISION in row)
    if not is_kept or _number(row, "expiresAt") <= corrected_at // 1000:
        raise SequenceNotKept("the sentence is not kept")
    is_dead = _number(row, "spokenAt") <= corrected_at - CAPTION_LIFE_MS
    if "settled" not in row and not is_dead:
        raise ConditionFailed("the sentence is being sent", row)


def _revision_of(row: Mapping[str, object]) -> int:
    return _number(row, _REVISION) if _REVISION in row else 0


def _sentence_key(session: Session, sequence: int) -> str:
    return f"{session.session_id}#{session.created_at}#{sequence}"


def _number(item: Mapping[str, object], name: str) -> int:
    value = item[name]
    if not isinstance(value, int):
        raise TypeError(f"{name} must be a number")
    return value


def _optional(item: Mapping[str, object], name: str) -> str | None:
    value = item.get(name)
    return str(value) if value is not None else None
