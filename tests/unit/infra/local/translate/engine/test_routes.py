"""Steps are chained, shared and closed; the models are fakes."""

from collections import Counter

import pytest

from infra.local.translate.engine.routes import Engine, EngineClosed, Quality, Step, UnsupportedPair


class Models:
    """Steps that append their target to a sentence, and count their calls."""

    def __init__(self, *pairs: str) -> None:
        self.calls: Counter[str] = Counter()
        self.closed: list[str] = []
        self.steps = [self._step(pair) for pair in pairs]

    def _step(self, pair: str) -> Step:
        source, target, *draft = pair.split("-")

        def translate(sentence: str) -> str:
            self.calls[pair] += 1
            return f"{sentence}>{target}"

        quality = Quality.DRAFT if draft else Quality.FAIR if source == "pt" else Quality.GOOD
        return Step(source, target, quality, translate, lambda: self.closed.append(pair))


@pytest.fixture
def models() -> Models:
    return Models("en-pt", "pt-en", "pt-es", "es-pt", "pt-gl", "es-ca", "es-fr-draft")


def test_a_text_takes_the_fewest_steps(models: Models) -> None:
    engine = Engine(models.steps)
    assert engine.translate("hi", "en", "fr") == "hi>pt>es>fr"
    assert engine.translate("hi", "es", "ca") == "hi>ca"


def test_sentences_are_translated_one_by_one_and_pieces_pass_by(models: Models) -> None:
    engine = Engine(models.steps)
    assert engine.translate("One {a}. Two?\n", "en", "pt") == "One {a}.>pt Two?>pt\n"
    assert models.calls["en-pt"] == 2


def test_spanish_is_opened_only_where_it_is_the_end() -> None:
    engine = Engine([Step("pt", "es", Quality.FAIR, str), Step("es", "ca", Quality.FAIR, str)])
    assert engine.translate("Sim? Sim!", "pt", "es") == "¿Sim? ¡Sim!"
    assert engine.translate("Sim? Sim!", "pt", "ca") == "Sim? Sim!"


def test_targets_share_the_steps_they_have_in_common(models: Models) -> None:
    engine = Engine(models.steps)
    for target in ("pt", "es", "ca", "fr", "gl"):
        engine.translate("hi", "en", target)
    assert set(models.calls.values()) == {1}


def test_a_language_is_its_own_translation(models: Models) -> None:
    assert Engine(models.steps).translate("hi", "en", "en") == "hi"
    assert not models.calls


@pytest.mark.parametrize("pair", [("ca", "en"), ("auto", "es"), ("en", "de"), ("xx", "xx")])
def test_what_no_steps_lead_to_is_unsupported(models: Models, pair: tuple[str, str]) -> None:
    with pytest.raises(UnsupportedPair):
        Engine(models.steps).translate("hi", *pair)


def test_only_what_is_installed_is_offered_and_judged_by_its_worst_step(models: Models) -> None:
    engine = Engine(models.steps)
    assert engine.languages == ("ca", "en", "es", "fr", "gl", "pt")
    assert engine.qualities() == {
        "ca": "fair", "en": "fair", "es": "fair", "fr": "draft", "gl": "fair", "pt": "good",
    }  # fmt: skip
    neural = Engine(Models("en-pt").steps)
    assert (neural.languages, neural.qualities()) == (("en", "pt"), {"pt": "good"})
    assert Engine([]).languages == ()


def test_a_closed_engine_has_closed_its_steps_and_translates_no_more(models: Models) -> None:
    engine = Engine(models.steps)
    engine.close()
    assert len(models.closed) == len(models.steps)
    with pytest.raises(EngineClosed):
        engine.translate("hi", "en", "pt")
