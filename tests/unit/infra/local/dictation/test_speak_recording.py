"""What `say --audio` says of a talk at its end."""

from infra.local.dictation.speak_recording import SpokenFile, summary
from infra.local.dictation.talk_record import ReadCaption, SaidSentence, ShownDraft, TalkRecord


def a_talk() -> TalkRecord:
    record = TalkRecord(begun=10.0)
    record.seen += [
        ShownDraft(1, "Good warning", at=11.0),
        SaidSentence(1, "Good morning everyone.", 0, 1_000, at=12.0),
    ]
    record.captions.append(ReadCaption(1, "pt", "Bom dia a todos.", at=12.5))
    return record


def test_the_summary_has_the_table_the_counts_and_the_word_errors() -> None:
    lines = list(summary(a_talk(), SpokenFile(b"", "en", "Good morning, everyone!"), ["pt", "es"]))
    assert lines[0] == ""
    assert lines[1].split() == ["seconds", "language", "p50", "p95", "of"]
    assert lines[-2:] == [
        "sentences 1  captions expected 2  received 1  erasure of drafts 0.33",
        "word error rate 0.0 %  of 3 words: 0 substituted, 0 missed, 0 invented",
    ]


def test_without_a_text_there_are_no_word_errors() -> None:
    lines = list(summary(a_talk(), SpokenFile(b"", "en"), ["pt"]))
    assert lines[-1].startswith("sentences 1  captions expected 1  received 1")


def test_where_nothing_was_heard_everything_was_missed() -> None:
    lines = list(summary(TalkRecord(), SpokenFile(b"", "en", "Good morning"), ["pt"]))
    assert lines[-2].startswith("sentences 0  captions expected 0  received 0")
    assert lines[-1].startswith("word error rate 100.0 %")
