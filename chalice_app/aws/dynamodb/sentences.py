"""The Sentences table: every sentence once, from its claim to what became of it.

Key: `sessionKey` (`golden-eagle-427#<createdAt>`) and `sequence` (N): a session's sentences are one
partition, in order. Columns: spokenAt (ms), sourceLanguage, claim (random, whose it is), expiresAt
(epoch seconds, TTL), settled once it has been sent, and where sentences are kept:

- text, beganAt and endedAt (ms, where somebody knows);
- captions: the translations that were sent, by language, as zlib's JSON (binary);
- delivery: its report (`report_json`, binary);
- of a corrected one revision, correctedAt (ms) and `by.<revision>` (random, whose it is), without a
  text where it was retracted.

The conditional put of a claim is what makes a sequence be spoken once, in whatever order two
invocations come. Captions and the report are written with the mark that it was sent: no further
write, and a row below 1 KB costs the one unit that it always cost.

A row lives until its session's retention is over, counted from the longest life that the session
can have; readers ask `Session.is_kept` before. Where nothing is retained it lives
`SENTENCE_TTL_SECONDS`.
"""

import json
import secrets
import zlib
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from chalice_app.aws.dynamodb.report_json import packed_reports, unpacked_reports
from chalice_app.aws.dynamodb.retries import tries
from chalice_app.aws.dynamodb.rows import number, number_or_none, readable_rows
from chalice_app.aws.dynamodb.table import Table
from chalice_app.domain.errors import ConditionFailed, SequenceNotKept, Unavailable
from chalice_app.domain.kept import KeptSentence
from chalice_app.domain.reports import Reports
from chalice_app.domain.sentence import (
    CAPTION_LIFE_MS,
    REPLAYED_SENTENCES,
    Claim,
    Sentence,
    SentenceRef,
)
from chalice_app.domain.session import HOUR_MS, Session
from chalice_app.wire.attribute_values import Item, decode

SENTENCE_TTL_SECONDS = 2 * 3600
"""A connection lives 2 hours at most: nobody can come back for anything older."""

_REVISION, _BY = "revision", "by."

_UNCORRECTED = f"attribute_not_exists({_REVISION})"

_READ = (
    "sequence", "spokenAt", "sourceLanguage", "text", "beganAt", "endedAt", "captions", "delivery",
    _REVISION, "correctedAt",
)  # fmt: skip


