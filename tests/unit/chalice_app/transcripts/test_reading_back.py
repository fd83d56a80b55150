"""Whatever is said, other programs read the same words at the same times from the files."""

import json
from collections.abc import Sequence
from itertools import pairwise

from hypothesis import HealthCheck, given, settings

from chalice_app.domain.characters import shows_nothing
from chalice_app.transcripts.cues import Cue, begins_at, cues, in_order
from chalice_app.transcripts.formats import render
from chalice_app.transcripts.line_breaks import LINES
from chalice_app.transcripts.transcript import Transcript
from tests import subtitles
from tests.hostile.transcript import transcripts
from tests.subtitles import Read, folded, paired, shown

hostile = settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


def file(format: str, transcript: Transcript) -> str:  # noqa: A002
    """A whole file; that it can be written is part of every test."""
    text = "".join(render(format, transcript))
    assert text.encode().decode() == text
    return text


def words(cue: Cue) -> str:
    """All words of a cue."""
    return "".join("".join(lines) for lines in cue.lines.values())


def times(read: Sequence[Cue] | Sequence[Read]) -> Sequence[tuple[int, int]]:
    """The beginnings and ends."""
    return [
        (each.start_ms, each.end_ms) if isinstance(each, Cue) else (each.start, each.end)
        for each in read
    ]


@hostile
@given(transcripts)
def test_cues_rise_and_keep_every_word(transcript: Transcript) -> None:
    made = list(cues(transcript))
    assert all(cue.start_ms < cue.end_ms for cue in made)
    assert all(before.end_ms <= after.start_ms for before, after in pairwise(made))
    assert all(0 < len(lines) <= LINES for cue in made for lines in cue.lines.values())
    assert all(line.strip() for cue in made for lines in cue.lines.values() for line in lines)
    ordered = [line.sequence for line in in_order(transcript.lines)]
    assert list(dict.fromkeys(cue.sequence for cue in made)) == [
        each for each in ordered if any(cue.sequence == each for cue in made)
    ]
    for line in transcript.lines:
        for language in transcript.languages:
            kept = "".join(
                "".join(cue.lines.get(language, ()))
                for cue in made
                if cue.sequence == line.sequence
            )
            assert shown(kept) == shown(line.texts[language])


@hostile
@given(transcripts)
def test_no_cue_begins_before_its_words(transcript: Transcript) -> None:
    origin = min((begins_at(line) for line in transcript.lines), default=0)
    begins = {line.sequence: begins_at(line) - origin for line in transcript.lines}
    assert all(cue.start_ms >= begins[cue.sequence] for cue in cues(transcript))


@hostile
@given(transcripts)
def test_srt(transcript: Transcript) -> None:
    made, read = list(cues(transcript)), subtitles.srt(file("srt", transcript))
    assert times(read) == times(made)
    assert [folded(each.text) for each in read] == [folded(words(cue)) for cue in made]


@hostile
@given(transcripts)
def test_webvtt(transcript: Transcript) -> None:
    made, read = list(cues(transcript)), subtitles.vtt(file("vtt", transcript))
    assert times(read) == times(made)
    assert [shown(each.text) for each in read] == [shown(words(cue)) for cue in made]


@hostile
@given(transcripts)
def test_webvtt_by_another_parser(transcript: Transcript) -> None:
    made, read = list(cues(transcript)), subtitles.vtt_by_pysubs2(file("vtt", transcript))
    assert times(read) == times(made)
    # It has no way to tell a backslash and an N from a new line.
    assert [shown(each.text).replace("\\N", "") for each in read] == [
        shown(words(cue)).replace("\\N", "") for cue in made
    ]


@hostile
@given(transcripts)
def test_what_players_read(transcript: Transcript) -> None:
    made = list(cues(transcript))
    if not made:
        return  # ffmpeg refuses a file without a cue
    read = subtitles.by_ffmpeg(file("srt", transcript), "srt")
    assert times(read) == times(made)
    assert [folded(each.text) for each in read] == [folded(words(cue)) for cue in made]
    assert times(subtitles.by_ffmpeg(file("vtt", transcript), "webvtt")) == times(made)


@hostile
@given(transcripts)
def test_json(transcript: Transcript) -> None:
    told = json.loads(file("json", transcript))
    assert told["title"] == (transcript.title and paired(transcript.title))
    assert [each["texts"] for each in told["sentences"]] == [
        {language: paired(text) for language, text in line.texts.items()}
        for line in transcript.lines
    ]


@hostile
@given(transcripts)
def test_text(transcript: Transcript) -> None:
    written = file("txt", transcript)
    title, _, rest = written.partition("\n")
    is_named = not shows_nothing(paired(transcript.title or ""))
    assert shown(title) == (shown(transcript.title or "") if is_named else transcript.session_id)
    assert not rest or rest.startswith("\n")
    in_file = shown(rest)
    for line in transcript.lines:
        assert all(shown(text) in in_file for text in line.texts.values())
