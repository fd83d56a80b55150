"""A deployed stage as its clients see it: `tests.integration.client.Stage` below a path."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tests.deploy.emulator import Emulator
from tests.integration.client import Answer, Stage


@dataclass(frozen=True, slots=True)
class BelowPath(Stage):
    """A stage whose HTTP routes are below a path, as every API Gateway stage's are."""

    prefix: str = ""

    def request(
        self,
        method: str,
        path: str,
        body: object = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """An HTTP request to the path below the prefix."""
        # super() does not know a class that slots=True has made anew.
        return Stage.request(self, method, self.prefix + path, body, headers)


@dataclass(frozen=True, slots=True)
class ByInvocation(Stage):
    """A stage whose HTTP function is invoked directly, as API Gateway would."""

    emulator: Emulator | None = None
    function: str = ""

    def request(
        self,
        method: str,
        path: str,
        body: object = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """An HTTP request, as API Gateway's proxy integration hands it to the function."""
        assert self.emulator is not None
        event = proxy_event(method, path, body, headers or {"Content-Type": "application/json"})
        invoked = self.emulator.client("lambda").invoke(
            FunctionName=self.function, Payload=json.dumps(event)
        )
        answer: Any = json.loads(invoked["Payload"].read())
        assert "statusCode" in answer, answer
        return Answer(answer["statusCode"], answer.get("headers", {}), answer["body"].encode())


def proxy_event(
    method: str, path: str, body: object, headers: Mapping[str, str]
) -> Mapping[str, Any]:
    """API Gateway's event for a route of the sessions."""
    session_id = path.removeprefix("/sessions/")
    has_id = session_id != path
    return {
        "resource": "/sessions/{session_id}" if has_id else path,
        "path": path,
        "httpMethod": method,
        "headers": dict(headers),
        "multiValueHeaders": {name: [value] for name, value in headers.items()},
        "multiValueQueryStringParameters": None,
        "pathParameters": {"session_id": session_id} if has_id else None,
        "stageVariables": None,
        "requestContext": {
            "resourcePath": "/sessions/{session_id}" if has_id else path,
            "httpMethod": method,
            "path": path,
            "requestId": "by-invocation",
            "identity": {"sourceIp": "127.0.0.1"},
        },
        "body": None if body is None else json.dumps(body),
        "isBase64Encoded": False,
    }
