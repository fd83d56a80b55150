"""What must be true of what is kept: of each report, of the words, and after a purge.

K1: each report that is posted is kept, with the same numbers, before it is posted; and the totals
    of the event report are the sums of what the speaker was told. A report is kept and not posted
    only where a function died in between.
K2: what is kept of a session are its own words, never those of another session or of an earlier one
    of its name; captions are of the newest revision; and nothing is left after a purge, or can be
    read.

Exceptions: a report whose write failed is posted all the same. A number that another invocation has
taken over is kept with that one's report. Of what an invocation wrote that died after a purge, or
could not read the session or delete its row, the row is left until it expires: `Session.is_kept`
refuses it.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from chalice_app.aws.dynamodb.report_json import unpacked_reports
from chalice_app.aws.dynamodb.sentences import unpacked_captions
from chalice_app.domain.kept import KeptSentence
from chalice_app.domain.session import Session
from chalice_app.rosters.ledger import SessionKey
from chalice_app.transcripts.event_report import ReportRow, Totals, rows_of, totals
from chalice_app.wire import outgoing
from chalice_app.wire.attribute_values import decode
from tests.simulation.delivery.record import Spoken
from tests.simulation.expressions import Item
from tests.simulation.invariants import Violation

if TYPE_CHECKING:
    from tests.simulation.delivery.hall import Hall


def check_row(key: str, item: Item) -> None:
    """At each write of a sentence's row.

    Raises:
        Violation: it holds words that are not its own, or not its newest.
    """
    row = decode(item)
    session, text = key.split("/")[0], str(row["text"]) if "text" in row else None
    if text is not None and not text.startswith(f"{session}#{row['sequence']!r}"):
        raise Violation(f"K2: {text} is kept as {key}")
    captions = unpacked_captions(row.get("captions"))
    if any(caption != text for caption in captions.values()):
        raise Violation(f"K2: {text} is kept with the captions {captions}")


def check_told(hall: "Hall", spoken: Spoken) -> None:
    """When a report is posted.

    Raises:
        Violation: it is not kept, or with other numbers.
    """
    if spoken.is_unkept or spoken.session in hall.purges:
        return
    item = hall.database.sentences.rows.get(spoken.key)
    row = {} if item is None else decode(item)
    if row.get("spokenAt") != spoken.spoken_at and _is_taken_over(hall, spoken):
        return
    if "delivery" not in row:
        raise Violation(f"K1: the report of sentence {spoken.sequence} is posted, and not kept")
    kept = outgoing.spoken(spoken.sequence, unpacked_reports(row["delivery"]), 0)["languages"]
    if kept != spoken.told:
        raise Violation(f"K1: {spoken.told} is reported, and {kept} is kept")


def _is_taken_over(hall: "Hall", spoken: Spoken) -> bool:
    return any(
        each.key == spoken.key and each is not spoken and each.claimed is not None
        for each in hall.spoken
    )


def check_rest(hall: "Hall") -> None:
    """At rest, of each session that ever was.

    Raises:
        Violation: what is kept of it is not what was said and told.
    """
    for key in sorted({each.session for each in hall.spoken}):
        kept = list(hall.stage.adapters.sentences.read_all(_session(key)))
        for each in kept:
            _check_words(key, each)
        if key in hall.purged:
            _check_purged(hall, key, kept)
        elif key not in hall.purges:
            _check_reports(hall, key, kept)


def _session(key: SessionKey) -> Session:
    return Session(key[0], "en", "", key[1], key[1] // 1000)


def _check_words(key: SessionKey, kept: KeptSentence) -> None:
    said = kept.sentence
    own = f"{key[0]}#{key[1]}#{said.sequence}"
    words = [*([] if said.is_retracted else [said.text]), *kept.captions.values()]
    if not all(each == said.text and each.startswith(own) for each in words):
        raise Violation(f"K2: the transcript of {key} has {words} as {said.sequence}")


def _check_purged(hall: "Hall", key: SessionKey, kept: Iterable[KeptSentence]) -> None:
    row = hall.stage.sessions.read_row(key[0])
    if row is not None and row.created_at == key[1] and hall.stage.sessions.is_kept(row):
        raise Violation(f"K2: {key} was purged, and can be read")
    for each in kept:
        tries = _tries(hall, key, each.sentence.sequence)
        if not any(one.is_unkept or (one.is_dead and not one.is_refused) for one in tries):
            raise Violation(f"K2: {key} was purged, and {each.sentence.sequence} is kept")


def _check_reports(hall: "Hall", key: SessionKey, kept: Sequence[KeptSentence]) -> None:
    """What the speaker was told, and what the event report adds up."""
    rows: list[ReportRow] = []
    told: list[Mapping[str, Mapping[str, Any]]] = []
    numbers = {each.sentence.sequence for each in kept}
    for one in hall.spoken:
        is_told = one.session == key and one.told is not None and not one.is_unkept
        if is_told and one.sequence not in numbers:
            raise Violation(f"K1: sentence {one.sequence} was reported, and is not kept")
    for each in kept:
        of = [
            one
            for one in _tries(hall, key, each.sentence.sequence)
            if one.spoken_at == each.sentence.spoken_at
        ]
        if not of or of[0].is_unkept:
            continue
        if each.reports is not None and not (of[0].reports or of[0].is_dead or of[0].has_lost):
            raise Violation(f"K1: sentence {of[0].sequence} has a report that nobody was told")
        if of[0].told is not None:
            rows += rows_of(each)
            told.append(of[0].told)
    if totals(rows) != _sum(told):
        raise Violation(f"K1: {totals(rows)} is the report, {_sum(told)} was told")


def _tries(hall: "Hall", key: SessionKey, sequence: int) -> Iterable[Spoken]:
    return (one for one in hall.spoken if (one.session, one.sequence) == (key, sequence))


def _sum(told: Iterable[Mapping[str, Mapping[str, Any]]]) -> Totals:
    counts = [each for languages in told for each in languages.values()]
    listeners, delivered, gone, dropped = (
        sum(each[name] for each in counts) for name in ("listeners", "delivered", "gone", "dropped")
    )
    return Totals(listeners, delivered, gone, dropped, listeners - delivered - gone - dropped)
