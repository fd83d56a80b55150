"""Amazon Translate's operations on the offline engine, in AWS JSON 1.1 as boto3 speaks it.

`X-Amz-Target` names the operation, an error carries its name in `__type`. TranslateText and
ListLanguages are there; what the engine lacks is refused as Amazon refuses it, never feigned:
`auto`, terminologies, other display languages. Settings are accepted and left out of the answer, as
Amazon leaves out those that do not apply: the engine knows neither profanity nor formality.
Do-not-translate markup is honoured (`do_not_translate`). ListLanguages adds a header that Amazon
does not send, `x-translation-quality: es=fair,fr=draft`.
"""

import asyncio
import json
import re
import uuid
from collections.abc import Awaitable, Callable, Mapping, Sequence
from concurrent.futures import Executor
from http import HTTPStatus
from typing import Any, Protocol

from aiohttp import web

from chalice_app.domain.languages import describe
from infra.local.access.programs_only import programs_only
from infra.local.translate.do_not_translate import around_elements
from infra.local.translate.engine.apertium import PipeFailed
from infra.local.translate.engine.routes import EngineClosed, UnsupportedPair

TARGET_PREFIX = "AWSShineFrontendService_20170701."
MAX_TEXT_BYTES = 10_000  # https://docs.aws.amazon.com/translate/latest/dg/what-is-limits.html
MAX_LANGUAGES = 500  # ListLanguages' own limit for MaxResults
QUALITY_HEADER = "x-translation-quality"
PREPARE_PATH = "/prepare"
"""Not an operation of Amazon's: has what translates between two languages started (202)."""

_CONTENT_TYPE = "application/x-amz-json-1.1"
_UNSUPPORTED_PAIR = "UnsupportedLanguagePairException"
_UNAVAILABLE = "ServiceUnavailableException"  # the one fault: status 500, which boto3 retries

Request = Mapping[str, Any]
Reply = tuple[dict[str, Any], dict[str, str]]


class Translator(Protocol):
    """What the server needs of an engine; its methods are called from several threads."""

    @property
    def languages(self) -> Sequence[str]:
        """Codes of all that it translates from and into."""

    def translate(self, text: str, source: str, target: str) -> str:
        """Raises UnsupportedPair, PipeFailed or EngineClosed."""

    def prepare(self, source: str, target: str) -> None:
        """Begin to start what such a translation takes. Raises UnsupportedPair."""

    def qualities(self) -> Mapping[str, str]:
        """A badge for each target that has one."""

    def close_unused(self, seconds: float) -> None:
        """End what it started and has not used for so long."""

    def close(self) -> None:
        """End what it started."""


class Refused(Exception):
    """An answer in Amazon's error format."""

    def __init__(self, kind: str, message: str, **members: str) -> None:
        super().__init__(message)
        self.body = {"__type": kind, "Message": message, **members}


