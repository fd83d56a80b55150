"""Rows of the Sessions table that functions share while a sentence is on its way.

Key: `sessionId`, like every row of that table. Three kinds, all with expiresAt (TTL):

- `golden-eagle-427#<createdAt>#under-way`: `at.<sequence>` = spokenAt (ms) for each sentence of the
  last seconds, `said.<sequence>` instead for those of them that are known here to have been sent:
  the Sentences table has it of each, and functions read it there only where there may be too many;
- `golden-eagle-427#<createdAt>#corrections-under-way`: the same for corrections, each by the time
  (ms) when the gateway got it, and written here once it has been sent;
- `golden-eagle-427#<createdAt>#<sequence>#<spokenAt>#tally` (a correction's with that time and
  `#<revision>`), only of a sentence that is sent in
  batches: `claim.<part>` = whose it is (random), `part.<part>` = what became of it
  (`report_json`), expected (parts), settled.

Every update may be made twice with the same effect: the SDK repeats one whose answer is lost. They
stand apart from the session's own row, which is busy with the ledger's transactions.
"""

import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import islice

from chalice_app.aws.dynamodb.report_json import decoded_reports, encoded_reports
from chalice_app.aws.dynamodb.table import Table
from chalice_app.domain.reports import LanguageReport, merged
from chalice_app.domain.sentence import RecentSentences, SentenceRef
from chalice_app.wire.attribute_values import Item

ROW_SECONDS = 3600
"""Far beyond a sentence's 10 s and the 3 minutes in which Lambda tries an invocation again."""

_MARKS_AT_ONCE = 50
"""An update's expression has 4 KB and 300 operators at most; each mark that is moved takes two.

Source: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html
"""

_MARK, _SAID, _CLAIM, _PART = "at.", "said.", "claim.", "part."


@dataclass(frozen=True)
class InFlightRows:
    """`ports.SentencesInFlight` and `ports.TallyStore` on DynamoDB."""

    table: Table

    def add_sentence(self, ref: SentenceRef) -> RecentSentences:
        """Adds a sentence in flight; returns all that there are then."""
        row = self.table.upsert(
            _in_flight_key(ref),
            "SET #mark = if_not_exists(#mark, :at), expiresAt = :expires",
            {"#mark": f"{_MARK}{ref.sequence}"},
            at=ref.spoken_at,
            expires=_expires_at(ref),
        )
        return RecentSentences(_marks(row, _MARK), _marks(row, _SAID))

    def complete_sentences(self, ref: SentenceRef, sent: Mapping[int, int]) -> None:
        """Marks sentences in flight as sent, the oldest ones, as many as one update can."""
        sent = dict(sorted(sent.items(), key=lambda each: each[1])[:_MARKS_AT_ONCE])
        said = {f"#s{n}": f"{_SAID}{sequence}" for n, sequence in enumerate(sent)}
        marks = {f"#m{n}": f"{_MARK}{sequence}" for n, sequence in enumerate(sent)}
        times = {f"t{n}": at for n, at in enumerate(sent.values())}
        sets = (f"{name} = :{time}" for name, time in zip(said, times, strict=True))
        self.table.upsert(
            _in_flight_key(ref),
            f"SET {', '.join(sets)}, expiresAt = :expires REMOVE {', '.join(marks)}",
            said | marks,
            expires=_expires_at(ref),
            **times,
        )

    def remove_sentences(self, ref: SentenceRef, sequences: Iterable[int]) -> None:
        """Removes sentences, as many as one update can."""
        removed = islice(sequences, _MARKS_AT_ONCE)
        marks = [f"{prefix}{sequence}" for sequence in removed for prefix in (_MARK, _SAID)]
        names = {f"#m{n}": mark for n, mark in enumerate(marks)}
        if names:
            self.table.upsert(_in_flight_key(ref), "REMOVE " + ", ".join(names), names)

    def claim_part(self, ref: SentenceRef, part: str) -> bool:
        """Claims a part to send: True the first time only."""
        mine = secrets.token_hex(8)
        row = self.table.upsert(
            _tally_key(ref),
            "SET #claim = if_not_exists(#claim, :mine), expiresAt = :expires",
            {"#claim": _CLAIM + part},
            mine=mine,
            expires=_expires_at(ref),
        )
        return row[_CLAIM + part] == mine

    def add_part(
        self,
        ref: SentenceRef,
        part: str,
        reports: Mapping[str, LanguageReport],
        expected: int | None = None,
    ) -> Mapping[str, LanguageReport] | None:
        """Adds a part; returns the whole once it is there, until `mark_reported`."""
        update = "SET #part = if_not_exists(#part, :reports), expiresAt = :expires"
        row = self.table.upsert(
            _tally_key(ref),
            update if expected is None else f"{update}, expected = :expected",
            {"#part": _PART + part},
            reports=encoded_reports(reports),
            expires=_expires_at(ref),
            **({} if expected is None else {"expected": expected}),
        )
        return _whole(row)

    def mark_reported(self, ref: SentenceRef) -> None:
        """Notes that the speaker has the report."""
        self.table.upsert(_tally_key(ref), "SET settled = :true", {}, true=True)


def _whole(row: Item) -> Mapping[str, LanguageReport] | None:
    parts = [value for name, value in row.items() if name.startswith(_PART)]
    if len(parts) != row.get("expected") or "settled" in row:
        return None
    return merged(decoded_reports(str(part)) for part in parts)


def _marks(row: Item, prefix: str) -> Mapping[int, int]:
    return {
        int(name.removeprefix(prefix)): at
        for name, at in row.items()
        if name.startswith(prefix) and isinstance(at, int)
    }


def _in_flight_key(ref: SentenceRef) -> str:
    kind = "corrections-under-way" if ref.revision else "under-way"
    return f"{ref.session_id}#{ref.session_epoch}#{kind}"


def _tally_key(ref: SentenceRef) -> str:
    # With the time: a sentence whose function died is spoken again, and has a tally of its own.
    spoken = f"{ref.sequence}#{ref.spoken_at}"
    revision = f"#{ref.revision}" if ref.revision else ""
    return f"{ref.session_id}#{ref.session_epoch}#{spoken}{revision}#tally"


def _expires_at(ref: SentenceRef) -> int:
    return ref.spoken_at // 1000 + ROW_SECONDS
