"""The event report of a made-up talk, and a stage that answers with it or with an error."""

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from aiohttp import web

from chalice_app.domain.kept import KeptSentence
from chalice_app.domain.reports import LanguageReport, Posted
from chalice_app.transcripts.event_report import EventReport, event_report
from chalice_app.transcripts.report_formats import as_csv, as_json
from tests.fakes.domain import NOW_MS, sentence, session

SHARES = {"es": 40, "pt": 25, "fr": 15, "ca": 10, "ar": 6, "zh": 4}
"""Percent of a made-up hall, by language."""


def talk_report(
    sentences: int = 1_440, listeners: int = 10_000, shares: Mapping[str, int] = SHARES
) -> EventReport:
    """A talk of five seconds a sentence, whose hall fills, stays, and empties at the end."""
    held = session(title="Opening night", created_at=NOW_MS, ended_at=NOW_MS + sentences * 5_000)
    made = talk_sentences(sentences, listeners, shares)
    return event_report(held, made, {"SESSION_FULL": 12, "RATE_LIMITED": 3})


def talk_sentences(count: int, listeners: int, shares: Mapping[str, int]) -> Iterator[KeptSentence]:
    """The sentences of such a talk, as they are kept."""
    chance = random.Random(count)
    for number in range(1, count + 1):
        here = min(1.0, number / (count * 0.12), 0.25 + (count - number) / (count * 0.06))
        reports = {
            code: _report(int(listeners * here * share / 100), chance)
            for code, share in shares.items()
        }
        said = sentence(
            number, "a sentence of about sixty characters, as people speak them", NOW_MS
        )
        yield KeptSentence(
            replace(said, spoken_at=NOW_MS + number * 5_000),
            {},
            {code: report for code, report in reports.items() if report.listeners},
        )


def _report(listeners: int, chance: random.Random) -> LanguageReport:
    gone = min(listeners, chance.choice((0,) * 40 + (1, 2)))
    dropped = min(listeners - gone, chance.choice((0,) * 150 + (3,)))
    is_cached = chance.random() < 0.2
    return LanguageReport(
        listeners,
        Posted(listeners - gone - dropped, tuple("g" * gone), dropped),
        cached=is_cached,
        failed=chance.random() < 0.002,
        latency_ms=int(chance.lognormvariate(6.1, 0.35)) + listeners // 20,
        voices=listeners // 25,
        characters=0 if is_cached else 58,
    )


@dataclass
class StubReport:
    """What `GET /sessions/{id}/report` answers: the report, or an error by its status and code."""

    made: EventReport = field(default_factory=lambda: talk_report(sentences=250, listeners=400))
    now_ms: int = NOW_MS + 3_600_000
    refuse_with: tuple[int, str] | None = None

    def answer(self, request: web.Request, token: str) -> web.Response:
        """The answer to a request, which must have the speaker's token."""
        refused = self.refuse_with
        if request.headers.get("Authorization") != f"Bearer {token}":
            refused = 401, "NOT_SPEAKER"
        if refused is not None:
            status, code = refused
            body = {"type": "error", "code": code, "details": {"retryAfterMs": 7_000}}
            return web.json_response(body, status=status)
        if request.query["format"] == "csv":
            return web.Response(text=as_csv(self.made), content_type="text/csv")
        return web.json_response(as_json(self.made, self.now_ms))
