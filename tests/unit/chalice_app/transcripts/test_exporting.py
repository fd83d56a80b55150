"""A transcript's way: what is kept, what is translated for it, what comes of it on bad days."""

import json
from dataclasses import replace

import pytest

from chalice_app.admission.limits import LISTENERS_TRANSCRIPTS_PER_MINUTE, TRANSCRIPTS_PER_MINUTE
from chalice_app.domain.errors import (
    BadMessage,
    RateLimited,
    SequenceNotKept,
    Unavailable,
    UnsupportedLanguage,
)
from chalice_app.transcripts import files
from chalice_app.transcripts.asks import TranscriptAsk
from chalice_app.transcripts.continuing import WORK_SECONDS
from chalice_app.transcripts.exporting import (
    EXPORT_SECONDS,
    LISTENERS_RETRY_AFTER_MS,
    Translating,
)
from chalice_app.transcripts.files import File, Link
from chalice_app.transcripts.translating import GIVE_UP_AFTER
from chalice_app.transcripts.work import LEASE_SECONDS, TRIED_SECONDS
from tests.fakes.world import SETTINGS, World
from tests.unit.chalice_app.transcripts.talks import body, export, keep, slow, with_small_answers


def test_what_was_said_and_what_was_sent_cost_nothing(world: World) -> None:
    session = world.open()
    keep(world, session, ["Good morning.", "Welcome."], {"es": "(sent)"})
    own = export(world, session)
    assert isinstance(own, File)
    assert (own.name, own.media_type) == (
        f"{session.session_id}.en.txt",
        "text/plain; charset=utf-8",
    )
    assert "Good morning." in own.body
    sent = export(world, session, "es", format="srt")
    assert isinstance(sent, File)
    assert sent.name == f"{session.session_id}.es.srt"
    assert "(sent) Welcome." in sent.body
    assert world.translator.calls == []


def test_two_languages_are_side_by_side_and_two_tags_of_one_are_one(world: World) -> None:
    session = world.open()
    keep(world, session, ["Good morning."], {"es": "(sent)"})
    both = export(world, session, "es", "en")
    assert isinstance(both, File)
    assert both.name == f"{session.session_id}.es-en.txt"
    assert "(sent) Good morning." in both.body
    one = export(world, session, "en", "en-GB")
    assert isinstance(one, File)
    assert one.name == f"{session.session_id}.en.txt"


def test_a_language_that_nobody_read_is_translated_once(world: World) -> None:
    session = world.open()
    keep(world, session, ["Good morning.", "12:30", "Welcome."])
    first = body(export(world, session, "fr"))
    assert "[fr] Good morning." in first
    assert "12:30" in first
    assert sorted(text for text, _, _ in world.translator.calls) == ["Good morning.", "Welcome."]
    world.cache.translations.clear()
    world.clock.advance(11_000)  # beyond what the engine remembers
    assert body(export(world, session, "fr")) == first
    assert len(world.translator.calls) == 2
    spent = [each for each in world.metrics.emitted if "CharactersTranslated" in each]
    assert spent == [{"CharactersTranslated": len("Good morning.Welcome.")}]


def test_what_was_retracted_is_left_out_and_a_correction_is_in_it(world: World) -> None:
    session = world.open()
    keep(world, session, ["Good mourning.", "A mistake.", "Welcome."], {"es": "(sent)"})
    store, now = world.app.adapters.sentences, world.clock.now_ms()
    store.correct_sentence(session, 1, "Good morning.", now)
    store.correct_sentence(session, 2, "", now)
    text = body(export(world, session, "es"))
    assert "[es] Good morning." in text
    assert "mourning" not in text
    assert "mistake" not in text


def test_a_language_that_the_engine_lacks_is_refused(world: World) -> None:
    session = world.open()
    keep(world, session, ["Good morning."])
    with pytest.raises(UnsupportedLanguage):
        export(world, session, "ja")
    with pytest.raises(UnsupportedLanguage):
        export(world, session, "es", "ja")


def test_of_nothing_comes_nothing(world: World) -> None:
    session = world.open()
    with pytest.raises(SequenceNotKept):
        export(world, session)
    keep(world, session, ["A mistake."])
    world.app.adapters.sentences.correct_sentence(session, 1, "", world.clock.now_ms())
    with pytest.raises(SequenceNotKept):
        export(world, session)