@dataclass(frozen=True)
class SentencesTable:
    """`ports.SentenceStore` on DynamoDB."""

    table: Table
    keep_sentences: bool = True

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
                    **_key(session, sentence.sequence),
                    "claim": claim,
                    "spokenAt": sentence.spoken_at,
                    "sourceLanguage": sentence.source_language,
                    "expiresAt": self._expires_at(session, sentence),
                    **(_words(sentence) if self.keep_sentences else {}),
                },
                "attribute_not_exists(sessionKey)"
                " OR (attribute_not_exists(settled) AND spokenAt <= :dead)",
                dead=sentence.spoken_at - CAPTION_LIFE_MS,
            )
        except ConditionFailed as failure:
            if failure.found.get("claim") == claim:
                return Claim.ACQUIRED
            return Claim.DONE if "settled" in failure.found else Claim.IN_PROGRESS
        return Claim.ACQUIRED

    def _expires_at(self, session: Session, sentence: Sentence) -> int:
        """Epoch seconds; the session may have been opened by a stage that kept sentences."""
        needed = sentence.spoken_at // 1000 + SENTENCE_TTL_SECONDS
        if not self.keep_sentences or not session.retention_hours:
            return needed
        return session.expires_at_seconds + session.retention_hours * HOUR_MS // 1000

    def mark_sent(
        self, ref: SentenceRef, reports: Reports, captions: Mapping[str, str]
    ) -> Reports | None:
        """One write, unless the sentence was corrected meanwhile or the session keeps nothing."""
        if not (self.keep_sentences and ref.is_kept):
            self._settle(ref, "SET settled = :true", "")
            if self.keep_sentences:
                self._forget(ref, ref.sequence - REPLAYED_SENTENCES)
            return None
        delivery = packed_reports(reports)
        sets = "SET settled = :true, delivery = if_not_exists(delivery, :delivery)"
        kept = {"captions": _packed(captions)} if captions else {}
        more = ", captions = :captions" if captions else ""
        row = self._settle(
            ref, sets + more, f" AND {_UNCORRECTED}", delivery=delivery, **kept
        ) or self._settle(ref, sets, f" AND attribute_exists({_REVISION})", delivery=delivery)
        if row is None or row.get("delivery") == delivery:
            return None if row is None else reports
        return unpacked_reports(row["delivery"])

    def _settle(self, ref: SentenceRef, update: str, condition: str, **values: Any) -> Item | None:
        """The row once the update is made; None where the condition fails, or it is another's."""
        with suppress(ConditionFailed):
            return self.table.update(
                _key_of(ref),
                update,
                f"spokenAt = :at{condition}",
                true=True,
                at=ref.spoken_at,
                **values,
            )
        return None

    def _forget(self, ref: SentenceRef, sequence: int) -> None:
        """Deletes a sentence's words; the row stays, so that its number is not spoken again."""
        if sequence < 1:
            return
        with suppress(ConditionFailed):
            self.table.update(
                _key_of(replace(ref, sequence=sequence)),
                "REMOVE #text, beganAt, endedAt",
                "attribute_exists(#text)",
                "ALL_NEW",
                {"#text": "text"},
            )

    def sent_among(self, ref: SentenceRef, sequences: Iterable[int]) -> Collection[int]:
        """By consistent reads of their rows."""
        keys = [_key_of(replace(ref, sequence=sequence)) for sequence in sequences]
        rows = self.table.batch_get_items(keys, consistent=True)
        return {number(row, "sequence") for row in rows if "settled" in row}

    def keep_captions(self, ref: SentenceRef, captions: Mapping[str, str]) -> None:
        """Of a sentence with that time, or of that revision of it."""
        if not (self.keep_sentences and ref.is_kept):
            return
        is_same = f"{_REVISION} = :same" if ref.revision else f"spokenAt = :same AND {_UNCORRECTED}"
        with suppress(ConditionFailed):
            self.table.update(
                _key_of(ref),
                "SET captions = :captions",
                is_same,
                captions=_packed(captions),
                same=ref.revision or ref.spoken_at,
            )

    def release_sequence(self, ref: SentenceRef) -> None:
        """Gives a number back by deleting its row, unless another sentence has taken it over."""
        with suppress(ConditionFailed):
            self.table.delete(_key_of(ref), "spokenAt = :at", at=ref.spoken_at)

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
                    return _corrected(failure.found, text, revision)
                _require_correctable(failure.found, text, corrected_at)
                revision = _revision_of(failure.found) + 1
            else:
                return _corrected(row, text, revision)
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
        before = f"{_REVISION} = :before" if revision > 1 else _UNCORRECTED
        kept = "expiresAt > :now" + (
            " AND attribute_exists(#text)" if text or revision == 1 else ""
        )
        base = f"{before} AND {kept}"
        sets = (
            f"SET {_REVISION} = :revision, #by = :mine, settled = :true, correctedAt = :corrected"
        )
        return self.table.update(
            _key(session, sequence),
            f"{sets}, #text = :text REMOVE captions" if text else f"{sets} REMOVE #text, captions",
            f"{base} AND attribute_exists(settled) OR {base} AND spokenAt <= :dead",
            "ALL_NEW",
            {"#text": "text", "#by": f"{_BY}{revision}"},
            revision=revision,
            mine=mine,
            true=True,
            corrected=corrected_at,
            dead=corrected_at - CAPTION_LIFE_MS,
            now=corrected_at // 1000,
            **({"text": text} if text else {}),
            **({"before": revision - 1} if revision > 1 else {}),
        )

    def get_sentences(self, session: Session, sequences: Iterable[int]) -> Sequence[Sentence]:
        """The kept sentences with these numbers, in order."""
        keys = [_key(session, sequence) for sequence in sequences]
        found = self.table.batch_get_items(keys, consistent=True)
        kept = [_sentence_from(row) for row in found if _has_words(row)]
        return sorted(kept, key=lambda each: each.sequence)

    def read_all(self, session: Session) -> Iterator[KeptSentence]:
        """One Query of the partition; malformed rows are logged and left out."""
        rows = map(decode, self.table.query_partition(_partition(session), _READ))
        yield from readable_rows(filter(_has_words, rows), _kept_from)

    def add_caption(self, session: Session, kept: KeptSentence, language: str, text: str) -> None:
        """On condition that neither the sentence nor its captions have changed since the read."""
        key = _key(session, kept.sentence.sequence)
        for _ in tries():
            row = self.table.get(key)
            if row is None or not _is_as(row, kept.sentence):
                return
            before = row.get("captions")
            captions = {**unpacked_captions(before), language: text}
            unchanged = "captions = :before" if before else "attribute_not_exists(captions)"
            revision = f"{_REVISION} = :revision" if kept.sentence.revision else _UNCORRECTED
            with suppress(ConditionFailed):
                self.table.update(
                    key,
                    "SET captions = :captions",
                    f"spokenAt = :at AND {revision} AND {unchanged}",
                    captions=_packed(captions),
                    at=kept.sentence.spoken_at,
                    **({"before": before} if before else {}),
                    **({"revision": kept.sentence.revision} if kept.sentence.revision else {}),
                )
                return
        raise Unavailable("the sentence's captions are being written by others")

    def delete_all(self, session: Session) -> None:
        """Deletes the rows that a consistent Query finds, 25 a call."""
        found = map(decode, self.table.query_partition(_partition(session), ("sequence",)))
        keys = (_key(session, number(row, "sequence")) for row in found)
        self.table.batch_delete_items(keys)


