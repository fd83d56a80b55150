"""Subtitles as other programs read them, and what of a text has to come back."""

import html
import re
import unicodedata
from collections.abc import Sequence
from typing import NamedTuple

import pysubs2
import webvtt

_MARKS = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]")


class Read(NamedTuple):
    """A cue as it was read back; times in milliseconds."""

    start: int
    end: int
    text: str


def srt(file: str) -> Sequence[Read]:
    """As pysubs2 reads SubRip."""
    events = pysubs2.SSAFile.from_string(file, format_="srt").events
    return [Read(each.start, each.end, each.plaintext) for each in events]


def vtt(file: str) -> Sequence[Read]:
    """As webvtt-py reads WebVTT; it leaves entities to its caller."""
    return [
        Read(
            each.start_time.in_milliseconds(),
            each.end_time.in_milliseconds(),
            html.unescape(each.text),
        )
        for each in webvtt.from_string(file).captions
    ]


def vtt_by_pysubs2(file: str) -> Sequence[Read]:
    """As pysubs2 reads WebVTT."""
    events = pysubs2.SSAFile.from_string(file, format_="vtt").events
    return [
        Read(each.start, each.end, html.unescape(each.text.replace("\\N", "\n"))) for each in events
    ]


def _readable(text: str) -> str:
    """With U+FFFD for each half of a pair that is alone."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def paired(text: str) -> str:
    """The text with each pair of surrogates as the one character that JSON takes it for."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")


def shown(text: str) -> str:
    """All of a text that may not get lost: without spaces, controls and direction marks."""
    text = _MARKS.sub("", _readable(text))
    return "".join(
        each for each in text if not each.isspace() and unicodedata.category(each) != "Cc"
    )


def folded(text: str) -> str:
    """The same in Unicode's compatibility form, as SubRip's look-alikes come back."""
    return shown(unicodedata.normalize("NFKC", shown(text)))
