"""What is longer than a sentence may be is cut where it hurts least, and none of it is lost."""

import random
from collections.abc import Sequence

import pytest
from playwright.sync_api import Page

from chalice_app.aws.translate import MAX_TEXT_BYTES
from chalice_app.wire.incoming import MAX_TEXT_CHARACTERS
from tests.browser.conftest import OpenPage
from tests.browser.stub_stage import StubStage

SEED = 20_262
TEXTS = 60
FAMILY = "\U0001f468\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466"
THUMB = "\U0001f44d\U0001f3fd"
FLAG = "\U0001f1e7\U0001f1f7"
LATIN = ("a", "word", " ", "  ", "\n", ". ", ", ", "! ", "é", "e\u0301", "…", "“", "” ", "1,000")
UNITS = (*LATIN, "。", "、", "文", "しい", "ก็", "क्षि", THUMB, FAMILY, FLAG)

PARTS = """async ([cases, hasSegmenter]) => {
  if (!hasSegmenter) delete Intl.Segmenter;
  const { partsOf } = await import("/web/long-text.js");
  return cases.map(([text, language]) => partsOf(text, language));
}"""


@pytest.fixture
def page(stub: StubStage, open_page: OpenPage) -> Page:
    """Any page: its modules are asked directly."""
    return open_page(stub.http)


def parts(
    page: Page, *texts: str, language: str = "en", has_segmenter: bool = True
) -> list[list[str]]:
    """The parts of each text."""
    found: list[list[str]] = page.evaluate(
        PARTS, [[[each, language] for each in texts], has_segmenter]
    )
    return found


def without_space(text: str) -> str:
    return "".join(text.split())


def fits(text: str) -> bool:
    return len(text) <= MAX_TEXT_CHARACTERS and len(text.encode()) <= MAX_TEXT_BYTES


@pytest.mark.parametrize("has_segmenter", [True, False])
def test_all_of_a_text_is_in_its_parts_and_each_can_be_sent(
    page: Page, has_segmenter: bool
) -> None:
    chance = random.Random(SEED)
    texts = []
    for _ in range(TEXTS):
        some = chance.sample(UNITS, chance.randint(1, 6))
        texts.append("".join(chance.choices(some, k=chance.choice((1, 300, 5_000)))))
    for text, found in zip(texts, parts(page, *texts, has_segmenter=has_segmenter), strict=True):
        note = f"seed {SEED}: {text[:80]!r}…, {[len(each) for each in found]}"
        assert without_space("".join(found)) == without_space(text), note
        assert all(each and fits(each) for each in found), note
        assert len(found) <= 1 or not fits(text.strip()), note


def test_what_is_short_enough_stays_whole(page: Page) -> None:
    texts = ["a\nb\nc", " hello. And more. ", "x" * MAX_TEXT_CHARACTERS, "", " \n "]
    assert parts(page, *texts) == [
        ["a\nb\nc"],
        ["hello. And more."],
        ["x" * MAX_TEXT_CHARACTERS],
        [],
        [],
    ]


def test_the_limits_are_the_protocols_and_translates(page: Page) -> None:
    most = ["x" * MAX_TEXT_CHARACTERS, "文" * (MAX_TEXT_BYTES // 3)]
    assert [len(each) for each in parts(page, *most)] == [1, 1]
    assert [len(each) for each in parts(page, *(each + each[0] for each in most))] == [2, 2]


CUTS: Sequence[tuple[str, str, str, str]] = (
    ("sentences", "en", "This is one of them. ", "."),
    ("sentences with a quotation", "en", "“Is it so?” asked Mr. Smith (who knew). ", "."),
    ("sentences of a script without spaces", "ja", "これは長い文です。", "。"),
    ("Hindi", "hi", "यह एक लंबा वाक्य है। ", "।"),
    ("clauses", "en", "and then another clause came, ", ","),
    ("clauses of a script without spaces", "zh", "然后又来了一句、", "、"),
    ("words", "en", "words without any stop ", "stop"),
)


@pytest.mark.parametrize("has_segmenter", [True, False])
@pytest.mark.parametrize(("what", "language", "unit", "end"), CUTS, ids=[cut[0] for cut in CUTS])
def test_it_is_cut_at_the_coarsest_end_that_there_is(
    page: Page, has_segmenter: bool, what: str, language: str, unit: str, end: str
) -> None:
    found = parts(page, unit * 700, language=language, has_segmenter=has_segmenter)[0]
    assert len(found) > 1
    if what != "words":
        assert all(part.endswith(end) for part in found)
    assert all(part.split()[0] in unit.split() for part in found if " " in unit)
    assert min(len(part) for part in found[:-1]) > 2_000, "no more parts than are needed"


@pytest.mark.parametrize("has_segmenter", [True, False])
@pytest.mark.parametrize("grapheme", [FAMILY, "e\u0301", THUMB, FLAG])
def test_a_word_is_never_cut_inside_a_grapheme(
    page: Page, has_segmenter: bool, grapheme: str
) -> None:
    found = parts(page, "x" + grapheme * 3_000, has_segmenter=has_segmenter)[0]
    assert len(found) > 1
    assert found[0].startswith("x")
    for part in (found[0][1:], *found[1:]):
        assert part == grapheme * (len(part) // len(grapheme))


def test_a_grapheme_that_is_itself_too_long_is_sent_too(page: Page) -> None:
    text = "a" + "\u0301" * 5_000
    found = parts(page, text)[0]
    assert "".join(found) == text
    assert all(fits(part) for part in found)


def test_a_paste_of_a_book_is_cut_while_the_speaker_waits(page: Page) -> None:
    found = parts(page, "This is one of very many sentences. " * 30_000)[0]
    assert len(found) > 250
