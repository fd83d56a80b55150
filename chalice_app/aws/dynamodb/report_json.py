"""Delivery reports as rows hold them: JSON, an array for each language.

A later version only appends to the arrays, so each version reads the rows of those before it. What
is nothing at an array's end is left out, and a sentence's row has them compressed: the report of
eight languages takes 85 bytes in place of 250, in a row that is to stay below the kilobyte of a
write unit (`tests/benchmarks/keeping.py`).
"""

import json
import zlib

from chalice_app.domain.reports import LanguageReport, Posted, Reports


def encoded_reports(reports: Reports) -> str:
    """Without the ids of gone connections: their rows are deleted, their number matters."""
    rows = {language: _array(report) for language, report in reports.items()}
    return json.dumps(rows, separators=(",", ":"))


def decoded_reports(text: str) -> Reports:
    """The reports of a row.

    Raises:
        ValueError, TypeError: the row is malformed.
    """
    return {language: _report(*values) for language, values in dict(json.loads(text)).items()}


def packed_reports(reports: Reports) -> bytes:
    """As a sentence's row has them."""
    return zlib.compress(encoded_reports(reports).encode(), 9)


def unpacked_reports(packed: object) -> Reports:
    """The reports of a sentence's row; those of an earlier version are not compressed.

    Raises:
        ValueError, TypeError: the row is malformed.
    """
    if not isinstance(packed, bytes):
        return decoded_reports(str(packed))
    try:
        return decoded_reports(zlib.decompress(packed).decode())
    except zlib.error as error:
        raise ValueError("the reports cannot be unpacked") from error


def _array(report: LanguageReport) -> list[int]:
    posted = report.posted
    values = [
        report.listeners,
        posted.delivered,
        len(posted.gone),
        posted.dropped,
        posted.failed,
        int(report.cached),
        int(report.failed),
        int(report.over_budget),
        report.latency_ms,
        report.voices,
        report.characters,
    ]
    while len(values) > _LEAST and not values[-1]:
        values.pop()
    return values


_LEAST = 7
"""So many values every version has written, and asks for."""


def _report(
    listeners: int,
    delivered: int,
    gone: int,
    dropped: int,
    failed: int,
    cached: int,
    untranslated: int,
    over_budget: int = 0,
    latency_ms: int = 0,
    voices: int = 0,
    characters: int = 0,
) -> LanguageReport:
    return LanguageReport(
        listeners,
        Posted(delivered, ("",) * gone, dropped, failed),
        bool(cached),
        bool(untranslated),
        bool(over_budget),
        latency_ms,
        voices,
        characters,
    )
