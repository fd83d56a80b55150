"""What reaches the model, and what is made of its answer; the model itself is a fake."""

from collections.abc import Callable

import pytest

from infra.local.translate.engine.neural import LONGEST, NeuralDirection, find_model


class FakeModel:
    """Answers by a function and remembers what it was given."""

    def __init__(self, answer: Callable[[str], str] = str.upper) -> None:
        self.given: list[str] = []
        self._answer = answer

    def translate(self, sentence: str) -> str:
        self.given.append(sentence)
        return self._answer(sentence)


@pytest.mark.parametrize(
    ("sentence", "given"),
    [
        ("hello\tmy\u00a0 world", "hello my world"),
        ("\u201cyes\u201d \u2014 \u2018no\u2019\u2026", "\"yes\" - 'no'..."),
        ("we came\u2014we saw, 2010\u20132020", "we came - we saw, 2010-2020"),
        ("a\u0301gua", "água"),
        ("Índia, Óculos, É", "índia, óculos, É"),
        ("I love this 😀 very much", "I love this X0X very much"),
        ("great👍🏽!", "great X0X!"),
        ("Señor Muñoz met Zoë.", "X0X met X1X."),
        ("it costs £5.50, or 6 €.", "it costs X0X, or X1X."),
        ("see X0X and X1X", "see X0X and X1X"),
        ("see X0X {now}", "see X0X now X1X"),
        ("he said مرحبا كيف", "he said X0X"),
    ],
)
def test_the_model_is_given_only_what_it_can_read(sentence: str, given: str) -> None:
    model = FakeModel()
    NeuralDirection(lambda: model).translate(sentence)
    assert model.given == [given]


def test_what_it_cannot_read_comes_back() -> None:
    direction = NeuralDirection(FakeModel)
    assert direction.translate("Zoë said 😀😀 to x0x {you}!") == "Zoë SAID 😀😀 TO x0x {YOU}!"


@pytest.mark.parametrize("sentence", ["مرحبا كيف حالك", "😀", "12.5", "...", ""])
def test_without_a_readable_word_the_model_is_not_asked(sentence: str) -> None:
    model = FakeModel()
    assert NeuralDirection(lambda: model).translate(sentence) == sentence
    assert model.given == []


def test_an_overlong_sentence_reaches_it_in_clauses() -> None:
    model = FakeModel()
    sentence = "we go on and on, " * 60 + "and stop"
    assert NeuralDirection(lambda: model).translate(sentence) == sentence.upper()
    assert len(model.given) == 4
    assert all(len(part) <= LONGEST for part in model.given)


@pytest.mark.parametrize("answer", [lambda text: text[:60].upper(), lambda text: text.upper() * 3])
def test_a_dropped_or_repeated_part_is_noticed_and_tried_again_in_halves(
    answer: Callable[[str], str],
) -> None:
    def spoil(text: str) -> str:
        return answer(text) if len(text) > 100 else text.upper()

    sentence = "the brave men, living and dead, who struggled here, " * 4 + "are gone"
    assert NeuralDirection(lambda: FakeModel(spoil)).translate(sentence) == sentence.upper()


def test_the_weights_are_loaded_once_and_not_before_they_are_needed() -> None:
    loaded: list[FakeModel] = []

    def load() -> FakeModel:
        loaded.append(FakeModel())
        return loaded[-1]

    direction = NeuralDirection(load)
    assert loaded == []
    direction.translate("one")
    direction.translate("two")
    assert len(loaded) == 1


def test_a_direction_that_is_not_bundled_is_none() -> None:
    assert find_model("en", "tlh") is None
