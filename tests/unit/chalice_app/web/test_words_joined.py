"""Words as text: with spaces or without, as their script has it."""

import pytest

from tests.deno import Deno
from tests.unit.chalice_app.web.recogniser import (
    FINISH,
    RUN,
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


PHRASE = "我们今天在这里说话因为大家都想知道水是从哪里来的也想知道它到哪里去所以请大家都听好" * 3
WITHOUT = """(modules, language, calls) => {
  const kept = Intl.Segmenter;
  Intl.Segmenter = undefined;
  try {
    return (%s)(modules, language, calls);
  } finally {
    Intl.Segmenter = kept;
  }
}"""


@pytest.mark.parametrize("source", [RUN, WITHOUT % RUN], ids=["new browser", "old browser"])
@pytest.mark.parametrize("text", [PHRASE, " ".join(PHRASE)], ids=["phrase", "characters"])
def test_where_there_are_no_spaces_an_item_may_be_a_character_or_a_phrase(
    segmenter: Deno, text: str, source: str
) -> None:
    """Firefox has had `Intl.Segmenter` since 125."""
    texts = sentences(segmenter.evaluate(source, "zh", [final(text), FINISH]))
    assert "".join(texts) == PHRASE
    assert all(15 <= len(each) <= 60 for each in texts[:-1])


def test_a_draft_is_not_longer_than_a_message_may_be(segmenter: Deno) -> None:
    (answer,) = heard(segmenter, "en", partial("word " * 2000, stable=0))
    assert 3_990 < len(answer["draft"]) <= 4_000
    assert set(answer["draft"].split()[1:]) == {"word"}
