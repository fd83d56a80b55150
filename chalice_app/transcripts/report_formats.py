"""The event report as JSON and as CSV."""

import csv
import io
import json
from collections.abc import Callable, Mapping
from typing import Any

from chalice_app.domain.errors import BadMessage
from chalice_app.transcripts.event_report import Audience, EventReport, Figures, ReportRow, Totals

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


def headers(form: str, session_id: str) -> Mapping[str, str]:
    """The headers of a report: a file with the session's name, which no cache keeps."""
    return {
        "Content-Type": FORMATS[form],
        "Content-Disposition": f'attachment; filename="{session_id}-report.{form}"',
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
    }


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
    return json.dumps(as_json(report, now_ms), ensure_ascii=False, separators=(",", ":"))


def _csv_text(report: EventReport, _now_ms: int) -> str:
    return as_csv(report)


WRITERS: Mapping[str, Callable[[EventReport, int], str]] = {"json": _json_text, "csv": _csv_text}
"""How each format is written, given what time it is (epoch ms)."""