def hand_over(world: World) -> None:
    """Runs the function as often as it was invoked."""
    for payload in world.transcript_invoker.payloads:
        world.app.continuation.go_on(TranscriptAsk.of(json.loads(payload)))


def test_what_takes_longer_goes_on_in_the_background_and_is_there_then(world: World) -> None:
    session = world.open()
    texts = [f"Sentence {number}." for number in range(40)]
    keep(world, session, texts)
    slow(world, 0.5)
    answer = export(world, session, "fr")
    assert isinstance(answer, Translating)
    assert 0 < answer.done < answer.sentences == 40
    assert len(world.transcript_invoker.payloads) == 1
    assert not any(text in world.transcript_invoker.payloads[0] for text in texts)

    # Who asks meanwhile neither translates nor has a second function work.
    calls = len(world.translator.calls)
    assert export(world, session, "fr") == answer
    assert len(world.translator.calls) == calls
    assert len(world.transcript_invoker.payloads) == 1

    hand_over(world)
    assert len(world.translator.calls) == 40
    # Lambda may invoke it twice.
    hand_over(world)
    assert len(world.translator.calls) == 40
    text = body(export(world, session, "fr"))
    assert all(f"[fr] {each}" in text for each in texts)


def test_a_function_that_dies_holds_nobody_up_for_long(world: World) -> None:
    session = world.open()
    keep(world, session, [f"Sentence {number}." for number in range(40)])
    slow(world, 0.5)
    first = export(world, session, "fr")
    world.clock.advance(LEASE_SECONDS * 1000)
    second = export(world, session, "fr")
    assert isinstance(first, Translating)
    assert isinstance(second, Translating)
    assert second.done > first.done


def test_where_no_function_can_be_invoked_the_requests_go_on_themselves(world: World) -> None:
    session = world.open()
    keep(world, session, [f"Sentence {number}." for number in range(40)])
    world.transcript_invoker.refusing = True
    slow(world, 0.5)
    answers = []
    while not isinstance(answer := export(world, session, "fr"), File):
        assert isinstance(answer, Translating)
        answers.append(answer.done)
    assert answers == sorted(set(answers))
    assert len(answers) == 40 * 0.5 // (EXPORT_SECONDS + 2)


def test_an_engine_that_fails_is_tried_once_and_the_words_come_as_they_were_said(
    world: World,
) -> None:
    session = world.open()
    keep(world, session, [f"Sentence {number}." for number in range(2 * GIVE_UP_AFTER)])
    world.translator.failing.add("fr")
    made = export(world, session, "fr", format="json")
    assert "Sentence 31." in body(made)
    assert "[fr]" not in body(made)
    assert "untranslated" in body(made)
    assert len(world.translator.calls) == GIVE_UP_AFTER
    # Whoever asks again soon has the same; later it is tried again.
    world.translator.failing.clear()
    export(world, session, "fr")
    assert len(world.translator.calls) == GIVE_UP_AFTER
    world.clock.advance(TRIED_SECONDS * 1000)
    assert "[fr] Sentence 31." in body(export(world, session, "fr"))


def test_what_the_budget_does_not_pay_for_comes_as_it_was_said(world: World) -> None:
    session = replace(world.open(), character_budget=len("Sentence 1."))
    keep(world, session, ["Sentence 1.", "Sentence 2.", "Sentence 3."], {"es": "(sent)"})
    text = body(export(world, session, "fr"))
    assert text.count("[fr]") == 1
    assert "(sent)" in body(export(world, session, "es"))


def test_listeners_have_a_purse_of_their_own_and_leave_the_talks_alone(world: World) -> None:
    session = replace(world.open(), character_budget=100)
    keep(world, session, ["A sentence of 24 letters", "Another, too long for it."])
    text = body(export(world, session, "fr", is_speaker=False))
    assert text.count("[fr]") == 1
    spent = world.tables.get_counts(f"{session.session_id}#{session.created_at}#budget")
    assert not spent.get("spent")
    # What listeners had tried in vain, the speaker has tried with the talk's budget.
    assert body(export(world, session, "fr")).count("[fr]") == 2


