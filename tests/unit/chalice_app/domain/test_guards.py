"""Which answers of an engine are translations."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalice_app.domain.errors import TranslationFailed
from chalice_app.domain.guards import MOST_CHARACTERS, checked, is_translation

SENTENCE = "Good evening everyone, and welcome to our hall."


def reason(answer: object, text: str, source: str = "en", target: str = "es") -> str:
    """Why it is no translation; empty where it is one."""
    try:
        assert checked(answer, text, source, target) == answer
    except TranslationFailed as failure:
        assert not is_translation(answer, text, source, target)
        return failure.message.removeprefix("the engine's answer is ")
    assert is_translation(answer, text, source, target)
    return ""


@pytest.mark.parametrize("answer", [None, b"Hola", 7, True, ["Hola"], {"Text": "Hola"}, "\ud83d"])
def test_what_is_not_text_is_no_translation(answer: object) -> None:
    assert reason(answer, SENTENCE) == "not text"


@pytest.mark.parametrize(
    "answer", ["", " ", "\n\t", "\u200b", "\u200b \ufeff", "\x00", "\u3000", "\u2060", "\u3164"]
)
def test_what_shows_nothing_is_no_translation(answer: str) -> None:
    assert "shows nothing" in reason(answer, SENTENCE)
    assert "shows nothing" in reason(answer, "a")


# --- Length --------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["A", "OK", "Hello", "語", SENTENCE, "word " * 800])
@pytest.mark.parametrize("times", [50, 100])
def test_what_is_fifty_times_its_source_is_too_long(text: str, times: int) -> None:
    assert "far too long" in reason(text * times, text)


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("OK", "Einverstanden"),
        ("UN", "Organización de las Naciones Unidas"),
        ("WHO", "Organización Mundial de la Salud"),
        ("UNHCR", "Alto Comisionado de las Naciones Unidas para los Refugiados"),
        ("森", "the forest"),
        ("塞翁失馬", "A misfortune may turn out to be a blessing in disguise"),
        ("我们现在休息十五分钟。", "Wir machen jetzt eine Pause von fünfzehn Minuten, bitte sehr."),
    ],
)
def test_short_sources_and_ideographs_grow(text: str, answer: str) -> None:
    assert reason(answer, text) == ""


def test_no_translation_is_longer_than_a_message_may_be() -> None:
    text = "字" * 4_000
    assert reason("x" * MOST_CHARACTERS, text, "zh") == ""
    assert "far too long" in reason("x" * (MOST_CHARACTERS + 1), text, "zh")
    assert len(("\U0001f600" * MOST_CHARACTERS).encode()) < 128 * 1024


# --- Echoes --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        SENTENCE,
        "Welcome to our church today",
        "I love this hall.",
        "The doors close at nine.",
        "THE DOORS CLOSE AT NINE",
        "The Doors Close At Nine And The Last Bus Leaves At Ten",
        "we meet in Room E at 9:30 a.m. with Dr. Wilson",
        "Die Kinder spielen heute im Garten",
        "これは長い文です。",
        "我们现在休息十五分钟",
        "วันนี้อากาศดีมากครับ",
        "오늘은 날씨가 정말 좋네요 여러분",
        "الأبواب تغلق في الساعة التاسعة",
    ],
)
@pytest.mark.parametrize("change", [str, str.upper, " {} ".format, "{}!".format])
def test_a_sentence_that_comes_back_is_no_translation(
    text: str, change: Callable[[str], str]
) -> None:
    assert reason(change(text), text, "xx", "es") == "the text itself"


@pytest.mark.parametrize(
    "text",
    [
        "Amen.",
        "OK",
        "Hello",
        "Taxi!",
        "no problem",
        "Room E",
        "6E",
        "c'est la vie",
        "pizza al forno",
        "Dr. Martin Luther King Jr.",
        "Ludwig van Beethoven",
        "Star Wars: The Empire Strikes Back",
        "Antonio Lucio Vivaldi, San Marco, Venezia",
        "https://example.com/a/b?c=d person@example.com www.example.org",
        "ISO 9001, ISO 14001, IEC 62304",
        "la la la la la la la la la la",
        "12:30, 13:30, 14:30 h",
        "東京大学",
        "김민수",
    ],
)
def test_names_codes_and_short_phrases_may_come_back(text: str) -> None:
    assert reason(text, text) == ""


@pytest.mark.parametrize(
    ("source", "target", "text"),
    [
        ("es", "es-MX", "Buenas tardes a todos y bienvenidos a esta hermosa sala de conciertos."),
        ("pt", "gl", "O presidente visita a casa de Pedro."),
        ("id", "ms", "Saya suka makan nasi goreng."),
        ("no", "da", "Vi har mange venner i byen."),
        ("es", "it", "Canta con la banda."),
        ("en", "af", "My hand is in warm water."),
    ],
)
def test_related_languages_share_sentences(source: str, target: str, text: str) -> None:
    assert reason(text, text, source, target) == ""


@pytest.mark.parametrize(("source", "target"), [("es", "gl"), ("pt", "es"), ("pt-PT", "gl")])
def test_even_related_languages_share_no_long_ones(source: str, target: str) -> None:
    text = (
        "buenas tardes, hoy vamos a hablar de cosas que nadie quiere oír, pero que son ciertas "
        "desde hace muchos años"
    )
    assert reason(text, text, source, target) == "the text itself"


def test_terms_that_the_engine_was_asked_to_keep_are_not_counted() -> None:
    text = '<span translate="no">the friends of the old hall</span> Inc.'
    assert reason(text, text) == ""
    assert reason(SENTENCE, f"<b>{SENTENCE}</b>") == ""


def test_a_sentence_that_is_translated_in_part_is_a_translation() -> None:
    assert reason("Good evening a todos, and welcome to our hall.", SENTENCE) == ""


@given(st.text(), st.text(), st.sampled_from(["en", "es", "zh-TW", "gl"]))
def test_any_two_texts_are_judged(answer: str, text: str, target: str) -> None:
    reason(answer, text, "en", target)


def test_the_longest_sentence_is_judged_at_once() -> None:
    for text in ("word " * 800, "字" * 4_000, "a" * 4_000, "<" * 4_000, "😀" * 4_000):
        reason(text, text)


def test_markup_does_not_make_an_answer_long() -> None:
    """A sentence may have hundreds of masks, each in markup of its own."""
    masked = 'so <span translate="no">***</span> ' * 600
    assert len(masked) > MOST_CHARACTERS
    assert reason(masked.replace("so", "así"), masked) == ""
