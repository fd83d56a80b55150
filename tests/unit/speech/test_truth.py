"""Latencies from the sound: whatever the recogniser made of the sentences and their times."""

import pytest

from infra.local.dictation.talk_record import ReadCaption, SaidSentence, ShownDraft, TalkRecord
from tests.speech.recording import SpokenSentence
from tests.speech.truth import caption_latencies, first_draft_latencies, heard_sentences

SPOKEN = [
    SpokenSentence("The church is open.", 1_000, 3_000),
    SpokenSentence("We bake bread.", 4_000, 5_000),
]


def talk(*texts: str) -> TalkRecord:
    """Each sentence is sent ten seconds after the one before, with times that are wrong."""
    record = TalkRecord(begun=100.0)
    record.seen += [
        SaidSentence(number, text, 77_000, 78_000, 100.0 + 10 * number)
        for number, text in enumerate(texts, start=1)
    ]
    return record


@pytest.mark.parametrize(
    ("texts", "places"),
    [
        (["The church is open.", "We bake bread."], [(0, 3), (4, 6)]),
        (["The church", "is open. We bake bread."], [(0, 3), (4, 6)]),
        (["A church is open we bake red"], [(0, 3), (4, 6)]),
        (["The church is.", "We bake bread."], [(0, 2), (3, 5)]),
        (["We bake bread."], [(0, 2)]),
        ([], []),
    ],
)
def test_a_sentence_is_found_however_it_was_cut(
    texts: list[str], places: list[tuple[int, int]]
) -> None:
    found = heard_sentences(SPOKEN, talk(*texts).said, "en")
    assert [(each.first_word, each.last_word) for each in found] == places


def test_a_caption_s_latency_runs_from_the_end_of_the_sound() -> None:
    record = talk("The church is", "open. We bake bread.")
    record.captions += [
        ReadCaption(1, "pt", "A igreja está", 104.0),
        ReadCaption(2, "pt", "aberta. Nós assamos pão.", 106.5),
        ReadCaption(2, "es", "abierta. Horneamos pan.", 107.0),
    ]
    found = caption_latencies(SPOKEN, record, "en")
    assert found == {"pt": [106.5 - 103.0, 106.5 - 105.0], "es": [107.0 - 103.0, 107.0 - 105.0]}


def test_every_reader_of_a_language_counts() -> None:
    record = talk("The church is open. We bake bread.")
    record.captions += [ReadCaption(1, "pt", "...", at) for at in (106.0, 107.0)]
    assert caption_latencies(SPOKEN, record, "en") == {"pt": [3.0, 4.0, 1.0, 2.0]}


def test_a_first_draft_s_latency_runs_from_the_first_word() -> None:
    record = talk("The church is open.", "We bake bread.")
    record.read_drafts += [
        ShownDraft(1, "", 101.1),
        ShownDraft(1, "The", 102.0),
        ShownDraft(1, "The church is", 102.5),
        ShownDraft(2, "We bake", 105.5),
    ]
    record.captions += [ReadCaption(1, "en", "The church is open.", 103.4)]
    first, second = (each.first_word_end_ms / 1000 for each in SPOKEN)
    assert list(first_draft_latencies(SPOKEN, record, "en")) == pytest.approx(
        [2.0 - first, 5.5 - second]
    )


def test_a_draft_that_still_holds_the_former_sentence_counts_when_it_shows_the_next() -> None:
    record = talk("The church is open. We bake bread.")
    record.read_drafts += [
        ShownDraft(1, "The church is open", 103.5),
        ShownDraft(1, "The church is open. We", 105.0),
    ]
    _, second = (each.first_word_end_ms / 1000 for each in SPOKEN)
    latencies = list(first_draft_latencies(SPOKEN, record, "en"))
    assert latencies[1] == pytest.approx(5.0 - second)


def test_without_a_draft_the_caption_is_what_is_seen_first() -> None:
    record = talk("The church is open.")
    record.captions += [
        ReadCaption(1, "pt", "A igreja está aberta.", 103.0),
        ReadCaption(1, "en", "The church is open.", 104.0),
    ]
    (latency,) = first_draft_latencies(SPOKEN, record, "en")
    assert latency == pytest.approx(4.0 - SPOKEN[0].first_word_end_ms / 1000)
