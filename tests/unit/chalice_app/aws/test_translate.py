"""Amazon Translate's wire protocol: limits, errors and what the offline engine adds."""

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.awsrequest import AWSResponse, HTTPHeaders
from botocore.exceptions import EndpointConnectionError
from botocore.stub import Stubber

from chalice_app.aws.clients import Clients
from chalice_app.aws.translate import MAX_TEXT_BYTES, AmazonTranslate
from chalice_app.domain.errors import TranslationFailed, Unavailable
from chalice_app.domain.style import Style


@pytest.fixture
def amazon(clients: Clients) -> Iterator[Stubber]:
    """Answers in the given order, each expected; nothing leaves the process."""
    with Stubber(clients.translate) as stubber:
        yield stubber
        stubber.assert_no_pending_responses()


@pytest.fixture
def engine(clients: Clients) -> AmazonTranslate:
    return AmazonTranslate(clients)


def expect(amazon: Stubber, text: str, translated: str) -> None:
    amazon.add_response(
        "translate_text",
        {"TranslatedText": translated, "SourceLanguageCode": "en", "TargetLanguageCode": "es"},
        {"Text": text, "SourceLanguageCode": "en", "TargetLanguageCode": "es"},
    )


# --- Texts ---------------------------------------------------------------------------------------


def test_a_text_is_translated_in_one_call(amazon: Stubber, engine: AmazonTranslate) -> None:
    expect(amazon, "Hello", "Hola")
    assert engine.translate("Hello", "en", "es") == "Hola"


@pytest.mark.parametrize(
    ("style", "settings"),
    [
        (Style(masks_profanity=True), {"Profanity": "MASK"}),
        (Style(formality="formal"), {"Formality": "FORMAL"}),
        (Style(True, "informal"), {"Profanity": "MASK", "Formality": "INFORMAL"}),
    ],
)
def test_a_style_is_amazon_s_settings(
    amazon: Stubber, engine: AmazonTranslate, style: Style, settings: dict[str, str]
) -> None:
    amazon.add_response(
        "translate_text",
        {"TranslatedText": "Hola", "SourceLanguageCode": "en", "TargetLanguageCode": "es"},
        {
            "Text": "Hello",
            "SourceLanguageCode": "en",
            "TargetLanguageCode": "es",
            "Settings": settings,
        },
    )
    assert engine.translate("Hello", "en", "es", style) == "Hola"


def test_a_text_of_just_the_limit_is_one_call(amazon: Stubber, engine: AmazonTranslate) -> None:
    text = "x" * MAX_TEXT_BYTES
    expect(amazon, text, "X")
    assert engine.translate(text, "en", "es") == "X"


def test_a_text_over_the_limit_is_translated_between_its_words(
    amazon: Stubber, engine: AmazonTranslate
) -> None:
    # The space between is kept here: an engine trims it.
    first, second = "a" * 6_000, "é" * 3_000
    expect(amazon, first, "A")
    expect(amazon, second, "E")
    assert engine.translate(f"{first} {second}", "en", "es") == "A E"


@pytest.mark.parametrize(("target", "joined"), [("es", "A E"), ("zh-TW", "AE"), ("ja", "AE")])
def test_sentences_without_spaces_between_get_one_where_the_target_has_it(
    clients: Clients, target: str, joined: str
) -> None:
    engine = AmazonTranslate(Answering(clients, {"TranslatedText": "A"}, {"TranslatedText": "E"}))
    assert engine.translate("これは長い文です。" * 400, "ja", target) == joined


def test_the_longest_sentence_in_four_byte_characters_is_within_every_calls_limit(
    amazon: Stubber, engine: AmazonTranslate
) -> None:
    expect(amazon, "😀" * 2_500, "1")
    expect(amazon, "😀" * 1_500, "2")
    assert engine.translate("😀" * 4_000, "en", "es") == "12"


@pytest.mark.parametrize(
    "code",
    [
        "UnsupportedLanguagePairException",
        "ThrottlingException",
        "TextSizeLimitExceededException",
        "InternalServerException",
    ],
)
def test_whatever_amazon_refuses_is_a_failed_translation(
    amazon: Stubber, engine: AmazonTranslate, code: str
) -> None:
    amazon.add_client_error("translate_text", code)
    with pytest.raises(TranslationFailed):
        engine.translate("Hello", "en", "es")


def test_a_failed_piece_fails_the_whole_text(amazon: Stubber, engine: AmazonTranslate) -> None:
    text = "a" * MAX_TEXT_BYTES
    expect(amazon, text, "A")
    amazon.add_client_error("translate_text", "ThrottlingException")
    with pytest.raises(TranslationFailed):
        engine.translate(f"{text} b", "en", "es")


