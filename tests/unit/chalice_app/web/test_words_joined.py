"""Words as text: with spaces or without, as their script has it."""

import pytest

from tests.deno import Deno
from tests.unit.chalice_app.web.recogniser import (
    FINISH,
    final,
    heard,
    partial,
    sentences,
)

WRITTEN = [
    (
        "en",
        "it 's the dogs' well - known house we 've seen",
        "it's the dogs' well-known house we've seen",
    ),
    ("fr", "l' homme n' est pas d’ accord aujourd'hui", "l'homme n'est pas d’accord aujourd'hui"),
    ("ca", "l' home d' aquí", "l'home d'aquí"),
    ("it", "l' uomo dell' isola", "l'uomo dell'isola"),
    ("es", "¿ Cómo están ustedes ?", "¿Cómo están ustedes?"),
    ("fr", "Il dit : « Comment allez vous ? »", "Il dit : « Comment allez vous ? »"),
    ("fr-CA", "Comment allez vous ?", "Comment allez vous?"),
    ("en", '" it is good " he said ( twice )', '"it is good" he said (twice)'),
    ("en", "we came – at last – home", "we came – at last – home"),
    ("ar", "كيف حالكم اليوم ؟", "كيف حالكم اليوم؟"),
    ("he", "מה שלומכם היום ?", "מה שלומכם היום?"),
    ("zh", "我们 用 iPhone 手机 有 30 个", "我们用iPhone手机有30个"),
    ("th", "เรา ใช้ iPhone ทุก วัน", "เราใช้ iPhone ทุกวัน"),
    ("ko", "우리는 여기에 있다", "우리는 여기에 있다"),
    ("en", "we met José in New York", "we met José in New York"),
]


@pytest.mark.parametrize(("language", "text", "expected"), WRITTEN)
def test_words_are_written_as_their_language_has_it(
    segmenter: Deno, language: str, text: str, expected: str
) -> None:
    assert sentences(heard(segmenter, language, final(text), FINISH)) == [expected]


def test_where_there_are_no_spaces_an_item_may_be_a_character_or_a_phrase(segmenter: Deno) -> None:
    phrase = "我们今天在这里说话因为大家都想知道水是从哪里来的也想知道它到哪里去所以请大家都听好"
    characters = " ".join(phrase)
    for text in (phrase, characters):
        answers = heard(segmenter, "zh", final(text * 3), FINISH)
        assert "".join(sentences(answers)) == phrase * 3
        assert all(15 <= len(each) <= 60 for each in sentences(answers)[:-1])


def test_a_draft_is_not_longer_than_a_message_may_be(segmenter: Deno) -> None:
    (answer,) = heard(segmenter, "en", partial("word " * 2000, stable=0))
    assert 3_990 < len(answer["draft"]) <= 4_000
    assert set(answer["draft"].split()[1:]) == {"word"}
