"""What holds where nothing is said: the defaults that callers rely on."""

import inspect
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from chalice_app.admission.limits import AdmissionLimits
from chalice_app.aws.dynamodb.counters import CounterRows
from chalice_app.aws.dynamodb.report_json import _report
from chalice_app.aws.dynamodb.sentences import SentencesTable
from chalice_app.aws.dynamodb.table import Table
from chalice_app.aws.posting.fan_out import FanOut
from chalice_app.aws.posting.management_api import ManagementApi
from chalice_app.cache.entries import CachedTranslation, EntryUse
from chalice_app.cache.eviction import Swept
from chalice_app.cache.lookup import TranslationCache, cache_key
from chalice_app.delivery.broadcast import Broadcast
from chalice_app.domain.session import Connection, Role, Session
from chalice_app.domain.style import PLAIN, Style
from chalice_app.glossary.glossaries import Glossaries
from chalice_app.glossary.terms import Term
from chalice_app.observability.logs import JsonLines
from chalice_app.rosters.ledger import LedgerRow, State
from chalice_app.rosters.repair import Reconciled
from chalice_app.routes.requests import answered
from chalice_app.sessions.closing import _notice
from chalice_app.sessions.joining import Joining
from chalice_app.settings import Settings
from chalice_app.translation.engine import TranslationEngine
from chalice_app.web.pages import Answer, Pages
from streams.records import Change, StreamRecord

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("short", "whole"),
    [
        (AdmissionLimits(),
         AdmissionLimits(1_000, 6_000, 10, 10, 20, 50, 10_000, 10, 20, 2_000_000, (), 300)),
        (CachedTranslation("k", "en", "es", "a", "b", 1, 2),
         CachedTranslation("k", "en", "es", "a", "b", 1, 2, settings="")),
        (EntryUse("k", 1, 2, 3), EntryUse("k", 1, 2, 3, characters=0)),
        (Swept(1), Swept(1, evicted=0, expired=0)),
        (Session("s", "en", "t", 1, 2),
         Session("s", "en", "t", 1, 2, is_active=True, last_sequence=0, listener_count=0,
                 counts_revision=0)),
        (Connection("c", "s", 1, Role.SPEAKER, 2, 3),
         Connection("c", "s", 1, Role.SPEAKER, 2, 3, version=1)),
        (LedgerRow(State.IN, 1), LedgerRow(State.IN, 1, "", 0, None)),
        (LedgerRow(State.IN, 1), LedgerRow(State.IN, 1, left_at=5)),
        (Reconciled(1, 2, 3, 4), Reconciled(1, 2, 3, 4, gone=0, swept=0)),
        (StreamRecord("1", Change.INSERT, {}, None, None),
         StreamRecord("1", Change.INSERT, {}, None, None, is_ttl_expiry=False)),
        (Answer(304, {}), Answer(304, {}, "")),
        (Style(), Style(masks_profanity=False, formality=None)),
        (Term("a"), Term("a", keep=False, targets={}, case_sensitive=False)),
    ],
    ids=lambda each: type(each).__name__,
)  # fmt: skip
def test_a_value_is_made_short(short: object, whole: object) -> None:
    assert short == whole


@pytest.mark.parametrize(
    ("call", "defaults"),
    [
        (CounterRows.count, {"by": 1}),
        (_report, {"over_budget": 0, "latency_ms": 0, "voices": 0, "characters": 0}),
        (SentencesTable, {"keep_sentences": True}),
        (Table.update, {"returned": "ALL_NEW"}),
        (FanOut, {"bucket": None, "repeatable": False}),
        (FanOut.broke, {"final": False}),
        (ManagementApi, {"max_in_flight": 100, "requests_per_second": None}),
        (ManagementApi, {"connect_seconds": 3.0, "request_seconds": 5.0}),
        (ManagementApi.post, {"share": 1.0}),
        (ManagementApi.probe, {"share": 1.0}),
        (ManagementApi._send, {"share": 1.0, "repeatable": False}),
        (cache_key, {"settings": ""}),
        (TranslationCache, {"lookup_seconds": 0.5, "write_seconds": 2.0}),
        (TranslationEngine.request, {"style": PLAIN}),
        (Glossaries, {"read_seconds": 0.5}),
        (Broadcast.send, {"share": 1.0}),
        (JsonLines, {"end": ""}),
        (answered, {"status": 200}),
        (_notice, {"request_id": ""}),
        (Joining.join_as_speaker, {"request_id": ""}),
        (Pages.page, {"if_none_match": ""}),
        (Pages.file, {"version": "", "if_none_match": ""}),
        (Settings, {"cache_ttl_seconds": 3_600, "max_cache_entries": 10_000}),
        (Settings, {"max_concurrent_broadcasts": 100, "session_ttl_seconds": 12 * 3_600}),
        (Settings, {"broadcast_function": "translation-broadcaster-dev-broadcast"}),
        (Settings, {"keep_sentences": True, "require_origin": False, "operator_token_hash": ""}),
    ],
)
def test_an_argument_may_be_left_out(call: Callable[..., Any], defaults: dict[str, object]) -> None:
    parameters = inspect.signature(call).parameters
    assert {name: parameters[name].default for name in defaults} == defaults


def test_a_function_s_collector_walks_rarely() -> None:
    code = "import gc, chalice_app; print(gc.get_threshold())"
    done = subprocess.run(  # noqa: S603 - this interpreter, on code from here
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout == "(50000, 20, 20)\n"
