"""A request of SynthesizeSpeech: what it may hold, and Polly's refusals in Polly's words.

See https://docs.aws.amazon.com/polly/latest/dg/API_SynthesizeSpeech.html.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

from infra.local.polly.polly_voices import LANGUAGE_CODES, VOICES, PollyVoice
from infra.local.polly.ssml import InvalidSsml, words
from infra.local.polly.worker_messages import Question

MOST_BILLED_CHARACTERS: Final = 3_000
MOST_CHARACTERS: Final = 6_000
"""Markup counts here and is not billed: https://docs.aws.amazon.com/polly/latest/dg/limits.html."""
RATES: Final[Mapping[str, Collection[int]]] = {
    "mp3": (8_000, 16_000, 22_050, 24_000),
    "pcm": (8_000, 16_000),
}
"""Samples a second by the formats that are made here; Polly makes more."""
_NEURAL_RATE: Final = 24_000
_STANDARD_RATE: Final = 22_050
_PCM_RATE: Final = 16_000
ENGINES: Final = ("standard", "neural", "long-form", "generative")
_VALIDATION: Final = "ValidationException"


class Refused(Exception):
    """An answer in Polly's error format."""

    def __init__(
        self, kind: str, message: str, status: HTTPStatus = HTTPStatus.BAD_REQUEST
    ) -> None:
        super().__init__(message)
        self.kind = kind
        self.status = status


@dataclass(frozen=True, slots=True)
class SpeechRequest:
    """What is to be said, in which language."""

    language: str
    question: Question

    @property
    def characters(self) -> int:
        """How many are billed."""
        return len(self.question.text)


def speech_request(body: bytes) -> SpeechRequest:
    """A request that was read.

    Raises:
        Refused: it is not one that Polly takes, or that is made here.
    """
    request = _decoded(body)
    voice = VOICES.get(_string(request, "VoiceId"))
    if voice is None:
        raise _not_in("voiceId", request["VoiceId"], VOICES)
    engine = _one_of(request, "Engine", ENGINES, "standard")
    if engine not in voice.engines:
        message = f"This voice does not support the selected engine: {engine}"
        raise Refused("EngineNotSupportedException", message)
    form = _one_of(request, "OutputFormat", RATES)
    _without_marks(request)
    question = Question(_text(request), _rate(request, form, engine), form)
    return SpeechRequest(_language(request, voice), question)


def _decoded(body: bytes) -> Mapping[str, Any]:
    try:
        request = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise Refused("SerializationException", "The body is not valid JSON") from error
    if not isinstance(request, dict):
        raise Refused("SerializationException", "The body must be a JSON object")
    return request


def _text(request: Mapping[str, Any]) -> str:
    text = _string(request, "Text")
    is_ssml = _one_of(request, "TextType", ("text", "ssml"), "text") == "ssml"
    if len(text) > (MOST_CHARACTERS if is_ssml else MOST_BILLED_CHARACTERS):
        raise _too_long()
    if not is_ssml:
        return text
    try:
        said = words(text)
    except InvalidSsml as error:
        raise Refused("InvalidSsmlException", f"Invalid SSML request: {error}") from error
    if len(said) > MOST_BILLED_CHARACTERS:
        raise _too_long()
    return said


def _rate(request: Mapping[str, Any], form: str, engine: str) -> int:
    usual = _STANDARD_RATE if engine == "standard" else _NEURAL_RATE
    asked = request.get("SampleRate") or str(_PCM_RATE if form == "pcm" else usual)
    if asked not in map(str, RATES[form]):
        message = f"{asked!r} is not a sample rate of {form}: {', '.join(map(str, RATES[form]))}"
        raise Refused("InvalidSampleRateException", message)
    return int(asked)


def _language(request: Mapping[str, Any], voice: PollyVoice) -> str:
    """The voice's own, or the other one of a bilingual voice.

    For other voices Polly ignores the code, if it is one.
    """
    code = request.get("LanguageCode")
    if code is not None and not (isinstance(code, str) and code in LANGUAGE_CODES):
        raise _not_in("languageCode", code, LANGUAGE_CODES)
    return voice.language(code if code == voice.other_language else None)


def _without_marks(request: Mapping[str, Any]) -> None:
    if request.get("SpeechMarkTypes"):
        message = "Speech marks are only supported for the json output format"
        raise Refused("MarksNotSupportedForFormatException", message)
    if names := request.get("LexiconNames"):
        message = f"Lexicon not found: {names}"
        raise Refused("LexiconNotFoundException", message, HTTPStatus.NOT_FOUND)


def _string(request: Mapping[str, Any], member: str) -> str:
    value = request.get(member)
    if not isinstance(value, str) or not value:
        raise Refused(_VALIDATION, f"{member} must be a string, and not empty")
    try:
        value.encode()
    except UnicodeEncodeError as error:  # JSON can say half an emoji
        raise Refused(_VALIDATION, f"{member} is not valid Unicode") from error
    return value


def _one_of(
    request: Mapping[str, Any], member: str, values: Collection[str], usual: str | None = None
) -> str:
    value = request.get(member) or usual
    if not isinstance(value, str) or value not in values:
        raise _not_in(member[0].lower() + member[1:], value, values)
    return value


def _not_in(member: str, value: object, values: Collection[str]) -> Refused:
    return Refused(
        _VALIDATION,
        f"1 validation error detected: Value {value!r} at '{member}' failed to satisfy constraint: "
        f"Member must satisfy enum value set: [{', '.join(sorted(values))}]",
    )


def _too_long() -> Refused:
    return Refused("TextLengthExceededException", "Maximum text length has been exceeded")
