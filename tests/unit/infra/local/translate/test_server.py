"""What boto3 sends and understands, on a real loopback port; the engine is a fake."""

import asyncio
import json
import os
import re
import signal
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from infra.local.translate.api import MAX_TEXT_BYTES, PREPARE_PATH, application
from infra.local.translate.engine.apertium import PipeFailed
from infra.local.translate.engine.routes import UnsupportedPair
from infra.local.translate.engine_warmup import asking
from infra.local.translate.server import serve
from tests.fakes.serving import serving as served
from tests.hostile.translate_request import REQUESTS

if TYPE_CHECKING:
    from types_boto3_translate import TranslateClient

WORKERS = 2


class FakeEngine:
    """Upper case is its translation; `slow` waits for `go`, `broken` fails."""

    def __init__(self) -> None:
        self.go = threading.Event()
        self.busy = 0
        self.busiest = 0
        self.prepared: list[tuple[str, str]] = []
        self._lock = threading.Lock()

    @property
    def languages(self) -> Sequence[str]:
        return ("en", "es", "fr")

    def prepare(self, source: str, target: str) -> None:
        if not {source, target} <= set(self.languages):
            raise UnsupportedPair(f"no steps lead from {source} to {target}")
        self.prepared.append((source, target))

    def translate(self, text: str, source: str, target: str) -> str:
        if not {source, target} <= set(self.languages):
            raise UnsupportedPair(f"no steps lead from {source} to {target}")
        if text == "broken":
            raise PipeFailed("no answer in 2.0 s")
        if text == "slow":
            self._wait()
        return text.upper()

    def qualities(self) -> Mapping[str, str]:
        return {"es": "fair", "fr": "draft"}

    def close_unused(self, seconds: float) -> None:
        pass

    def close(self) -> None:
        self.go.set()

    def _wait(self) -> None:
        with self._lock:
            self.busy += 1
            self.busiest = max(self.busiest, self.busy)
        assert self.go.wait(10)
        with self._lock:
            self.busy -= 1


@contextmanager
def serving(engine: FakeEngine) -> Iterator[str]:
    """The application on a free port, in a loop and a thread of its own."""
    with ThreadPoolExecutor(WORKERS) as workers, served(application(engine, workers)) as origin:
        try:
            yield origin
        finally:
            engine.close()


@pytest.fixture
def engine() -> FakeEngine:
    return FakeEngine()


@pytest.fixture
def url(engine: FakeEngine) -> Iterator[str]:
    with serving(engine) as address:
        yield address


@pytest.fixture
def client(url: str) -> Iterator["TranslateClient"]:
    boto3_client = boto3.client(
        "translate",
        region_name="us-east-1",
        aws_access_key_id="local",
        aws_secret_access_key="local",
        endpoint_url=url,
        config=Config(retries={"total_max_attempts": 1}),
    )
    yield boto3_client
    boto3_client.close()


def into_spanish(client: "TranslateClient", text: str) -> str:
    answer = client.translate_text(Text=text, SourceLanguageCode="en", TargetLanguageCode="es")
    return answer["TranslatedText"]


def error_of(failure: pytest.ExceptionInfo[ClientError]) -> tuple[str, int]:
    response = failure.value.response
    return response["Error"]["Code"], response["ResponseMetadata"]["HTTPStatusCode"]


def posted(url: str, target: str, body: bytes) -> tuple[int, Any]:
    request = urllib.request.Request(url, body, {"X-Amz-Target": target})  # noqa: S310
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)


def test_a_text_is_translated(client: "TranslateClient") -> None:
    answer = client.translate_text(
        Text="¡buenos días! 😀", SourceLanguageCode="es", TargetLanguageCode="en"
    )
    assert answer["TranslatedText"] == "¡BUENOS DÍAS! 😀"
    assert (answer["SourceLanguageCode"], answer["TargetLanguageCode"]) == ("es", "en")


def test_settings_are_accepted_and_not_claimed_to_be_applied(client: "TranslateClient") -> None:
    answer = client.translate_text(
        Text="hi",
        SourceLanguageCode="en",
        TargetLanguageCode="es",
        Settings={"Profanity": "MASK", "Formality": "FORMAL"},
        TerminologyNames=[],
    )
    assert answer["TranslatedText"] == "HI"
    assert "AppliedSettings" not in answer


@pytest.mark.parametrize(("source", "target"), [("en", "de"), ("auto", "es"), ("en", "es-MX")])
def test_what_the_engine_lacks_is_an_unsupported_pair(
    client: "TranslateClient", source: str, target: str
) -> None:
    with pytest.raises(client.exceptions.UnsupportedLanguagePairException) as failure:
        client.translate_text(Text="hi", SourceLanguageCode=source, TargetLanguageCode=target)
    assert error_of(failure) == ("UnsupportedLanguagePairException", 400)
    response: Mapping[str, Any] = failure.value.response
    assert (response["SourceLanguageCode"], response["TargetLanguageCode"]) == (source, target)
    assert f"no steps lead from {source} to {target}" in str(failure.value)


