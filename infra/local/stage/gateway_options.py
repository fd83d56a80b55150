"""What the gateway is started with: where it listens, and where its requests go."""

from __future__ import annotations

from collections.abc import Sequence

from infra.local.hall.place import HallPlace
from infra.local.stage.environment import Environment, Ports, url


def gateway_options(
    ports: Ports, environment: Environment, place: HallPlace | None = None
) -> Sequence[str]:
    """The gateway's command line; `environment` has the endpoints of what is behind it."""
    options = ["--functions", environment["AWS_ENDPOINT_URL_LAMBDA"], "--port", str(ports.ws)]
    if ports.http is not None:
        options += ["--http-port", str(ports.http)]
    if place is not None:
        options += _hall_options(place)
        if "SOUNDS_BUCKET_NAME" in environment:
            options += ["--sounds", environment["AWS_ENDPOINT_URL_S3"]]
        if ports.transcribe is not None:
            options += ["--transcribe", url(ports.transcribe)]
    return options


def _hall_options(place: HallPlace) -> Sequence[str]:
    known_as = [str(place.address.at.ip), *([place.address.name] if place.address.name else [])]
    options = ["--hall", ",".join(known_as), "--hall-port", str(place.http_port)]
    if place.ws_port is not None:
        options += ["--hall-ws-port", str(place.ws_port)]
    if place.certificate is not None:
        options += ["--tls-port", str(place.tls_port), "--certificate", str(place.certificate.file)]
    return options
