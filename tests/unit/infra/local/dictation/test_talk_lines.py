"""What a dictated talk prints, on a terminal and into a file."""

import io

from infra.local.dictation.talk_lines import TalkLines
from infra.local.dictation.talk_record import ReadCaption, SaidSentence, ShownDraft, TalkRecord

SENTENCE = SaidSentence(1, "Good morning.", 0, 1_000, at=12.5)


class Terminal(io.StringIO):
    """An output that a person looks at."""

    def isatty(self) -> bool:
        return True


def printed(output: io.StringIO) -> str:
    record = TalkRecord(begun=10.0)
    lines = TalkLines(record, output)
    lines.state("hearing")
    for text in ("Good", "Good morn"):
        lines.draft(ShownDraft(1, text, at=11.0))
    record.seen.append(SENTENCE)
    lines.said(SENTENCE)
    lines.draft(ShownDraft(2, "", at=12.5))
    lines.caption(ReadCaption(1, "pt", "Bom dia.", at=13.0))
    lines.caption(ReadCaption(1, "es", "Good morning.", at=13.0, untranslated=True))
    return output.getvalue()


def test_into_a_file_everything_is_a_line() -> None:
    assert printed(io.StringIO()).splitlines() == [
        "      hearing",
        "   1  draft              Good",
        "   1  draft              Good morn",
        "   1  said        1.5 s  Good morning.",
        "   1  pt          2.0 s  Bom dia.",
        "   1  es          2.0 s  [untranslated] Good morning.",
    ]


def test_on_a_terminal_the_draft_is_one_line_that_changes() -> None:
    lines = printed(Terminal()).replace("\r\x1b[2K", "\r").split("\n")
    assert [line.rpartition("\r")[2] for line in lines] == [
        "      hearing",
        "   1  said        1.5 s  Good morning.",
        "   1  pt          2.0 s  Bom dia.",
        "   1  es          2.0 s  [untranslated] Good morning.",
        "",
    ]
    assert "\r   1  draft              Good morn\r" in lines[1]


def test_a_draft_longer_than_the_terminal_shows_its_end() -> None:
    output = Terminal()
    TalkLines(TalkRecord(), output).draft(ShownDraft(1, "word " * 99 + "end", at=1.0))
    shown = output.getvalue().rpartition("\x1b[2K")[2]
    assert shown.startswith("…")
    assert shown.endswith("word end")
    assert len(shown) <= 79
