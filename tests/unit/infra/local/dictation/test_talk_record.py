"""What the speaker's page showed, as it changed."""

from infra.local.dictation.erasure import normalised_erasure
from infra.local.dictation.talk_record import SaidSentence, ShownDraft, TalkRecord


def record(*seen: SaidSentence | ShownDraft) -> TalkRecord:
    happened = TalkRecord()
    happened.seen += seen
    return happened


def draft(sequence: int, text: str) -> ShownDraft:
    return ShownDraft(sequence, text, 0)


def said(sequence: int, text: str) -> SaidSentence:
    return SaidSentence(sequence, text, 0, 0, 0)


def test_a_draft_stands_behind_the_sentences() -> None:
    happened = record(draft(1, "Good"), draft(1, "Good morning"), said(1, "Good morning."))
    shown = [["Good"], ["Good", "morning"], ["Good", "morning."]]
    assert list(happened.shown()) == shown


def test_the_rest_of_a_draft_that_became_a_sentence_is_not_erased() -> None:
    happened = record(
        draft(1, "Hi. We bake"), said(1, "Hi."), draft(2, "We bake bread"), said(2, "We bake bread")
    )
    assert normalised_erasure(happened.shown()) == 0


def test_words_that_the_sentence_changes_are_erased() -> None:
    happened = record(draft(1, "We fake bread"), said(1, "We bake bread"))
    assert normalised_erasure(happened.shown()) == 2 / 3


def test_the_text_is_what_was_heard() -> None:
    assert record(said(1, "Hi."), draft(2, "We"), said(2, "We bake.")).text == "Hi. We bake."
