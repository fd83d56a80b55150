"""Subtitles as other programs read them, and what of a text has to come back."""

import html
import io
import json
import re
import unicodedata
from collections.abc import Sequence
from typing import NamedTuple

import av
import pysubs2
import webvtt
from av.subtitles.subtitle import AssSubtitle

from chalice_app.transcripts.cues import cues
from chalice_app.transcripts.formats import render
from chalice_app.transcripts.transcript import Transcript

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


def by_ffmpeg(file: str, format_: str) -> Sequence[Read]:
    """As ffmpeg's libraries read either, which many players are built on: as events of ASS."""
    read = []
    with av.open(io.BytesIO(file.encode()), "r", format=format_) as container:
        for packet in container.demux(container.streams.subtitles[0]):
            if packet.pts is None or packet.duration is None:
                continue  # the last packet flushes
            start, end = (
                round(time * packet.time_base * 1000)
                for time in (packet.pts, packet.pts + packet.duration)
            )
            for event in packet.decode():
                assert isinstance(event, AssSubtitle)
                text = event.ass.split(b",", 8)[8].decode()
                read.append(Read(start, end, text.replace("\\N", "\n")))
    return read


def shown(text: str) -> str:
    """All of a text that may not get lost: without spaces, controls and direction marks."""
    text = _MARKS.sub("", _readable(text))
    return "".join(
        each for each in text if not each.isspace() and unicodedata.category(each) != "Cc"
    )


def folded(text: str) -> str:
    """The same in Unicode's compatibility form, as SubRip's look-alikes come back."""
    return shown(unicodedata.normalize("NFKC", shown(text)))


def require_the_same(transcript: Transcript) -> None:
    """Holds every format to its parser: the same cues, none with a word of another one."""
    made = list(cues(transcript))
    words = ["".join("".join(lines) for lines in cue.lines.values()) for cue in made]
    times = [(cue.start_ms, cue.end_ms) for cue in made]
    for format_, read, plain in (("srt", srt, folded), ("vtt", vtt, shown)):
        found = read("".join(render(format_, transcript)))
        assert [(each.start, each.end) for each in found] == times
        assert [plain(each.text) for each in found] == [plain(each) for each in words]
    told = json.loads("".join(render("json", transcript)).encode())
    assert [each["texts"] for each in told["sentences"]] == [
        {language: paired(text) for language, text in line.texts.items()}
        for line in transcript.lines
    ]
    assert "".join(render("txt", transcript)).encode()
