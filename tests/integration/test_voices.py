"""Polly's protocol and the bucket of sounds on the real stage, as boto3 and a browser use them."""

import io
import os
import signal
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import av
import boto3
import numpy as np
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from infra.local.dictation.word_errors import WordErrors
from infra.local.polly.voice_process import MOST_WAITING
from infra.local.polly.voice_warmup import asking
from tests.integration.client import TRIES, Stage, loopback_client
from tests.integration.test_stage import STOP_SECONDS, alive, children_named, command_of, end, until
from tests.integration.test_stage import stage as own_stage
from tests.speech.heard import word_errors
from tests.speech.recording import turns_of

HEARD_SENTENCES = 30
SENTENCES = {
    "Joanna": "Four score and seven years ago our fathers brought forth a new nation.",
    "Lucia": "Hace ochenta y siete años nuestros padres crearon una nueva nación.",
    "Vicki": "Vor siebenundachtzig Jahren gründeten unsere Väter eine neue Nation.",
    "Lea": "Il y a quatre-vingt-sept ans nos pères ont créé une nouvelle nation.",
    "Bianca": "Ottantasette anni fa i nostri padri crearono una nuova nazione.",
    "Camila": "Há oitenta e sete anos os nossos pais criaram uma nova nação.",
    "Arlet": "Fa vuitanta-set anys els nostres pares van crear una nova nació.",
    "Sabela": "Hai oitenta e sete anos os nosos pais crearon unha nova nación.",
}
"""By the voice that says it; a sentence of each language."""
HUNG = "ServiceFailureException"
"""What is answered where a voice gave no answer in its time."""
WORKER = "infra.local.polly.worker"
ONCE = Config(retries={"total_max_attempts": 1}, max_pool_connections=32, read_timeout=120)


@pytest.fixture
def polly(stage: Stage) -> Any:
    return boto3.client(
        "polly",
        endpoint_url=stage.setting("AWS_ENDPOINT_URL_POLLY"),
        region_name="us-east-1",
        aws_access_key_id="local",
        aws_secret_access_key="local",
        config=ONCE,
    )


@pytest.fixture
def s3(stage: Stage) -> Iterator[Any]:
    client: Any = boto3.client(
        "s3",
        endpoint_url=stage.setting("AWS_ENDPOINT_URL_S3"),
        region_name="us-east-1",
        aws_access_key_id="local",
        aws_secret_access_key=stage.setting("AWS_SECRET_ACCESS_KEY"),
        config=Config(signature_version="s3v4"),
    )
    yield client
    client.close()


def spoken(polly: Any, voice: str, text: str) -> bytes:
    engine = "neural" if voice in ("Joanna", "Arlet") else "standard"
    answer = polly.synthesize_speech(
        VoiceId=voice, Engine=engine, Text=text, OutputFormat="mp3", SampleRate="24000"
    )
    assert answer["ContentType"] == "audio/mpeg"
    assert answer["RequestCharacters"] == len(text)
    sound: bytes = answer["AudioStream"].read()
    return sound


def samples(mp3: bytes) -> Any:
    with av.open(io.BytesIO(mp3), "r") as container:
        assert container.streams.audio[0].rate == 24_000
        return np.concatenate([frame.to_ndarray()[0] for frame in container.decode(audio=0)])


@pytest.mark.parametrize("voice", SENTENCES)
def test_each_language_is_spoken_trimmed_and_as_loud_as_the_others(polly: Any, voice: str) -> None:
    sound = samples(spoken(polly, voice, SENTENCES[voice]))
    assert 2.0 < len(sound) / 24_000 < 8.0
    (audible,) = np.nonzero(np.abs(sound) > 0.02)
    assert audible[0] < 0.15 * 24_000, "silence before the first word"
    assert len(sound) - audible[-1] < 0.2 * 24_000, "silence behind the last word"
    loudness = np.sqrt(np.mean(sound[np.abs(sound) > 0.01] ** 2))
    assert 0.07 < loudness < 0.14


