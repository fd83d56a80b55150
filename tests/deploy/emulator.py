"""AWS on loopback for a deployment: ministack, Translate's protocol, and a stub of Polly's."""

import json
import os
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3

from infra.local.process.ports import free_ports
from infra.local.stage.environment import child_environment, emulator_environment, url
from infra.local.stage.processes import Child, python
from tests.deploy.stub_polly import StubPolly, running_polly

PATIENCE = 60.0
REGION = "us-east-1"
SERVICES = (
    "cloudformation,dynamodb,dynamodbstreams,lambda,apigateway,execute-api,iam,sts,s3,sqs,sns,"
    "monitoring,logs,events,acm"
)


@dataclass(frozen=True)
class Emulator:
    """Where it answers; `environment` makes an AWS SDK talk to it and to nothing else."""

    port: int
    translate: str
    polly: StubPolly
    environment: Mapping[str, str]

    @property
    def endpoint(self) -> str:
        """All of AWS but Translate and Polly."""
        return url(self.port)

    def client(self, service: str) -> Any:
        """A client of it, with keys that its functions do not have."""
        return boto3.client(
            service,  # type: ignore[call-overload]  # any service by its name
            endpoint_url=self.endpoint,
            region_name=REGION,
            aws_access_key_id="local",
            aws_secret_access_key="local",
        )


@contextmanager
def running_emulator(directory: Path, authorise: bool = False) -> Iterator[Emulator]:
    """An emulator of its own on free ports; `authorise` makes it enforce the roles' policies."""
    port = next(free_ports())
    settings = {
        **emulator_environment(os.environ, port, directory),
        "SERVICES": SERVICES,
        "PERSIST_STATE": "0",
        "AUTH": "true" if authorise else "false",
        "AWS_ACCESS_KEY_ID": "local",
        "AWS_SECRET_ACCESS_KEY": "local",
        "S3_DATA_DIR": str(directory / "s3"),
        "LOG_LEVEL": "INFO",
    }
    with ExitStack() as children:

        def start(name: str, command: list[str], environment: Mapping[str, str]) -> Child:
            child = Child(name, command, environment, directory / f"{name}.log")
            children.callback(_stop, child)
            return child

        emulator = start("ministack", python("ministack"), settings)
        clean = child_environment(os.environ)
        server = start("translate", python("infra.local.translate.server", "--port", "0"), clean)
        polly = children.enter_context(running_polly())
        translate = _ready_line(server)
        _await_health(emulator, port)
        environment = child_environment(os.environ, _sdk(port, translate))
        yield Emulator(port, translate, polly, environment)


def _sdk(port: int, translate: str) -> Mapping[str, str]:
    return {
        "AWS_ENDPOINT_URL": url(port),
        "AWS_ENDPOINT_URL_TRANSLATE": translate,
        "AWS_ACCESS_KEY_ID": "local",
        "AWS_SECRET_ACCESS_KEY": "local",
        "AWS_DEFAULT_REGION": REGION,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": "/nonexistent",
        "AWS_SHARED_CREDENTIALS_FILE": "/nonexistent",
    }


def _ready_line(child: Child) -> str:
    deadline = time.monotonic() + PATIENCE
    while (line := child.ready_line()) is None:
        _require_alive(child, deadline)
        time.sleep(0.02)
    return line


def _await_health(child: Child, port: int) -> None:
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            with urllib.request.urlopen(f"{url(port)}/_ministack/health", timeout=1) as answer:  # noqa: S310
                json.load(answer)
                return
        except OSError:
            _require_alive(child, deadline)
            time.sleep(0.02)


def _require_alive(child: Child, deadline: float) -> None:
    assert child.exit_code is None, f"{child.name} has ended: {child.last_lines()}"
    assert time.monotonic() < deadline, f"{child.name} is not ready: {child.last_lines()}"


def _stop(child: Child) -> None:
    child.terminate()
    if not child.wait(time.monotonic() + 5.0):
        child.kill()
