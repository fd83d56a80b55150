"""Where sentences are cut, by what they say and by their scripts."""

# ruff: noqa: RUF001, ISC004  # the stops of other scripts are tested; long sentences

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalice_app.domain.graphemes import graphemes
from chalice_app.transcripts.line_breaks import LaidOut, limits_of, split
from chalice_app.transcripts.words import cleaned, columns
from tests.hostile.transcript import LANGUAGES, texts


def cut(language: str, text: str) -> list[tuple[str, ...]]:
    """The cues of one text."""
    return [lines for (lines,) in split([LaidOut(cleaned(text), limits_of(language))])]


def width(line: str) -> int:
    """As a reader sees it."""
    return sum(map(columns, graphemes(line)))


def visible(text: str) -> list[str]:
    """Its graphemes without the spaces in them."""
    return [each for whole in graphemes(text) if (each := "".join(whole.split()))]


@pytest.mark.parametrize(
    ("language", "text", "wanted"),
    [
        ("en", "Good evening.", [("Good evening.",)]),
        (
            "en",
            "Two lines are of about the same length, whatever they say.",
            [("Two lines are of about the same length,", "whatever they say.")],
        ),
        (
            "en",
            "This is the first of the sentences that were said. And here is the second, as "
            "long as the first.",
            [
                ("This is the first of the", "sentences that were said."),
                ("And here is the second,", "as long as the first."),
            ],
        ),
        (
            "en",
            "Well, I think that the point, if there is one, is that we have to decide tonight "
            "whether the bridge will be built next year; and if it is not, then we should say so.",
            [
                ("Well, I think that the point,", "if there is one,"),
                (
                    "is that we have to decide tonight whether",
                    "the bridge will be built next year;",
                ),
                ("and if it is not, then we should say so.",),
            ],
        ),
        (
            "zh",
            "今天我们讨论城市的道路，" * 3,
            [
                ("今天我们讨论城市的道路，",),
                ("今天我们讨论城市的道路，", "今天我们讨论城市的道路，"),
            ],
        ),
        (
            "ja",
            "「東京（とうきょう）」の道路は、とても広い。",
            [("「東京（とうきょう）」の", "道路は、とても広い。")],
        ),
        (
            "ja",
            "本日はお集まりいただき、誠にありがとうございます。新しいインターネットの話です。",
            [
                ("本日はお集まりいただき、", "誠にありがとうございます。"),
                ("新しいインターネットの", "話です。"),
            ],
        ),
        (
            "th",
            "วันนี้เราจะพูดคุยกันเกี่ยวกับถนนในเมืองและสะพานใหม่ที่จะเปิดในปีหน้า",
            [("วันนี้เราจะพูดคุยกันเกี่ยวกับถนนใน", "เมืองและสะพานใหม่ที่จะเปิดในปีหน้า")],
        ),
        ("en", "x" * 100, [("x" * 25, "x" * 25), ("x" * 25, "x" * 25)]),
        ("en", "", []),
    ],
)
def test_cuts(language: str, text: str, wanted: list[tuple[str, ...]]) -> None:
    assert cut(language, text) == wanted


def test_two_texts_stay_in_step() -> None:
    english = "We open the bridge in the spring of next year. " * 4
    german = "Wir eröffnen die Brücke im Frühling des nächsten Jahres. " * 4
    both = list(split([LaidOut(cleaned(text), limits_of("en")) for text in (english, german)]))
    assert [[" ".join(lines) for lines in each] for each in both] == [
        [cleaned(english[:47]), cleaned(german[:57])]
    ] * 4


def test_a_text_with_too_few_words_is_shown_at_the_beginning() -> None:
    both = list(split([LaidOut(text, limits_of("en")) for text in ("word " * 60 + "end", "Ja.")]))
    assert [short for _, short in both] == [("Ja.",), *[()] * (len(both) - 1)]
    assert all(long for long, _ in both)


@given(st.sampled_from(LANGUAGES), texts)
def test_no_line_is_too_long_and_no_grapheme_is_cut(language: str, text: str) -> None:
    lines = [line for cue in cut(language, text) for line in cue]
    limit = limits_of(language).line
    assert all(width(line) <= limit or len(list(graphemes(line))) == 1 for line in lines)
    assert [each for line in lines for each in visible(line)] == visible(cleaned(text))


@given(texts.filter(lambda text: all(map(str.isascii, text))))
def test_words_stay_whole_and_in_order(text: str) -> None:
    if all(len(word) <= 42 for word in cleaned(text).split()):
        lines = [line for cue in cut("en", text) for line in cue]
        assert " ".join(lines) == cleaned(text)


def test_neighbouring_cues_have_about_the_same_length() -> None:
    sizes = [
        sum(map(len, cue)) for cue in cut("en", "some words of a talk that has no stops " * 30)
    ]
    assert all(abs(before - after) <= 20 for before, after in pairwise(sizes))
