"""What a function asks of AWS, in the words of its IAM policy: actions and resources.

boto3's calls are recorded where botocore builds them, those of the poster by the server that it
posts to. Resources are named by the placeholders of `.chalice/policies`.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from io import BytesIO
from types import SimpleNamespace
from typing import Any, Final
from urllib.parse import urlsplit

from botocore.response import StreamingBody

from chalice_app.aws.clients import Clients
from chalice_app.bootstrap.adapters import aws_adapters
from chalice_app.bootstrap.application import Application
from chalice_app.bootstrap.process import composed
from chalice_app.transcription.ports import Recogniser
from tests.fakes.synthesis import FRAME
from tests.fakes.world import SETTINGS
from tests.unit.chalice_app.aws.posting.scripted_gateway import ScriptedGateway

SOUNDS_BUCKET: Final = "sounds-test"

Need = tuple[str, str]
"""An action and the resource it is for."""

TABLES: Mapping[str, str] = {
    SETTINGS.sessions_table: "${SessionsTableArn}",
    SETTINGS.connections_table: "${ConnectionsTableArn}",
    SETTINGS.cached_translations_table: "${CachedTranslationsTableArn}",
    SETTINGS.rosters_table: "${RostersTableArn}",
    SETTINGS.sentences_table: "${SentencesTableArn}",
}

_ANSWERS: Mapping[str, Mapping[str, Any]] = {
    "TranslateText": {"TranslatedText": "texto"},
    "ListLanguages": {
        "Languages": [
            {"LanguageCode": code, "LanguageName": code} for code in ("de", "en", "es", "fr", "pt")
        ],
        "ResponseMetadata": {"HTTPHeaders": {}},
    },
    "Invoke": {"StatusCode": 202},
    "DescribeAlarms": {"MetricAlarms": []},
    "GetMetricData": {"MetricDataResults": []},
    "HeadObject": {"Error": {"Code": "404", "Message": "Not Found"}},
    "PutObject": {},
    "DeleteObject": {},
}
"""What moto does not answer, or as a bucket that has no sound yet."""

_SOUND: Final = FRAME * 50


@dataclass(frozen=True)
class SignedStreams:
    """Notes what a presigned address asks for, as AWS does when a browser opens it."""

    signing: Recogniser
    needs: Callable[[], set[Need]]

    def presign(self, endpoint: str, language_code: str, sample_rate: int, seconds: int) -> str:
        """The address, as the function signs it."""
        url = self.signing.presign(endpoint, language_code, sample_rate, seconds)
        assert urlsplit(url).path == "/stream-transcription-websocket"
        self.needs().add(("transcribe:StartStreamTranscriptionWebSocket", "*"))
        return url


class Recorder:
    """The needs of each function, by its Chalice name; `payloads` are those of its invocations."""

    def __init__(self, gateway: ScriptedGateway, needs: dict[str, set[Need]]) -> None:
        self.gateway = gateway
        self.payloads: dict[str, list[bytes]] = {"broadcast": [], "voice": [], "transcript": []}
        self._needs = needs
        self._current: set[Need] = set()
        self._settings = replace(
            SETTINGS,
            management_endpoint=gateway.endpoint,
            operator_token_hash="open",
            sounds_bucket=SOUNDS_BUCKET,
            voice_languages={"es": "good"},
        )
        # Made once: the SDK takes longer to load its service models than all the rest takes.
        adapters = aws_adapters(self._settings)
        signed = SignedStreams(adapters.recogniser, self._current_needs)
        self._adapters = replace(adapters, recogniser=signed)
        clients: Clients = self._adapters.translator.clients  # type: ignore[attr-defined]
        answered = (
            *(clients.translate, clients.lambda_, clients.cloudwatch, clients.polly, clients.s3),
        )
        for client in (clients.dynamodb, *answered):
            client.meta.events.register("provide-client-params", self._record)
        answer: Any = _answer  # what botocore's stubs do not know: an answer spares the call
        for client in answered:
            client.meta.events.register("before-call", answer)

    @contextmanager
    def function(self, name: str, **settings: Any) -> Iterator[Application]:
        """A new container of a function: what is called within is its need."""
        self._current = self._needs.setdefault(name, set())
        posted = len(self.gateway.requests)
        application = Application(replace(self._settings, **settings), self._adapters)
        with composed(application):
            yield application
        application.hit_buffer.flush()
        for request in self.gateway.requests[posted:]:
            resource = f"${{WebSocketApiArn}}/api/{request.method}/@connections/*"
            self._current.add(("execute-api:ManageConnections", resource))

    def close(self) -> None:
        """Closes the sockets to the gateway."""
        self._adapters.gateway.shutdown()  # type: ignore[attr-defined]

    def _current_needs(self) -> set[Need]:
        return self._current

    def _record(self, model: Any, params: Mapping[str, Any], **_: object) -> None:
        self._current.update(_needs(model, params))
        if model.name == "Invoke":
            self.payloads[_invoked(params)].append(params["Payload"])


def _answer(model: Any, **_: object) -> tuple[SimpleNamespace, Mapping[str, Any]]:
    if model.name == "SynthesizeSpeech":
        return SimpleNamespace(status_code=200), _sound()
    answer = _ANSWERS[model.name]
    return SimpleNamespace(status_code=404 if "Error" in answer else 200), answer


def _sound() -> Mapping[str, Any]:
    stream = StreamingBody(BytesIO(_SOUND), len(_SOUND))
    return {"ContentType": "audio/mpeg", "AudioStream": stream}


def _invoked(parameters: Mapping[str, Any]) -> str:
    """The Chalice name of an invoked function."""
    return str(parameters["FunctionName"]).rpartition("-")[2]


def _needs(model: Any, parameters: Mapping[str, Any]) -> Iterator[Need]:
    operation, service = model.name, model.service_model.endpoint_prefix
    match service:
        case "translate" | "polly":
            assert "LexiconNames" not in parameters  # for which Polly has resources
            yield f"{service}:{operation}", "*"
        case "monitoring":
            yield f"cloudwatch:{operation}", "*"
        case "lambda":
            yield "lambda:InvokeFunction", f"${{{_invoked(parameters).capitalize()}FunctionArn}}"
        case "s3":
            yield from _needs_of_sounds(operation, parameters)
        case _:
            yield from _needs_of_tables(operation, parameters)


def _needs_of_tables(operation: str, parameters: Mapping[str, Any]) -> Iterator[Need]:
    if operation == "TransactWriteItems":
        # Authorised as what is in it; see "Using IAM with DynamoDB transactions".
        for item in parameters["TransactItems"]:
            ((kind, action),) = item.items()
            yield f"dynamodb:{kind}Item", TABLES[action["TableName"]]
    elif "RequestItems" in parameters:
        for table in parameters["RequestItems"]:
            yield f"dynamodb:{operation}", TABLES[table]
    else:
        index = f"/index/{parameters['IndexName']}" if "IndexName" in parameters else ""
        yield f"dynamodb:{operation}", TABLES[parameters["TableName"]] + index


def _needs_of_sounds(operation: str, parameters: Mapping[str, Any]) -> Iterator[Need]:
    """HEAD is authorised as GET is, and answers that a sound is missing only to who may list.

    Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html
    """
    assert parameters["Bucket"] == SOUNDS_BUCKET
    folder = parameters["Key"].partition("/")[0]
    assert folder in ("sounds", "transcripts")
    action = {"HeadObject": "GetObject"}.get(operation, operation)
    yield f"s3:{action}", f"${{SoundsBucketArn}}/{folder}/*"
    if operation == "HeadObject":
        yield "s3:ListBucket", "${SoundsBucketArn}"
