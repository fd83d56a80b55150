"""What a function asks of AWS, in the words of its IAM policy: actions and resources.

boto3's calls are recorded where botocore builds them, those of the poster by the server that it
posts to. Resources are named by the placeholders of `.chalice/policies`.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from types import SimpleNamespace
from typing import Any

from chalice_app.bootstrap import Application, aws_adapters, composed
from chalice_app.config import Settings
from tests.fakes import SETTINGS
from tests.unit.chalice_app.aws.scripted_gateway import ScriptedGateway

Need = tuple[str, str]
"""An action and the resource it is for."""

TABLES: Mapping[str, str] = {
    SETTINGS.sessions_table: "${SessionsTableArn}",
    SETTINGS.connections_table: "${ConnectionsTableArn}",
    SETTINGS.cached_translations_table: "${CachedTranslationsTableArn}",
    SETTINGS.rosters_table: "${RostersTableArn}",
}

_ANSWERS: Mapping[str, Mapping[str, Any]] = {
    "TranslateText": {"TranslatedText": "texto"},
    "ListLanguages": {
        "Languages": [{"LanguageCode": code, "LanguageName": code} for code in ("en", "es", "pt")],
        "ResponseMetadata": {"HTTPHeaders": {}},
    },
    "Invoke": {"StatusCode": 202},
}
"""What moto does not answer."""


@dataclass
class Recorder:
    """The needs of each function, by its Chalice name; `payloads` are those of invocations."""

    gateway: ScriptedGateway
    needs: dict[str, set[Need]] = field(default_factory=dict)
    payloads: list[bytes] = field(default_factory=list)

    @contextmanager
    def function(self, name: str, **settings: Any) -> Iterator[Application]:
        """A new container of a function: what is called within is its need."""
        needs = self.needs.setdefault(name, set())
        posted = len(self.gateway.requests)
        of_test: Settings = replace(SETTINGS, management_endpoint=self.gateway.endpoint, **settings)
        adapters = aws_adapters(of_test)
        events = adapters.translator.clients.session.events  # type: ignore[attr-defined]
        events.register("provide-client-params", lambda **call: needs.update(_needs(call)))
        events.register("provide-client-params.lambda", self._keep_payload)
        for service in ("translate", "lambda"):
            events.register(f"before-call.{service}", _answer)
        application = Application(of_test, adapters)
        with composed(application):
            yield application
        if application.outbox is not None:
            application.outbox.flush()
        adapters.gateway.shutdown()  # type: ignore[attr-defined]
        for request in self.gateway.requests[posted:]:
            resource = f"${{WebSocketApiArn}}/api/{request.method}/@connections/*"
            needs.add(("execute-api:ManageConnections", resource))

    def _keep_payload(self, params: Mapping[str, Any], **_: object) -> None:
        self.payloads.append(params["Payload"])


def _answer(model: Any, **_: object) -> tuple[SimpleNamespace, Mapping[str, Any]]:
    return SimpleNamespace(status_code=200), _ANSWERS[model.name]


def _needs(call: Mapping[str, Any]) -> Iterator[Need]:
    operation, parameters = call["model"].name, call["params"]
    service = call["model"].service_model.endpoint_prefix
    if service == "translate":
        yield f"translate:{operation}", "*"
    elif service == "lambda":
        yield "lambda:InvokeFunction", "${BroadcastFunctionArn}"
    elif operation == "TransactWriteItems":
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