def test_an_offline_recogniser_understands_the_english_voice(polly: Any) -> None:
    sentences = [sentence for turn in turns_of() for sentence in turn][:HEARD_SENTENCES]
    errors = [word_errors(each, spoken(polly, "Joanna", each)) for each in sentences]
    total = WordErrors(
        sum(each.substituted for each in errors),
        sum(each.missed for each in errors),
        sum(each.invented for each in errors),
        sum(each.said for each in errors),
    )
    print(f"en: {total} (no other language has a recogniser in the lock)")
    assert total.said > 200
    assert total.rate <= 0.05


def test_a_killed_voice_is_replaced_and_no_other_language_is_hurt(stage: Stage, polly: Any) -> None:
    before = {voice: spoken(polly, voice, SENTENCES[voice]) for voice in ("Joanna", "Lucia")}
    for worker in children_of_voices(stage, "hibari"):
        os.kill(worker, signal.SIGKILL)
    for voice, sound in before.items():
        assert len(spoken(polly, voice, SENTENCES[voice])) == pytest.approx(len(sound), rel=0.05)


@contextmanager
def stopped_voice(stage: Stage, polly: Any) -> Iterator[None]:
    """Joanna's voice does nothing in the block; after five seconds the server ends it (HUNG)."""
    spoken(polly, "Joanna", SENTENCES["Joanna"])
    (stopped,) = children_of_voices(stage, "hibari")
    os.kill(stopped, signal.SIGSTOP)
    try:
        yield
    finally:
        with suppress(ProcessLookupError):
            os.kill(stopped, signal.SIGCONT)


def test_a_voice_that_is_stopped_holds_up_no_other_language(stage: Stage, polly: Any) -> None:
    spoken(polly, "Lucia", SENTENCES["Lucia"])
    for _ in range(TRIES):
        with ThreadPoolExecutor(1) as pool:
            with stopped_voice(stage, polly):
                waiting = pool.submit(spoken, polly, "Joanna", SENTENCES["Joanna"])
                assert spoken(polly, "Lucia", SENTENCES["Lucia"])
                has_waited = not waiting.done()
            failure = waiting.exception()
        if has_waited and failure is None:
            return
        # A busy machine had no time left: the voice was ended before.
        assert failure is None or HUNG in str(failure), failure
    raise AssertionError(f"not said in time in {TRIES} tries")


def test_more_than_a_voice_can_say_is_throttled_and_the_rest_is_said(
    stage: Stage, polly: Any
) -> None:
    codes, sounds = said_at_once(stage, polly)
    for _ in range(TRIES):
        if HUNG not in codes:
            break
        # A busy machine: the voice was ended before all of them had come.
        codes, sounds = said_at_once(stage, polly)
    assert codes == ["ThrottlingException"] * 4
    assert len([sound for sound in sounds if sound]) == MOST_WAITING


def said_at_once(stage: Stage, polly: Any) -> tuple[list[str], list[bytes | None]]:
    """The refusals and the sounds of four texts more than may wait for a voice."""
    codes: list[str] = []

    def say(number: int) -> bytes | None:
        try:
            return spoken(polly, "Joanna", f"This is sentence {number}.")
        except ClientError as error:
            codes.append(error.response["Error"]["Code"])
            return None

    with ThreadPoolExecutor(MOST_WAITING + 4) as pool:
        with stopped_voice(stage, polly):
            said = [pool.submit(say, number) for number in range(MOST_WAITING + 4)]
            until(lambda: len(codes) >= 4 or all(each.done() for each in said), "nobody is refused")
        return codes, [each.result() for each in said]


def test_three_languages_at_once_are_said(polly: Any) -> None:
    voices = ("Joanna", "Lucia", "Camila")
    for voice in voices:
        spoken(polly, voice, SENTENCES[voice])

    def timed(voice: str) -> float:
        begun = time.monotonic()
        spoken(polly, voice, SENTENCES[voice])
        return time.monotonic() - begun

    with ThreadPoolExecutor(len(voices)) as pool:
        seconds = sorted(each for _ in range(10) for each in pool.map(timed, voices))
    # The benchmark holds the target.
    print(f"p50 {seconds[15]:.3f} s, p95 {seconds[28]:.3f} s")


