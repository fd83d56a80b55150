"""Amazon Polly's operations on the offline voices, as boto3 speaks them: rest-json.

SynthesizeSpeech (`POST /v1/speech`) and DescribeVoices (`GET /v1/voices`) are there. An error has
its name in the header `x-amzn-ErrorType`. Any of Polly's voices may be asked for: the language
decides which voice of this machine speaks, and one that none speaks is refused, never feigned.
"""

from __future__ import annotations

import asyncio
import json
import logging
import uuid
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final, Protocol

from aiohttp import web

from chalice_app.domain.languages import describe
from infra.local.access.programs_only import programs_only
from infra.local.polly.polly_voices import LANGUAGE_CODES, VOICES, PollyVoice
from infra.local.polly.request import ENGINES, Refused, SpeechRequest, speech_request
from infra.local.polly.voice_process import VoiceBusy, VoiceFailed
from infra.local.polly.voices import LanguageWithoutVoice
from infra.local.polly.worker_messages import Question

LOGGER = logging.getLogger(__name__)

PREPARE_PATH: Final = "/prepare"
"""Not an operation of Amazon's: has the voices of some languages loaded (202)."""
CONTENT_TYPES: Final = {"mp3": "audio/mpeg", "pcm": "audio/pcm"}
_JSON: Final = "application/json"


class Speaker(Protocol):
    """What the server needs of the voices."""

    @property
    def languages(self) -> frozenset[str]:
        """Those that are spoken."""

    async def prepare(self, language: str) -> None:
        """Begin to load a voice. Raises LanguageWithoutVoice or VoiceFailed."""

    async def speak(self, language: str, question: Question) -> bytes:
        """The sound. Raises LanguageWithoutVoice, VoiceBusy or VoiceFailed."""


class Endpoint:
    """The operations."""

    def __init__(self, voices: Speaker) -> None:
        self._voices = voices

    async def speech(self, request: web.Request) -> web.Response:
        """SynthesizeSpeech: check, speak, and answer with the sound or the refusal."""
        try:
            asked = speech_request(await _body(request))
            sound = await self._spoken(asked)
        except Refused as refused:
            return _refusal(refused)
        headers = {"x-amzn-RequestCharacters": str(asked.characters)}
        return _response(sound, HTTPStatus.OK, CONTENT_TYPES[asked.question.form], headers)

    async def voices(self, request: web.Request) -> web.Response:
        """DescribeVoices: those whose language is spoken here."""
        engine, code = (request.query.get(name) for name in ("Engine", "LanguageCode"))
        if (engine and engine not in ENGINES) or (code and code not in LANGUAGE_CODES):
            return _refusal(Refused("ValidationException", "no such engine or language code"))
        found = [
            _described(voice)
            for voice in VOICES.values()
            if voice.language() in self._voices.languages
            and engine in (None, *voice.engines)
            and code in (None, voice.language_code)
        ]
        return _response(json.dumps({"Voices": found}).encode(), HTTPStatus.OK, _JSON, {})

    async def prepare(self, request: web.Request) -> web.Response:
        """Begin to load the voices of languages; the answer does not wait for them."""
        try:
            languages = json.loads(await _body(request))["Languages"]
            wanted = [each for each in languages if each in self._voices.languages]
        except (ValueError, TypeError, KeyError, RecursionError):
            return _refusal(Refused("SerializationException", "Languages must be a list"))
        except Refused as refused:
            return _refusal(refused)
        for result in await asyncio.gather(
            *map(self._voices.prepare, wanted), return_exceptions=True
        ):
            if isinstance(result, VoiceFailed):
                LOGGER.warning("a voice cannot be started: %s", result)
        return web.Response(status=HTTPStatus.ACCEPTED)

    async def _spoken(self, asked: SpeechRequest) -> bytes:
        try:
            return await self._voices.speak(asked.language, asked.question)
        except LanguageWithoutVoice as error:
            message = f"No voice of this machine speaks {describe(asked.language).name}"
            raise Refused("LanguageNotSupportedException", message) from error
        except VoiceBusy as error:
            raise Refused("ThrottlingException", "Rate exceeded") from error
        except VoiceFailed as error:
            LOGGER.warning("a text in %s was not spoken: %s", asked.language, error)
            status = HTTPStatus.INTERNAL_SERVER_ERROR
            raise Refused("ServiceFailureException", str(error), status) from error


def application(voices: Speaker) -> web.Application:
    """The server's application, for a runner with a port."""
    app = web.Application(middlewares=[programs_only])
    endpoint = Endpoint(voices)
    app.router.add_post("/v1/speech", endpoint.speech)
    app.router.add_get("/v1/voices", endpoint.voices)
    app.router.add_post(PREPARE_PATH, endpoint.prepare)
    return app


async def _body(request: web.Request) -> bytes:
    try:
        return await request.read()
    except web.HTTPRequestEntityTooLarge as error:
        message = "Maximum text length has been exceeded"
        raise Refused("TextLengthExceededException", message) from error


def _described(voice: PollyVoice) -> dict[str, Any]:
    other = [voice.other_language] if voice.other_language else []
    return {
        "Gender": voice.gender,
        "Id": voice.name,
        "LanguageCode": voice.language_code,
        "LanguageName": describe(voice.language()).name,
        "Name": voice.name,
        "AdditionalLanguageCodes": other,
        "SupportedEngines": list(voice.engines),
    }


def _refusal(refused: Refused) -> web.Response:
    headers = {"x-amzn-ErrorType": refused.kind}
    body = json.dumps({"message": str(refused)}).encode()
    return _response(body, refused.status, _JSON, headers)


def _response(
    body: bytes, status: HTTPStatus, content_type: str, headers: Mapping[str, str]
) -> web.Response:
    return web.Response(
        body=body,
        status=status,
        content_type=content_type,
        headers={**headers, "x-amzn-RequestId": str(uuid.uuid4())},
    )