def test_listeners_have_one_transcript_translated_at_a_time(world: World) -> None:
    session = world.open()
    keep(world, session, [f"Sentence {number}." for number in range(40)])
    slow(world, 0.5)
    assert isinstance(export(world, session, "fr", is_speaker=False), Translating)
    calls = len(world.translator.calls)
    other = export(world, session, "de", is_speaker=False)
    assert other == Translating(0, 40, LISTENERS_RETRY_AFTER_MS)
    assert len(world.translator.calls) == calls
    assert len(world.transcript_invoker.payloads) == 1
    # The speaker does not wait for them, and what needs no translation is there for all.
    assert isinstance(export(world, session, "de"), Translating)
    assert len(world.translator.calls) > calls
    assert isinstance(export(world, session, "en", is_speaker=False), File)


def test_how_often_is_limited_for_the_speaker_and_apart_for_all_others(world: World) -> None:
    session = world.open()
    keep(world, session, ["Good morning."])
    for _ in range(LISTENERS_TRANSCRIPTS_PER_MINUTE):
        export(world, session, is_speaker=False)
    with pytest.raises(RateLimited) as refused:
        export(world, session, is_speaker=False)
    assert 0 < int(str(refused.value.details["retryAfterMs"])) <= 60_000
    for _ in range(TRANSCRIPTS_PER_MINUTE):
        export(world, session)
    with pytest.raises(RateLimited):
        export(world, session)


def test_a_session_that_is_purged_meanwhile_leaves_nothing(world: World) -> None:
    session = world.open()
    keep(world, session, ["Good morning."])
    translate = world.translator.translate

    def purged(*arguments: object, **more: object) -> str:
        world.app.sessions.purge(world.now(session))
        return translate(*arguments, **more)  # type: ignore[arg-type]

    world.translator.translate = purged  # type: ignore[method-assign]
    with pytest.raises(SequenceNotKept):
        export(world, session, "fr")
    world.app.continuation.go_on(
        TranscriptAsk(session.session_id, session.created_at, ["fr"], True, "owner")
    )
    assert not list(world.app.adapters.sentences.read_all(session))


def test_a_later_session_of_the_name_is_not_gone_on_with(world: World) -> None:
    session = world.open()
    keep(world, session, ["Good morning."])
    world.app.continuation.go_on(
        TranscriptAsk(session.session_id, session.created_at - 1, ["fr"], True, "owner")
    )
    assert world.translator.calls == []


def test_what_is_too_large_for_an_answer_is_put_into_the_bucket() -> None:
    world = World(settings=replace(SETTINGS, sounds_bucket="the-bucket"))
    with_small_answers(world)
    session = world.open()
    keep(world, session, ["Good morning to everybody."])
    link = export(world, session)
    key = f"transcripts/{session.session_id}/{session.created_at}/{session.session_id}.en.txt"
    assert link == Link(f"https://bucket.example/{key}?seconds={files.LINK_SECONDS}")
    content, media_type, disposition = world.transcript_files.files[key]
    assert "Good morning to everybody." in content.decode()
    assert media_type == "text/plain; charset=utf-8"
    assert disposition == f'attachment; filename="{session.session_id}.en.txt"'
    world.app.transcript_files.delete_all(session)
    assert world.transcript_files.files == {}
    assert world.transcript_work.files(session) == ()


def test_without_a_bucket_a_large_one_is_refused_with_what_helps(world: World) -> None:
    with_small_answers(world)
    session = world.open()
    keep(world, session, ["Good morning to everybody."])
    with pytest.raises(BadMessage, match="no bucket for it: ask for one language, or for txt"):
        export(world, session)


def test_without_the_leases_nothing_is_translated(world: World) -> None:
    session = world.open()
    keep(world, session, ["Good morning."])
    world.transcript_work.unavailable = True
    with pytest.raises(Unavailable):
        export(world, session, "fr")
    assert world.translator.calls == []
    assert "Good morning." in body(export(world, session))


def test_the_function_stops_in_time_and_the_next_request_goes_on(world: World) -> None:
    session = world.open()
    keep(world, session, [f"Sentence {number}." for number in range(100)])
    slow(world, WORK_SECONDS / 32)
    first = export(world, session, "fr")
    assert isinstance(first, Translating)
    hand_over(world)
    done = len(world.translator.calls)
    assert first.done < done < 100
    second = export(world, session, "fr")
    assert isinstance(second, Translating)
    assert second.done > done
