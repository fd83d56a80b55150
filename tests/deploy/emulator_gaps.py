"""What ministack 1.5.33 lacks of AWS, each gap treated here and nowhere else.

- `AWS::ApiGatewayV2::Deployment` is unknown to its CloudFormation: dropped, and the stage deploys
  itself (AutoDeploy), which AWS offers for WebSocket APIs alike.
- It has no domain per API: sockets and `@connections` are reached by a path of its one port, which
  the functions are told by the variables that also name a custom domain.
- It answers no TranslateText and knows no Polly: the functions are given the endpoints of servers
  that do.
- It speaks no TLS, and enforces the policy by which the bucket of sounds refuses plain connections:
  the policy is removed before a sound can be heard.
- Its CloudFormation passes over a bucket's lifecycle, encryption and ownership; the template's are
  held by a unit test.
- It reads no zip from beside a template: the zip goes to its S3, as `aws cloudformation package`
  does for AWS.
- It has no PutRestApi, with which Chalice updates the HTTP routes: answered here, and nothing is
  changed. (Its ImportRestApi makes an API without routes, so the function is invoked directly.)
- It settles a function's change in half a second, where the SDK looks only every five: the SDK's
  own waiters are copied with shorter delays (AWS_DATA_PATH).
- SAM is translated by the package that AWS publishes for it (aws-sam-translator).
"""

import copy
import http.client
import json
import re
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import botocore

from tests.deploy.emulator import Emulator

BUCKET = "deployment"
ZIP_KEY = "deployment.zip"


def treated(template: dict[str, Any], emulator: Emulator, zip_file: Path) -> dict[str, Any]:
    """The packaged template as this emulator takes it."""
    treated = copy.deepcopy(template)
    resources = treated["Resources"]
    del resources["WebsocketAPIDeployment"]
    stage = resources["WebsocketAPIStage"]["Properties"]
    del stage["DeploymentId"]
    stage["AutoDeploy"] = True
    resources["WebsocketAPIStage"]["DependsOn"] = [
        name for name, each in resources.items() if each["Type"] == "AWS::ApiGatewayV2::Route"
    ]
    variables = treated["Globals"]["Function"]["Environment"]["Variables"]
    variables |= endpoints(emulator, {"Ref": "WebsocketAPI"})
    code = _upload(emulator, zip_file)
    for resource in resources.values():
        if resource["Type"] == "AWS::Serverless::Function":
            resource["Properties"]["CodeUri"] = code
    return treated


def endpoints(emulator: Emulator, api_id: Any) -> dict[str, Any]:
    """The functions' variables that lead to the emulator; the id may be a template's reference."""
    path = f"127.0.0.1:{emulator.port}/_aws/execute-api/"

    def address(scheme: str) -> Any:
        parts = [f"{scheme}://{path}", api_id, "/api"]
        return "".join(parts) if isinstance(api_id, str) else {"Fn::Join": ["", parts]}

    return {
        "AWS_ENDPOINT_URL": emulator.endpoint,
        "AWS_ENDPOINT_URL_TRANSLATE": emulator.translate,
        "AWS_ENDPOINT_URL_POLLY": emulator.polly.endpoint,
        "AWS_ENDPOINT_URL_APIGATEWAYMANAGEMENTAPI": address("http"),
        "WEBSOCKET_URL": address("ws"),
    }


def let_plain_connections_in(emulator: Emulator, bucket: str) -> None:
    """Removes the policy of the bucket of sounds."""
    s3 = emulator.client("s3")
    (statement,) = json.loads(s3.get_bucket_policy(Bucket=bucket)["Policy"])["Statement"]
    assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    s3.delete_bucket_policy(Bucket=bucket)


def http_url(emulator: Emulator, api_id: str) -> str:
    """Where the HTTP routes are."""
    return f"{emulator.endpoint}/restapis/{api_id}/api/_user_request_"


def _upload(emulator: Emulator, zip_file: Path) -> str:
    s3 = emulator.client("s3")
    s3.create_bucket(Bucket=BUCKET)
    s3.upload_file(str(zip_file), BUCKET, ZIP_KEY)
    return f"s3://{BUCKET}/{ZIP_KEY}"


@contextmanager
def for_chalice(emulator: Emulator, directory: Path) -> Iterator[Mapping[str, str]]:
    """The environment in which `chalice deploy` gets through."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _put_rest_api(emulator.port))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield {
            **emulator.environment,
            "AWS_ENDPOINT_URL_API_GATEWAY": f"http://127.0.0.1:{server.server_port}",
            "AWS_DATA_PATH": str(_quick_waiters(directory)),
        }
    finally:
        server.shutdown()
        server.server_close()


def _quick_waiters(directory: Path) -> Path:
    """The SDK's waiters for functions, looking ten times as often."""
    model = Path("lambda") / "2015-03-31" / "waiters-2.json"
    waiters = json.loads((Path(botocore.__file__).parent / "data" / model).read_text())
    for waiter in waiters["waiters"].values():
        waiter["delay"] = waiter["delay"] / 10
    (directory / model).parent.mkdir(parents=True)
    (directory / model).write_text(json.dumps(waiters))
    return directory


def _put_rest_api(port: int) -> type[BaseHTTPRequestHandler]:
    """API Gateway's control plane: the emulator's, with PutRestApi answered here."""

    class Handler(BaseHTTPRequestHandler):
        def handle_any(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            if self.command == "PUT" and (api := re.match(r"/restapis/(\w+)(\?|$)", self.path)):
                self.answer(200, json.dumps({"id": api[1]}).encode())
                return
            emulator = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
            try:
                emulator.request(self.command, self.path, body, dict(self.headers))
                response = emulator.getresponse()
                self.answer(response.status, response.read())
            finally:
                emulator.close()

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = handle_any  # noqa: N815

        def answer(self, status: int, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    return Handler