@pytest.mark.parametrize("voice", ["Joanna", "Lucia", "Camila"])
def test_three_thousand_characters_are_said(polly: Any, voice: str) -> None:
    text = (SENTENCES[voice] + " ") * 60
    assert len(samples(spoken(polly, voice, text[:3_000]))) > 100 * 24_000
    with pytest.raises(ClientError) as refused:
        spoken(polly, voice, text[:3_001])
    assert refused.value.response["Error"]["Code"] == "TextLengthExceededException"


@pytest.mark.parametrize("voice", ["Joanna", "Lucia", "Camila"])
@pytest.mark.parametrize(
    "text",
    [".", "🎉🎉", "日本語", "<play file='/etc/passwd'/>", "[[h@l'oU]]", "x" * 300, "1" * 300,
     "?!" * 200, "\u202eabc\u0300\u0301", "\ufffe", "\x00\x1b[31m", "%s%n\\"],
)  # fmt: skip
def test_no_text_silences_a_voice(polly: Any, voice: str, text: str) -> None:
    assert len(spoken(polly, voice, text)) > 0
    assert len(samples(spoken(polly, voice, SENTENCES[voice]))) > 2 * 24_000


def test_a_browser_fetches_a_presigned_sound(stage: Stage, polly: Any, s3: Any) -> None:
    sound = spoken(polly, "Lucia", SENTENCES["Lucia"])
    bucket, key = stage.setting("SOUNDS_BUCKET_NAME"), "sounds/test.mp3"
    s3.put_object(Bucket=bucket, Key=key, Body=sound, ContentType="audio/mpeg")
    params = {"Bucket": bucket, "Key": key}
    url = s3.generate_presigned_url("get_object", Params=params, ExpiresIn=60)
    for origin in (
        {"Origin": stage.http},
        {"Origin": stage.http.replace("127.0.0.1", "localhost")},
        {},
    ):
        with fetched(url, origin) as answer:
            assert answer.read() == sound
            assert answer.headers["Access-Control-Allow-Origin"] == origin.get("Origin")
    with fetched(url, {"Range": "bytes=0-9"}) as answer:
        assert (answer.status, answer.read()) == (206, sound[:10])
    with pytest.raises(urllib.error.HTTPError) as refused:
        fetched(url, {"Origin": "http://evil.example"})
    with refused.value as answer:
        assert answer.code == 403


def test_no_page_reaches_polly_or_the_tables(stage: Stage) -> None:
    for address in (stage.setting("AWS_ENDPOINT_URL_POLLY") + "/v1/voices", stage.dynamodb):
        with pytest.raises(urllib.error.HTTPError) as refused:
            fetched(address, {"Origin": stage.http})
        with refused.value as answer:
            assert answer.code == 403


def test_the_bucket_of_sounds_is_described_by_no_other_service(stage: Stage) -> None:
    with (
        loopback_client("s3", stage.dynamodb) as emulator,
        pytest.raises(ClientError),
    ):
        emulator.put_object(Bucket=stage.setting("SOUNDS_BUCKET_NAME"), Key="a", Body=b"")


@pytest.mark.parametrize("ended_by", [signal.SIGTERM, signal.SIGKILL])
def test_voices_that_load_or_speak_do_not_outlive_the_stage(
    tmp_path: Path, ended_by: signal.Signals
) -> None:
    with own_stage(tmp_path / "log") as running:
        own = Stage(running.http, running.ws, running.process.pid, running.dynamodb)
        asking(own.setting("AWS_ENDPOINT_URL_POLLY"))(["en", "es", "pt"])
        until(lambda: len(children_of_voices(own)) == 3, "no voice is started")
        workers = set(children_of_voices(own))
        if ended_by is signal.SIGTERM:
            assert end(running.process) < STOP_SECONDS
        else:
            os.kill(running.process.pid, ended_by)
        until(lambda: not alive(workers), "a voice outlived its stage")


def fetched(url: str, headers: dict[str, str]) -> Any:
    asked = urllib.request.Request(url, headers=headers)  # noqa: S310 - loopback
    return urllib.request.urlopen(asked, timeout=30)  # noqa: S310


def children_of_voices(stage: Stage, engine: str = WORKER) -> list[int]:
    """The workers of an engine, or all."""
    (server,) = children_named(stage.pid or 0, "infra.local.polly.server")
    return [
        worker for worker in children_named(server, WORKER) if engine in command_of(worker).split()
    ]