def _partition(session: Session) -> str:
    return f"{session.session_id}#{session.created_at}"


def _key(session: Session, sequence: int) -> dict[str, str | int]:
    return {"sessionKey": _partition(session), "sequence": sequence}


def _key_of(ref: SentenceRef) -> dict[str, str | int]:
    return {"sessionKey": f"{ref.session_id}#{ref.session_epoch}", "sequence": ref.sequence}


def _words(sentence: Sentence) -> Mapping[str, str | int | None]:
    return {"text": sentence.text, "beganAt": sentence.began_at, "endedAt": sentence.ended_at}


def _packed(captions: Mapping[str, str]) -> bytes:
    written = json.dumps(captions, ensure_ascii=False, separators=(",", ":"))
    return zlib.compress(written.encode(), 9)


def unpacked_captions(packed: object) -> dict[str, str]:
    """The captions of a row's attribute, by language; none where it is not there.

    Raises:
        ValueError, TypeError: the row is malformed.
    """
    if not isinstance(packed, bytes):
        return {}
    try:
        captions = dict(json.loads(zlib.decompress(packed)))
    except zlib.error as error:
        raise ValueError("the captions cannot be unpacked") from error
    return {str(language): str(text) for language, text in captions.items()}


def _has_words(row: Mapping[str, object]) -> bool:
    """Whether the sentence is kept, or the fact that it was retracted."""
    return "text" in row or _REVISION in row


def _is_as(row: Mapping[str, object], sentence: Sentence) -> bool:
    return _has_words(row) and _sentence_from(row) == sentence


def _kept_from(row: Mapping[str, object]) -> KeptSentence:
    return KeptSentence(
        _sentence_from(row),
        unpacked_captions(row.get("captions")),
        unpacked_reports(row["delivery"]) if "delivery" in row else None,
        number_or_none(row, "correctedAt"),
    )


def _sentence_from(row: Mapping[str, object]) -> Sentence:
    return Sentence(
        sequence=number(row, "sequence"),
        text=str(row.get("text", "")),
        source_language=str(row["sourceLanguage"]),
        spoken_at=number(row, "spokenAt"),
        revision=_revision_of(row),
        began_at=number_or_none(row, "beganAt"),
        ended_at=number_or_none(row, "endedAt"),
    )


def _corrected(row: Mapping[str, object], text: str, revision: int) -> Sentence:
    """The sentence as this correction left it; the row may be further on."""
    return replace(_sentence_from(row), text=text, revision=revision)


def _require_correctable(row: Mapping[str, object], text: str, corrected_at: int) -> None:
    """Passes where the row is at another revision than was thought.

    Raises:
        SequenceNotKept: the row has no text, or has expired.
        ConditionFailed: it is being sent.
    """
    is_kept = "text" in row or (not text and _REVISION in row)
    if not is_kept or number(row, "expiresAt") <= corrected_at // 1000:
        raise SequenceNotKept("the sentence is not kept")
    is_dead = number(row, "spokenAt") <= corrected_at - CAPTION_LIFE_MS
    if "settled" not in row and not is_dead:
        raise ConditionFailed("the sentence is being sent", row)


def _revision_of(row: Mapping[str, object]) -> int:
    return number_or_none(row, _REVISION) or 0
