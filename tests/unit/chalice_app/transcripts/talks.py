"""Sessions of which something is kept, for the tests of what becomes of it."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from chalice_app.domain.sentence import Sentence, SentenceRef
from chalice_app.domain.session import Session
from chalice_app.transcripts.exporting import Translating
from chalice_app.transcripts.files import File, Link
from chalice_app.transcripts.requests import TranscriptRequest
from tests.fakes.world import World


def keep(
    world: World, session: Session, texts: Sequence[str], captions: Mapping[str, str] | None = None
) -> None:
    """Keeps sentences as a talk leaves them; `captions` are sent with each, after its text."""
    store, now = world.app.adapters.sentences, world.clock.now_ms()
    for sequence, text in enumerate(texts, start=1):
        store.claim_sequence(session, Sentence(sequence, text, session.source_language, now))
        ref = SentenceRef(session.session_id, session.created_at, sequence, "speaker", now, now)
        sent = {language: f"{mark} {text}" for language, mark in (captions or {}).items()}
        store.mark_sent(ref, {}, sent)


def export(
    world: World,
    session: Session,
    language: str | None = None,
    beside: str | None = None,
    format: str = "txt",  # noqa: A002 - as the query names it
    *,
    is_speaker: bool = True,
) -> File | Link | Translating:
    """Asks for a transcript."""
    wanted = TranscriptRequest(format, language, beside)
    return world.app.transcripts.export(session, wanted, is_speaker=is_speaker)


def with_small_answers(world: World) -> None:
    """Any transcript is too large for an answer."""
    small = replace(world.app.transcript_files, most_bytes=10)
    vars(world.app)["transcripts"] = replace(world.app.transcripts, files=small)


def body(made: File | Link | Translating) -> str:
    """What is in a file."""
    assert isinstance(made, File), made
    return made.body


def slow(world: World, seconds: float) -> None:
    """Each translation takes so long, by the clock that all look at."""
    translate = world.translator.translate

    def slowly(*arguments: object, **more: object) -> str:
        world.clock.advance(round(seconds * 1000))
        return translate(*arguments, **more)  # type: ignore[arg-type]

    world.translator.translate = slowly  # type: ignore[method-assign]