class Answering(Clients):
    """Clients for an engine that answers as no engine should."""

    def __init__(self, clients: Clients, *answers: object) -> None:
        super().__init__(clients.region)
        self.session = clients.session
        self.answers = list(answers)
        self.translate.meta.events.register_first("before-call.translate", self.answer)

    def answer(self, **_: object) -> Any:
        return AWSResponse("", 200, HTTPHeaders(), None), self.answers.pop(0)


@pytest.mark.parametrize(
    "answer",
    [
        {},
        *({"TranslatedText": each} for each in (None, 7, b"Hola", ["Hola"], "", " ", "\u200b")),
    ],
    ids=repr,
)
def test_an_answer_without_a_text_is_a_failed_translation(
    clients: Clients, answer: dict[str, object]
) -> None:
    with pytest.raises(TranslationFailed, match="has no text"):
        AmazonTranslate(Answering(clients, answer)).translate("Hello", "en", "es")


def test_a_piece_that_comes_back_empty_fails_the_whole_text(clients: Clients) -> None:
    engine = AmazonTranslate(Answering(clients, {"TranslatedText": "A"}, {"TranslatedText": ""}))
    with pytest.raises(TranslationFailed):
        engine.translate("a" * MAX_TEXT_BYTES + " b", "en", "es")


class Unreachable(Clients):
    """Clients for an engine at an address where nothing listens."""

    def __init__(self, clients: Clients) -> None:
        super().__init__(clients.region)
        self.session = clients.session
        self.translate.meta.events.register_first("before-call.translate", self.refuse)

    def refuse(self, **_: object) -> None:
        raise EndpointConnectionError(endpoint_url="https://translate")


def test_an_engine_that_cannot_be_reached_is_a_failed_translation(clients: Clients) -> None:
    unreachable = AmazonTranslate(Unreachable(clients))
    with pytest.raises(TranslationFailed):
        unreachable.translate("Hello", "en", "es")
    with pytest.raises(Unavailable):
        unreachable.list_languages()


# --- Languages -----------------------------------------------------------------------------------


def listed(*codes: str, more: str = "", quality: str = "") -> dict[str, object]:
    answer: dict[str, object] = {
        "Languages": [{"LanguageName": code, "LanguageCode": code} for code in codes],
        "ResponseMetadata": {"HTTPHeaders": {"x-translation-quality": quality} if quality else {}},
    }
    return {**answer, "NextToken": more} if more else answer


def test_all_pages_of_the_languages_are_read(amazon: Stubber, engine: AmazonTranslate) -> None:
    amazon.add_response("list_languages", listed("en", "es", more="p2"), {"MaxResults": 500})
    amazon.add_response("list_languages", listed("he"), {"MaxResults": 500, "NextToken": "p2"})
    languages = engine.list_languages()
    assert [language.code for language in languages] == ["en", "es", "he"]
    assert [language.direction for language in languages] == ["ltr", "ltr", "rtl"]
    assert {language.quality for language in languages} == {None}


def test_guessing_the_language_is_no_language(amazon: Stubber, engine: AmazonTranslate) -> None:
    amazon.add_response("list_languages", listed("auto", "en"))
    assert [language.code for language in engine.list_languages()] == ["en"]


def test_the_quality_is_told_where_the_engine_tells_it(
    amazon: Stubber, engine: AmazonTranslate
) -> None:
    amazon.add_response(
        "list_languages", listed("en", "es", "fr", "gl", quality="es=fair, fr=draft,odd,")
    )
    quality = {language.code: language.quality for language in engine.list_languages()}
    assert quality == {"en": None, "es": "fair", "fr": "draft", "gl": None}


@pytest.mark.parametrize("code", ["AccessDeniedException", "ThrottlingException"])
def test_languages_that_cannot_be_listed_are_unavailable_and_the_reason_is_not_told(
    amazon: Stubber, engine: AmazonTranslate, code: str
) -> None:
    amazon.add_client_error("list_languages", code)
    with pytest.raises(Unavailable) as raised:
        engine.list_languages()
    assert code not in raised.value.message
    assert code not in str(raised.value.details)


def test_a_list_of_languages_that_cannot_be_had_is_logged(
    amazon: Stubber, engine: AmazonTranslate, caplog: pytest.LogCaptureFixture
) -> None:
    amazon.add_client_error("list_languages", "ThrottlingException")
    with pytest.raises(Unavailable):
        engine.list_languages()
    assert [(each.levelname, each.getMessage()) for each in caplog.records] == [
        ("WARNING", "ListLanguages failed: ThrottlingException")
    ]
