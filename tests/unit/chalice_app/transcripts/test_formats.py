"""Each format, to the letter, for one short talk."""

import json

import pytest

from chalice_app.transcripts.formats import render
from chalice_app.transcripts.transcript import Transcript, TranscriptLine

T0 = 1_700_000_000_000


def transcript(*languages: str) -> Transcript:
    """Two sentences; the second one, in German, was not translated to Arabic."""
    return Transcript(
        session_id="ABCD-1234",
        title="Roads & <bridges>",
        source_language="en",
        started_at=T0,
        languages=languages,
        lines=[
            TranscriptLine(
                *(1, T0 + 9_000, T0 + 5_000, T0 + 8_000, 1),
                {"en": "Is 2 < 3 --> yes?", "ar": "Google مرحبا؟"},
                frozenset(),
            ),
            TranscriptLine(
                *(2, T0 + 12_000, None, None, 0),
                {"en": "Yes.", "ar": "Ja."},
                frozenset({"ar"}),
                source_language="de",
            ),
        ],
    )


def rendered(format: str, *languages: str) -> str:  # noqa: A002
    """The whole file."""
    return "".join(render(format, transcript(*languages)))


def test_text_is_paragraphs_with_times() -> None:
    assert rendered("txt", "en") == "Roads & <bridges>\n\n[00:00:00] Is 2 < 3 --> yes? Yes.\n"


def test_text_in_two_languages_is_line_under_line() -> None:
    assert rendered("txt", "en", "ar") == (
        "Roads & <bridges>\n"
        "\n[00:00:00]\nIs 2 < 3 --> yes?\n\u200fGoogle مرحبا؟\n"
        "\n[00:00:07]\nYes.\n[de] Ja.\n"
    )


def test_srt_writes_look_alikes_for_what_players_would_take_for_markup() -> None:
    assert rendered("srt", "en") == (
        "1\n00:00:00,000 --> 00:00:03,000\nIs 2 \uff1c 3 --\uff1e yes?\n\n"
        "2\n00:00:07,000 --> 00:00:07,834\nYes.\n\n"
    )


def test_webvtt_tells_language_and_direction() -> None:
    assert rendered("vtt", "ar", "en") == (
        "WEBVTT - Roads &amp; &lt;bridges&gt;\nKind: captions\nLanguage: ar\n\n"
        "1\n00:00:00.000 --> 00:00:03.000\n"
        "<lang ar>\u202bGoogle مرحبا؟\u202c</lang>\n"
        "<lang en>\u202aIs 2 &lt; 3 --&gt; yes?\u202c</lang>\n\n"
        "2\n00:00:07.000 --> 00:00:07.834\n<lang de>Ja.</lang>\n<lang en>Yes.</lang>\n\n"
    )


def test_one_direction_needs_a_mark_at_most() -> None:
    assert "\n<lang ar>\u200fGoogle مرحبا؟</lang>\n" in rendered("vtt", "ar")


def test_json_has_everything() -> None:
    told = json.loads(rendered("json", "en", "ar"))
    assert told == {
        "sessionId": "ABCD-1234",
        "title": "Roads & <bridges>",
        "sourceLanguage": "en",
        "startedAt": T0,
        "languages": ["en", "ar"],
        "sentences": [
            {
                "sequence": 1,
                "spokenAt": T0 + 9_000,
                "beganAt": T0 + 5_000,
                "endedAt": T0 + 8_000,
                "revision": 1,
                "sourceLanguage": "en",
                "texts": {"en": "Is 2 < 3 --> yes?", "ar": "Google مرحبا؟"},
                "untranslated": [],
            },
            {
                "sequence": 2,
                "spokenAt": T0 + 12_000,
                "beganAt": None,
                "endedAt": None,
                "revision": 0,
                "sourceLanguage": "de",
                "texts": {"en": "Yes.", "ar": "Ja."},
                "untranslated": ["ar"],
            },
        ],
    }


@pytest.mark.parametrize(
    ("format", "file"),
    [
        ("txt", "ABCD-1234\n\n"),
        ("srt", ""),
        ("vtt", "WEBVTT\nKind: captions\nLanguage: en\n\n"),
    ],
)
def test_an_empty_talk_is_a_file_too(format: str, file: str) -> None:  # noqa: A002
    empty = Transcript("ABCD-1234", None, "en", T0, ("en",), [])
    assert "".join(render(format, empty)) == file
