"""Transcripts as files: what was said survives, and cues neither overlap nor overflow."""

import json
import re
from collections.abc import Mapping
from html import unescape
from itertools import pairwise

import pytest

from chalice_app.transcripts.formats import render
from chalice_app.transcripts.transcript import Transcript, TranscriptLine
from tests.fakes.domain import NOW_MS

HOSTILE = "1 --> 2 & <i>3</i> 👋 שלום"


def line(sequence: int, texts: Mapping[str, str], **more: object) -> TranscriptLine:
    at = NOW_MS + sequence * 5_000
    made = {"began_at": None, "ended_at": None, "untranslated": frozenset[str](), **more}
    return TranscriptLine(sequence, at, revision=0, texts=texts, **made)  # type: ignore[arg-type]


def rendered(format: str, *lines: TranscriptLine, languages: tuple[str, ...] = ("en",)) -> str:  # noqa: A002
    talk = Transcript("golden-eagle-427", "A talk", "en", NOW_MS, languages, lines)
    return "".join(render(format, talk))


def test_srt_has_a_numbered_cue_a_sentence() -> None:
    first = line(1, {"en": HOSTILE}, began_at=NOW_MS + 1_500, ended_at=NOW_MS + 3_000)
    assert rendered("srt", first, line(2, {"en": "Welcome."})) == (
        f"1\n00:00:01,500 --> 00:00:03,000\n{HOSTILE}\n\n"
        "2\n00:00:10,000 --> 00:00:17,000\nWelcome.\n\n"
    )


def test_webvtt_says_which_language_and_escapes_what_is_markup() -> None:
    text = rendered("vtt", line(1, {"he": HOSTILE, "en": "Hi.\n\nAgain"}), languages=("he", "en"))
    head, cue = text.split("\n\n", 1)
    assert head == "WEBVTT"
    timing, hebrew, english = cue.strip().split("\n")
    assert timing == "00:00:05.000 --> 00:00:12.000"
    assert unescape(hebrew) == f"<lang he>{HOSTILE}</lang>"
    assert "-->" not in hebrew
    assert english == "<lang en>Hi. Again</lang>"


@pytest.mark.parametrize("format", ["srt", "vtt"])
def test_a_long_sentence_is_cut_into_cues_of_two_lines(format: str) -> None:  # noqa: A002
    long = " ".join(f"word{n}" for n in range(60))
    text = rendered(format, line(1, {"en": long}), line(2, {"en": "字" * 100}))
    cues = [each.split("\n") for each in re.split(r"\n\n", text) if "-->" in each]
    bodies = [[part for part in cue if "-->" not in part and not part.isdigit()] for cue in cues]
    plain = [[re.sub("<[^>]*>", "", part) for part in body] for body in bodies]
    assert all(len(body) <= 2 and all(len(part) <= 42 for part in body) for body in plain)
    assert long in " ".join(part for body in plain for part in body)
    clocks = re.findall(r"(\S+) --> (\S+)", text)
    assert all(begin < end for begin, end in clocks)
    assert all(end <= begin for (_, end), (begin, _) in pairwise(clocks))


def test_json_has_all_of_it() -> None:
    told = json.loads(rendered("json", line(1, {"en": HOSTILE}, untranslated=frozenset({"en"}))))
    assert (told["sessionId"], told["title"], told["languages"]) == (
        "golden-eagle-427",
        "A talk",
        ["en"],
    )
    (sentence,) = told["sentences"]
    assert (sentence["texts"], sentence["untranslated"]) == ({"en": HOSTILE}, ["en"])


def test_text_marks_what_is_untranslated() -> None:
    said = line(1, {"es": "Hello", "en": "Hello"}, untranslated=frozenset({"es"}))
    assert rendered("txt", said, languages=("es", "en")) == "[untranslated] Hello\nHello\n\n"
