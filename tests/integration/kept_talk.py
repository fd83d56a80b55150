"""A talk that nobody had to speak: its sentences, written straight into a stage's tables."""

import os
from collections.abc import Mapping
from unittest.mock import patch

from chalice_app.bootstrap.adapters import Adapters, aws_adapters
from chalice_app.domain.reports import Reports
from chalice_app.domain.sentence import Sentence, SentenceRef
from chalice_app.settings import require_settings
from tests.integration.client import Session, Stage

PAUSE_MS = 5_000
"""Between two sentences."""

NO_REPORTS: Reports = {}

_TABLES = ("SESSIONS", "CONNECTIONS", "CACHED_TRANSLATIONS", "ROSTERS", "SENTENCES")


def keep_talk(
    stage: Stage,
    opened: Session,
    words: Mapping[str, str],
    sentences: int,
    reports: Reports = NO_REPORTS,
) -> None:
    """Keeps so many sentences with their captions: the English words were said, the others sent.

    Each has its number behind it, and the same reports.
    """
    adapters = adapters_of(stage)
    session = adapters.sessions.get_session(opened.session_id)
    assert session is not None
    for sequence in range(1, sentences + 1):
        at = session.created_at + sequence * PAUSE_MS
        texts = {code: f"{text}, sentence {sequence}." for code, text in words.items()}
        sentence = Sentence(sequence, texts.pop("en"), "en", at)
        adapters.sentences.claim_sequence(session, sentence)
        ref = SentenceRef(session.session_id, session.created_at, sequence, "speaker", at, at)
        adapters.sentences.mark_sent(ref, reports, texts)


def adapters_of(stage: Stage) -> Adapters:
    """The stage's tables, reached as its functions reach them."""
    names = [f"{table}_TABLE_NAME" for table in _TABLES]
    names += ["AWS_ENDPOINT_URL_DYNAMODB", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"]
    told = {name: stage.setting(name) for name in names}
    with patch.dict(os.environ, {**told, "AWS_DEFAULT_REGION": "us-east-1"}):
        adapters = aws_adapters(require_settings(os.environ))
        adapters.prepare()
        return adapters
