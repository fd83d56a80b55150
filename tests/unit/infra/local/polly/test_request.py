"""What SynthesizeSpeech takes, and how it refuses the rest."""

import json
from typing import Any

import pytest

from infra.local.polly.request import MOST_BILLED_CHARACTERS, Refused, speech_request

TOO_LONG = "TextLengthExceededException"
WHOLE = {"VoiceId": "Joanna", "Text": "Hello.", "OutputFormat": "mp3"}


def body(**members: Any) -> bytes:
    request = {**WHOLE, **members}
    return json.dumps({k: v for k, v in request.items() if v is not None}).encode()


@pytest.mark.parametrize(
    ("members", "language", "rate"),
    [
        ({}, "en", 22_050),
        ({"Engine": "neural"}, "en", 24_000),
        ({"VoiceId": "Camila", "SampleRate": "16000"}, "pt", 16_000),
        ({"VoiceId": "Arlet", "Engine": "neural", "LanguageCode": "ca-ES"}, "ca", 24_000),
        ({"VoiceId": "Kajal", "Engine": "neural", "LanguageCode": "hi-IN"}, "hi", 24_000),
        ({"VoiceId": "Lucia", "LanguageCode": "fr-FR"}, "es", 22_050),
        ({"OutputFormat": "pcm"}, "en", 16_000),
    ],
)
def test_a_request_names_a_language_and_a_rate(
    members: dict[str, Any], language: str, rate: int
) -> None:
    asked = speech_request(body(**members))
    assert (asked.language, asked.question.rate) == (language, rate)
    assert asked.question.text == "Hello."


def test_the_billed_characters_are_those_that_are_said() -> None:
    ssml = f"<speak>{'<s>a</s>' * 400}</speak>"
    assert speech_request(body(Text=ssml, TextType="ssml")).characters == 400
    longest = "ñ" * MOST_BILLED_CHARACTERS
    assert speech_request(body(Text=longest)).characters == MOST_BILLED_CHARACTERS


@pytest.mark.parametrize(
    ("sent", "kind"),
    [
        (b"", "SerializationException"),
        (b"\xff\xfe", "SerializationException"),
        (b"[" * 100_000, "SerializationException"),
        (b"[]", "SerializationException"),
        (body(VoiceId="Nobody"), "ValidationException"),
        (body(VoiceId=7), "ValidationException"),
        (body(VoiceId=["Joanna"]), "ValidationException"),
        (body(Text=""), "ValidationException"),
        (body(Text=None), "ValidationException"),
        (body(Text={"a": 1}), "ValidationException"),
        (body().replace(b"Hello.", b"\\ud83d"), "ValidationException"),
        (body(OutputFormat=None), "ValidationException"),
        (body(OutputFormat="ogg_vorbis"), "ValidationException"),
        (body(OutputFormat=["mp3"]), "ValidationException"),
        (body(TextType="html"), "ValidationException"),
        (body(Engine="quick"), "ValidationException"),
        (body(LanguageCode="xx-XX"), "ValidationException"),
        (body(LanguageCode={"a": 1}), "ValidationException"),
        (body(VoiceId="Olivia", Engine="standard"), "EngineNotSupportedException"),
        (body(VoiceId="Olivia"), "EngineNotSupportedException"),
        (body(SampleRate="11025"), "InvalidSampleRateException"),
        (body(SampleRate=24_000), "InvalidSampleRateException"),
        (body(OutputFormat="pcm", SampleRate="24000"), "InvalidSampleRateException"),
        (body(SpeechMarkTypes=["word"]), "MarksNotSupportedForFormatException"),
        (body(LexiconNames=["mine"]), "LexiconNotFoundException"),
        (body(Text="a" * 3_001), TOO_LONG),
        (body(Text=f"<speak>{'a' * 3_001}</speak>", TextType="ssml"), TOO_LONG),
        (body(Text=f"<speak>{'<p/>' * 1_500}</speak>", TextType="ssml"), TOO_LONG),
        (body(Text="<speak>", TextType="ssml"), "InvalidSsmlException"),
    ],
)  # fmt: skip
def test_anything_else_is_refused_by_pollys_name_for_it(sent: bytes, kind: str) -> None:
    with pytest.raises(Refused) as refused:
        speech_request(sent)
    assert refused.value.kind == kind