class Endpoint:
    """The operations, and the threads that translate."""

    def __init__(self, engine: Translator, workers: Executor) -> None:
        self._engine = engine
        self._workers = workers
        self._operations: dict[str, Callable[[Request], Awaitable[Reply]]] = {
            "TranslateText": self._translate_text,
            "ListLanguages": self._list_languages,
        }

    async def handle(self, request: web.Request) -> web.Response:
        """One call: decode, run the operation, encode its answer or its refusal."""
        try:
            operation = self._operation(request.headers.get("X-Amz-Target", ""))
            body, headers = await operation(_decoded(await request.read()))
        except Refused as refused:
            status = 500 if refused.body["__type"] == _UNAVAILABLE else 400
            return _response(refused.body, status, {})
        except web.HTTPRequestEntityTooLarge:
            return _response(_too_long().body, HTTPStatus.BAD_REQUEST, {})
        return _response(body, HTTPStatus.OK, headers)

    async def prepare(self, request: web.Request) -> web.Response:
        """Begin to start an engine; the answer does not wait for it."""
        try:
            source, target = _pair(_decoded(await request.read()))
            self._engine.prepare(source, target)
        except Refused as refused:
            return _response(refused.body, HTTPStatus.BAD_REQUEST, {})
        except web.HTTPRequestEntityTooLarge:
            return _response(_too_long().body, HTTPStatus.BAD_REQUEST, {})
        except UnsupportedPair as error:
            return _response(
                Refused(_UNSUPPORTED_PAIR, str(error)).body, HTTPStatus.BAD_REQUEST, {}
            )
        return web.Response(status=HTTPStatus.ACCEPTED)

    def _operation(self, target: str) -> Callable[[Request], Awaitable[Reply]]:
        name = target.removeprefix(TARGET_PREFIX)
        if target == name or name not in self._operations:
            raise Refused("UnknownOperationException", f"unknown operation: {target!r}")
        return self._operations[name]

    async def _translate_text(self, request: Request) -> Reply:
        text = _string(request, "Text")
        source, target = _pair(request)
        if len(text.encode()) > MAX_TEXT_BYTES:
            raise _too_long()
        if names := request.get("TerminologyNames"):
            raise Refused("ResourceNotFoundException", f"no such terminology: {names}")
        loop = asyncio.get_running_loop()
        codes = {"SourceLanguageCode": source, "TargetLanguageCode": target}
        try:
            # Here, not in a worker: each chain loads while the workers are at other sentences.
            self._engine.prepare(source, target)
            translated = await loop.run_in_executor(
                self._workers, around_elements, text, self._between(source, target)
            )
        except UnsupportedPair as error:
            raise Refused(_UNSUPPORTED_PAIR, str(error), **codes) from error
        except (PipeFailed, EngineClosed) as error:
            raise Refused(_UNAVAILABLE, str(error)) from error
        return {"TranslatedText": translated, **codes}, {}

    def _between(self, source: str, target: str) -> Callable[[str], str]:
        return lambda text: self._engine.translate(text, source, target)

    async def _list_languages(self, request: Request) -> Reply:
        display = request.get("DisplayLanguageCode", "en")
        if display != "en":
            raise Refused(
                "UnsupportedDisplayLanguageCodeException",
                "names are available in English only",
                DisplayLanguageCode=str(display),
            )
        codes, token = _page(self._engine.languages, request)
        names = [{"LanguageCode": code, "LanguageName": describe(code).name} for code in codes]
        qualities = ",".join(f"{code}={mark}" for code, mark in self._engine.qualities().items())
        return (
            {"Languages": names, "DisplayLanguageCode": "en", **token},
            {QUALITY_HEADER: qualities},
        )


def application(engine: Translator, workers: Executor) -> web.Application:
    """The server's application, for a runner with a port."""
    app = web.Application(middlewares=[programs_only])
    endpoint = Endpoint(engine, workers)
    app.router.add_post("/", endpoint.handle)
    app.router.add_post(PREPARE_PATH, endpoint.prepare)
    return app


def _decoded(body: bytes) -> Request:
    try:
        request = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise Refused("SerializationException", "the body is not valid JSON") from error
    if not isinstance(request, dict):
        raise Refused("SerializationException", "the body must be a JSON object")
    return request


def _pair(request: Request) -> tuple[str, str]:
    return _string(request, "SourceLanguageCode"), _string(request, "TargetLanguageCode")


def _string(request: Request, member: str) -> str:
    value = request.get(member)
    if not isinstance(value, str) or not value:
        raise Refused("InvalidRequestException", f"{member} must be a string, and not empty")
    try:
        value.encode()
    except UnicodeEncodeError as error:  # JSON can say half an emoji
        raise Refused("InvalidRequestException", f"{member} is not valid Unicode") from error
    return value


def _too_long() -> Refused:
    return Refused("TextSizeLimitExceededException", f"Text exceeds {MAX_TEXT_BYTES} bytes")


def _page(codes: Sequence[str], request: Request) -> tuple[Sequence[str], dict[str, str]]:
    """The codes asked for and the members that lead to the next; a token is an offset."""
    size, token = request.get("MaxResults", MAX_LANGUAGES), request.get("NextToken", "0")
    if not isinstance(size, int) or not 1 <= size <= MAX_LANGUAGES:
        raise Refused("InvalidParameterValueException", f"MaxResults must be 1 to {MAX_LANGUAGES}")
    if not isinstance(token, str) or not re.fullmatch(r"[0-9]{1,9}", token):
        raise Refused(
            "InvalidParameterValueException", "NextToken must be one that ListLanguages returned"
        )
    end = int(token) + size
    return codes[int(token) : end], {"NextToken": str(end)} if end < len(codes) else {}


def _response(body: Mapping[str, Any], status: int, headers: Mapping[str, str]) -> web.Response:
    return web.Response(
        body=json.dumps(body).encode(),
        status=status,
        content_type=_CONTENT_TYPE,
        headers={**headers, "x-amzn-RequestId": str(uuid.uuid4())},
    )
