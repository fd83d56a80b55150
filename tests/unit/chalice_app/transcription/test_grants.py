"""Who gets a stream to the recogniser, and what that costs."""

from dataclasses import replace

import pytest

from chalice_app.domain.dictation import Dictated
from chalice_app.domain.errors import RateLimited, SessionNotFound, Unavailable, UnsupportedLanguage
from chalice_app.domain.session import Session
from tests.fakes.domain import NOW_MS
from tests.fakes.world import SETTINGS, World


def started(world: World) -> int:
    return sum("DictationStarted" in each for each in world.metrics.emitted)


def of_language(world: World, language: str) -> Session:
    of = replace(world.open(), session_id="golden-eagle-427", source_language=language)
    world.tables.put_session(of)
    return of


def test_a_grant_is_for_the_session_s_language_and_is_counted(world: World) -> None:
    of = world.open()
    grant = world.app.dictation.grant(of, 48_000, SETTINGS.transcribe_url)
    assert (grant.language_code, grant.sample_rate, grant.remaining_seconds) == (
        "en-US",
        48_000,
        18_000,
    )
    assert world.now(of).dictated == Dictated(0, NOW_MS)
    assert started(world) == 1


def test_an_address_is_never_said_to_live_longer_than_its_signature(world: World) -> None:
    world.clock.advance(999)
    grant = world.app.dictation.grant(world.open(), 16_000, SETTINGS.transcribe_url)
    assert grant.expires_at == NOW_MS + 300_000


def test_where_minutes_are_not_limited_none_are_told() -> None:
    limits = replace(SETTINGS.limits, dictation_minutes=0)
    world = World(settings=replace(SETTINGS, limits=limits))
    assert (
        world.app.dictation.grant(world.open(), 16_000, SETTINGS.transcribe_url).remaining_seconds
        is None
    )


@pytest.mark.parametrize(
    ("language", "languages"),
    [("fr", {"en": "good"}), ("en", {}), ("zh-TW", {"zh": "good"}), ("ur", {"ur": "good"})],
)
def test_a_language_that_nothing_hears_costs_nothing(
    language: str, languages: dict[str, str]
) -> None:
    world = World(settings=replace(SETTINGS, dictation_languages=languages))
    of = of_language(world, language)
    world.tables.calls.clear()
    with pytest.raises(UnsupportedLanguage) as refused:
        world.app.dictation.grant(of, 16_000, SETTINGS.transcribe_url)
    assert refused.value.http_status == 404
    assert not world.tables.calls
    assert (world.recogniser.asked, started(world)) == ([], 0)


def test_the_twenty_first_stream_of_an_hour_is_refused_and_not_charged(world: World) -> None:
    of = world.open()
    for _ in range(20):
        world.app.dictation.grant(of, 16_000, SETTINGS.transcribe_url)
    before = world.now(of)
    world.clock.advance(1_000)
    with pytest.raises(RateLimited):
        world.app.dictation.grant(of, 16_000, SETTINGS.transcribe_url)
    assert world.now(of) == before
    assert (len(world.recogniser.asked), started(world)) == (20, 20)


def test_a_refused_stream_is_not_said_to_be_started(world: World) -> None:
    of = world.open()
    world.app.sessions.end(of)
    with pytest.raises(SessionNotFound):
        world.app.dictation.grant(of, 16_000, SETTINGS.transcribe_url)
    assert started(world) == 0


@pytest.mark.parametrize("method", ["count", "put_dictated"])
def test_what_cannot_be_counted_is_not_granted(world: World, method: str) -> None:
    of = world.open()
    world.tables.refusing.add(method)
    with pytest.raises(Unavailable):
        world.app.dictation.grant(of, 16_000, SETTINGS.transcribe_url)
    assert started(world) == 0


def test_what_cannot_be_signed_costs_no_minutes(world: World) -> None:
    class Unsigned:
        def presign(self, endpoint: str, language_code: str, sample_rate: int, seconds: int) -> str:
            raise RuntimeError("no credentials")

    of = world.open()
    with pytest.raises(RuntimeError):
        replace(world.app.dictation, recogniser=Unsigned()).grant(
            of, 16_000, SETTINGS.transcribe_url
        )
    assert world.now(of).dictated == Dictated()


def test_an_ended_session_s_minutes_stop_and_errors_are_its_own_affair(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    of = world.open()
    world.app.dictation.grant(of, 16_000, SETTINGS.transcribe_url)
    world.clock.advance(60_000)
    ended = world.app.sessions.end(of)
    world.tables.refusing.add("put_dictated")
    world.app.dictation.end_with(ended)
    assert "minutes of an ended session" in caplog.text
    world.tables.refusing.clear()
    world.app.dictation.end_with(ended)
    assert world.now(of).dictated == Dictated(60_000)
