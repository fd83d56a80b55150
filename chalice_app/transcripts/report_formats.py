"""The event report as JSON and as CSV."""

import csv
import io
import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from chalice_app.domain.errors import BadMessage
from chalice_app.transcripts.event_report import Audience, EventReport, Figures, ReportRow, Totals
from chalice_app.transcripts.files import File

COLUMNS = (
    "sequence",
    "spokenAt",
    "language",
    "listeners",
    "delivered",
    "gone",
    "dropped",
    "failed",
    "latencyMs",
    "cached",
    "untranslated",
)
"""What a row has, in this order in CSV."""


FORMATS: Mapping[str, str] = {
    "json": "application/json; charset=utf-8",
    "csv": "text/csv; charset=utf-8; header=present",
}
"""The formats and their types (CSV: RFC 4180)."""


def parse_format(wanted: str | None) -> str:
    """The `format` of the query; JSON where none is named.

    Raises:
        BadMessage: there is no such format.
    """
    if wanted is None:
        return "json"
    if wanted not in FORMATS:
        raise BadMessage("format must be json or csv")
    return wanted


def written(report: EventReport, form: str, now_ms: int) -> File:
    """The report as a file of that format."""
    text = as_csv(report) if form == "csv" else _json_text(report, now_ms)
    return File(f"{report.session.session_id}-report.{form}", FORMATS[form], text)


def as_json(report: EventReport, now_ms: int) -> dict[str, Any]:
    """The body of `GET /sessions/{id}/report`.

    `endedAt` is null while the session runs; one whose life is over has ended by itself.
    """
    session = report.session
    return {
        "sessionId": session.session_id,
        "title": session.title,
        "sourceLanguage": session.source_language,
        "startedAt": session.created_at,
        "endedAt": _ended_at(report, now_ms),
        "asOf": now_ms,
        "sentences": [dict(zip(COLUMNS, _values(row), strict=True)) for row in report.rows],
        "listeners": [_audience(each) for each in report.audiences],
        "totals": _totals(report.totals),
        "figures": _figures(report.figures),
        "refused": None if report.refused is None else dict(report.refused),
    }


def as_csv(report: EventReport) -> str:
    """A header and a row a sentence and language, as RFC 4180 has it: CRLF, also at the end."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for row in report.rows:
        writer.writerow(_written(value) for value in _values(row))
    return text.getvalue()


def _values(row: ReportRow) -> tuple[int | str | bool, ...]:
    return (
        row.sequence,
        row.spoken_at,
        row.language,
        row.listeners,
        row.delivered,
        row.gone,
        row.dropped,
        row.failed,
        row.latency_ms,
        row.cached,
        row.untranslated,
    )


def _written(value: int | str | bool) -> int | str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return value


def _ended_at(report: EventReport, now_ms: int) -> int | None:
    session = report.session
    if session.ended_at is not None:
        return session.ended_at
    return session.expires_at_seconds * 1000 if session.is_expired(now_ms) else None


def _audience(seen: Audience) -> dict[str, Any]:
    return {"at": seen.at, "languages": dict(seen.languages), "voices": dict(seen.voices)}


def _totals(totals: Totals) -> dict[str, int]:
    return {
        "listeners": totals.listeners,
        "delivered": totals.delivered,
        "gone": totals.gone,
        "dropped": totals.dropped,
        "failed": totals.failed,
    }


def _figures(figures: Figures) -> dict[str, Any]:
    return {
        "sentences": figures.sentences,
        "unreported": figures.unreported,
        "corrected": figures.corrected,
        "retracted": figures.retracted,
        "mostListeners": figures.most_listeners,
        "mostVoices": figures.most_voices,
        "latencyMs": {f"p{share}": value for share, value in figures.latencies.items()},
        "untranslated": figures.untranslated,
        "overBudget": figures.over_budget,
        "charactersTranslated": figures.characters,
        "charactersSaved": figures.saved,
        "dollars": round(figures.dollars, 6),
    }


def _json_text(report: EventReport, now_ms: int) -> str:
    """As `as_json`, without an object a row: a day in 75 languages has 750,000 rows."""
    whole = as_json(replace(report, rows=()), now_ms)
    before, after = json.dumps(whole, separators=(",", ":")).split('"sentences":[]')
    return f'{before}"sentences":[{",".join(map(_row_text, report.rows))}]{after}'


def _row_text(row: ReportRow) -> str:
    return _ROW % tuple(
        json.dumps(value) if isinstance(value, str) else _written(value) for value in _values(row)
    )


_ROW = "{" + ",".join(f'"{name}":%s' for name in COLUMNS) + "}"