def test_the_limit_is_in_bytes(client: "TranslateClient") -> None:
    assert into_spanish(client, "é" * (MAX_TEXT_BYTES // 2)) == "É" * (MAX_TEXT_BYTES // 2)
    for too_long in ("é" * (MAX_TEXT_BYTES // 2) + "a", "a" * 3_000_000):
        with pytest.raises(client.exceptions.TextSizeLimitExceededException) as failure:
            into_spanish(client, too_long)
        assert error_of(failure) == ("TextSizeLimitExceededException", 400)


def test_an_engine_that_fails_is_unavailable_for_the_moment(client: "TranslateClient") -> None:
    with pytest.raises(client.exceptions.ServiceUnavailableException) as failure:
        into_spanish(client, "broken")
    assert error_of(failure) == ("ServiceUnavailableException", 500)


def test_an_unknown_terminology_is_not_found(client: "TranslateClient") -> None:
    with pytest.raises(client.exceptions.ResourceNotFoundException):
        client.translate_text(
            Text="hi", SourceLanguageCode="en", TargetLanguageCode="es", TerminologyNames=["names"]
        )


def test_languages_are_listed_with_their_quality(client: "TranslateClient") -> None:
    answer = client.list_languages()
    assert answer["Languages"] == [
        {"LanguageName": "English", "LanguageCode": "en"},
        {"LanguageName": "Spanish", "LanguageCode": "es"},
        {"LanguageName": "French", "LanguageCode": "fr"},
    ]
    assert answer["DisplayLanguageCode"] == "en"
    assert "NextToken" not in answer
    headers = answer["ResponseMetadata"]["HTTPHeaders"]
    assert headers["x-translation-quality"] == "es=fair,fr=draft"


def test_languages_come_in_pages(client: "TranslateClient") -> None:
    first = client.list_languages(MaxResults=2)
    second = client.list_languages(MaxResults=2, NextToken=first["NextToken"])
    codes = [entry["LanguageCode"] for page in (first, second) for entry in page["Languages"]]
    assert codes == ["en", "es", "fr"]
    assert "NextToken" not in second
    with pytest.raises(client.exceptions.InvalidParameterValueException):
        client.list_languages(NextToken="not ours")


def test_names_are_in_english_only(client: "TranslateClient") -> None:
    with pytest.raises(client.exceptions.UnsupportedDisplayLanguageCodeException):
        client.list_languages(DisplayLanguageCode="de")


def test_a_signal_ends_the_server_and_its_engine(
    engine: FakeEngine, capsys: pytest.CaptureFixture[str]
) -> None:
    handled = signal.getsignal(signal.SIGTERM)

    async def serve_until_a_signal_comes() -> None:
        server = asyncio.create_task(serve(engine, 0))
        while not (said := capsys.readouterr().out):
            assert not server.done()
            await asyncio.sleep(0.01)
        assert re.fullmatch(r"ready http://127\.0\.0\.1:\d+\n", said)
        os.kill(os.getpid(), signal.SIGTERM)
        await asyncio.wait_for(server, 10)

    asyncio.run(serve_until_a_signal_comes())
    assert engine.go.is_set()
    assert signal.getsignal(signal.SIGTERM) == handled


def test_an_engine_is_started_before_its_sentence_and_without_waiting(
    url: str, engine: FakeEngine
) -> None:
    asking(url)("en", "fr")
    assert engine.prepared == [("en", "fr")]


def test_an_engine_that_is_not_there_is_not_started(url: str, engine: FakeEngine) -> None:
    asking(url)("en", "de")
    assert engine.prepared == []
    body = b'{"SourceLanguageCode":"en","TargetLanguageCode":"de"}'
    status, answer = posted(url + PREPARE_PATH, "", body)
    assert (status, answer["__type"]) == (400, "UnsupportedLanguagePairException")


@pytest.mark.parametrize(
    "body",
    [b"{", b"[]", b"{}", b'{"SourceLanguageCode":"en"}', b"[" * 200_000, b" " * 1_050_000],
    ids=["cut off", "a list", "no languages", "no target", "too deep", "too long"],
)
def test_what_does_not_name_a_pair_starts_no_engine(url: str, body: bytes) -> None:
    status, answer = posted(url + PREPARE_PATH, "", body)
    assert status == 400
    assert answer["Message"]


def test_the_engines_of_all_languages_load_while_every_worker_is_busy(
    client: "TranslateClient", engine: FakeEngine
) -> None:
    with ThreadPoolExecutor(6) as callers:
        calls = [callers.submit(into_spanish, client, "slow") for _ in range(WORKERS * 3)]
        deadline = time.monotonic() + 10
        while len(engine.prepared) < len(calls):
            assert time.monotonic() < deadline, engine.prepared
            time.sleep(0.01)
        engine.go.set()
        assert [call.result() for call in calls] == ["SLOW"] * len(calls)


@pytest.mark.parametrize("name", REQUESTS)
def test_a_malformed_request_is_refused_in_amazons_words(url: str, name: str) -> None:
    bad = REQUESTS[name]
    status, answer = posted(url, bad.target, bad.body)
    assert (status, answer["__type"]) == (400, bad.kind)
    assert answer["Message"]


def test_translations_never_block_the_server_and_never_outnumber_the_workers(
    client: "TranslateClient", engine: FakeEngine
) -> None:
    with ThreadPoolExecutor(6) as callers:
        calls = [callers.submit(into_spanish, client, "slow") for _ in range(WORKERS * 3)]
        assert client.list_languages()["Languages"]
        engine.go.set()
        assert [call.result() for call in calls] == ["SLOW"] * len(calls)
    assert engine.busiest <= WORKERS


@pytest.mark.parametrize("name", ["Origin", "Host"])
def test_a_web_page_gets_no_translation(url: str, name: str) -> None:
    headers = {name: "https://evil.example"}
    request = urllib.request.Request(url, data=b"{}", headers=headers)  # noqa: S310 - loopback
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(request, timeout=10)  # noqa: S310
    with refused.value as answer:
        assert answer.code == 403
