"""A glossary applied to sentences."""

from chalice_app.glossary.terms import Glossary, Term
from chalice_app.glossary.wording import NO_WORDING, Wording

GLOSSARY = Glossary(
    (
        Term("Grace Hall", keep=True),
        Term("hall", targets={"es": "sala", "zh": "\u5385", "pt-PT": "sal\u00e3o"}),
    ),
    ("damn", "son of a gun"),
)


def translated(text: str, target: str, source: str = "en") -> str:
    """As an engine that changes nothing would have it."""
    protected = Wording(GLOSSARY).mentions(text, source).protected(target)
    return protected.restore(protected.text)


def test_a_term_is_kept_as_it_was_spoken_or_said_in_the_target_s_form() -> None:
    text = "Grace hall's doors, the halls' doors"
    assert translated(text, "es") == "Grace hall's doors, the sala doors"
    text = "the halls and Grace Halls' roof"
    assert translated(text, "es") == "the sala and Grace Halls' roof"
    assert translated(text, "fr") == text


def test_a_region_has_its_language_s_form_unless_it_is_written_otherwise() -> None:
    assert translated("hall", "es-MX") == "sala"
    assert translated("hall", "zh-TW") == "hall"
    assert translated("hall", "pt") == "hall"
    assert translated("hall", "pt-PT") == "sal\u00e3o"


def test_the_effect_is_of_what_occurs_alone() -> None:
    wording = Wording(GLOSSARY)
    assert wording.mentions("nothing of it", "en").protected("es").effect == ""
    assert wording.mentions("the hall", "en").protected("fr").effect == ""
    other = Wording(Glossary((*GLOSSARY.terms, Term("door", keep=True)), ("bad",)))
    assert (
        wording.mentions("the hall", "en").protected("es").effect
        == other.mentions("the hall", "en").protected("es").effect
        != ""
    )
    changed = Wording(Glossary((Term("hall", targets={"es": "aula"}),)))
    assert (
        changed.mentions("the hall", "en").protected("es").effect
        != wording.mentions("the hall", "en").protected("es").effect
    )


def test_blocked_words_are_masked_whole_in_any_case_and_with_endings() -> None:
    masked = Wording(GLOSSARY).masked
    assert masked("Damn, DAMNS! Damn's damning") == "***, ***! *** damning"
    assert masked("you son of a  gun") == "you ***"
    assert masked(masked("damn it")) == "*** it"
    assert masked("_damn_ \uff44\uff41\uff4d\uff4e *damn*") == "_***_ *** *****"


def test_forms_that_fill_more_than_a_caption_are_left_out() -> None:
    wording = Wording(Glossary((Term("a", targets={"es": "x" * 200}),)))
    assert wording.mentions("a " * 100, "en").protected("es").whole == ("x" * 200 + " ") * 100
    assert wording.mentions("a " * 101, "en").protected("es").forms == ()


def test_a_mask_is_protected_like_a_term() -> None:
    wording = Wording(GLOSSARY)
    assert 'no">***</span>' in wording.mentions("a *** hall", "en").protected("es").text
    plain = Wording(Glossary(GLOSSARY.terms))
    assert plain.mentions("a *** b", "en").protected("es").text == "a *** b"


def test_only_names_are_looked_for_in_another_language_and_masks_stay() -> None:
    mentions = Wording(GLOSSARY).mentions("Grace Hall *** hall", "de", kept_only=True)
    assert mentions.protected("es").forms == ("Grace Hall", "***")
    assert mentions.has_terms("es")
    assert not Wording(GLOSSARY).mentions("hall", "de", kept_only=True).has_terms("es")


def test_a_session_without_a_glossary_changes_nothing() -> None:
    assert NO_WORDING.masked("damn hall") == "damn hall"
    mentions = NO_WORDING.mentions("a <b> & ***", "en")
    assert mentions.protected("es").text == "a <b> & ***"
    assert mentions.protected("es").effect == ""
