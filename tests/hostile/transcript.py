"""Talks of any words and any times."""

from hypothesis import strategies as st

from chalice_app.transcripts.transcript import Transcript, TranscriptLine
from tests.hostile import strategies as hostile

WORDS = (
    *(
        "-->",
        "00:00:01,000 --> 00:00:02,000",
        "00:00:01.000 --> 00:00:02.000",
        "&",
        "&lt;",
        "&#60;",
    ),
    *("<i>", "</i>", "<", ">", "<b", "{\\an8}", "{", "}", "\\N", "\\h", "{\\b1}x{\\b0}", "</lang>"),
    *("\n\n", "\n\n7\n00:00:01,000 --> 00:00:02,000\n", "\r", "\u2028", "\u2029", "\x85", "\x0b"),
    *("\0", "\x1c", "NOTE", "STYLE", "WEBVTT", "1", "2026", "\u0664\u0662", "\ufeff", "\u00a0"),
    *(
        "مرحبا بالعالم",
        "שלום (עולם)",
        "\u202eabc",
        "\u2066",
        "\u200f",
        "こんにちは。世界、",
        "你好",
    ),
    *("ภาษาไทยไม่มีช่องว่าง", "ខ្មែរ", "👨‍👩‍👧‍👦", "🏴󠁧󠁢󠁥󠁮󠁧󠁿", "🇪🇸🇫🇷", "क्षत्रिय", "e\u0301", " \u0301"),
    *("Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft",),
    *("Well.", "and so,", "Dr. No", "3.14", "a" * 43, "好" * 40, "\ud800", "\udfff", "x" * 5_000),
)

words = st.sampled_from(WORDS) | st.text(st.characters(), max_size=12)
texts = (
    st.lists(words, max_size=12).map(" ".join)
    | st.lists(words, max_size=6).map("".join)
    | hostile.texts
)
LANGUAGES = ("en", "es", "ar", "he", "ja", "zh", "zh-TW", "ko", "th", "hi", "fa")
T0 = 1_700_000_000_000
times = st.integers(T0, T0 + 10 * 3_600_000) | st.integers(T0, T0 + 20)


@st.composite
def _lines(draw: st.DrawFn, sequence: int, languages: tuple[str, ...]) -> TranscriptLine:
    spoken_at = draw(times)
    began_at = draw(st.none() | times)
    ended_at = None if began_at is None else draw(st.none() | times)
    return TranscriptLine(
        sequence=sequence,
        spoken_at=spoken_at,
        began_at=began_at,
        ended_at=ended_at,
        revision=draw(st.integers(0, 3)),
        texts={language: draw(texts) for language in languages},
        untranslated=draw(st.frozensets(st.sampled_from(languages))),
    )


@st.composite
def _transcripts(draw: st.DrawFn) -> Transcript:
    languages = tuple(
        draw(st.lists(st.sampled_from(LANGUAGES), min_size=1, max_size=2, unique=True))
    )
    sentences = draw(st.integers(0, 6))
    return Transcript(
        session_id="golden-eagle-427",
        title=draw(st.none() | texts),
        source_language=draw(st.sampled_from(LANGUAGES)),
        started_at=T0,
        languages=languages,
        lines=[draw(_lines(sequence, languages)) for sequence in range(1, sentences + 1)],
    )


transcripts = _transcripts()
"""Of up to six sentences, in one language or two; their times need not agree with their order."""
