"""A stage's own domain: HTTP under `talk.example.org`, WebSockets under `ws.talk.example.org`.

It is a stack of its own (`infra/domain.yaml`), because Chalice's custom domains cannot be finished
after a deployment that broke off: Chalice looks for a domain on AWS, and for its mapping in its own
record (https://github.com/aws/chalice/issues/2134). Posts to `@connections` go on by the API's own
address: they need no DNS, and reach the sockets that came by either name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from botocore.exceptions import ClientError

from infra.deployment.errors import DeploymentError
from infra.deployment.record import Place, websocket_name

NO_DOMAIN: Final = "none"
"""What DOMAIN is where a stage is to lose its domain."""

_LABEL: Final = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
_DOMAIN: Final = re.compile(rf"({_LABEL}\.)+[a-z]([a-z0-9-]{{0,61}}[a-z0-9])?")
_LONGEST: Final = 253 - len("ws.")
"""Of a name in DNS."""

_CERTIFICATE: Final = re.compile(r"arn:(aws[a-z-]*):acm:([a-z0-9-]+):(\d{12}):certificate/[\w-]+")
_EXAMPLE: Final = "DOMAIN=talk.example.org CERTIFICATE=arn:aws:acm:REGION:ACCOUNT:certificate/ID"


@dataclass(frozen=True)
class DomainChoice:
    """What a deployment was told of the domain.

    Args:
        name: the domain; None leaves it as it is.
        certificate: its certificate's ARN; None leaves it as it is.
        removed: whether the stage is to lose its domain.
    """

    name: str | None = None
    certificate: str | None = None
    removed: bool = False


def chosen_domain(domain: str | None, certificate: str | None) -> DomainChoice:
    """What the command line says of the domain.

    Raises:
        DeploymentError: a value is malformed, or the two do not go together.
    """
    if certificate is not None and domain is None:
        raise DeploymentError("CERTIFICATE is given without DOMAIN", f"give both: {_EXAMPLE}")
    if domain is None:
        return DomainChoice()
    if domain == NO_DOMAIN:
        if certificate is not None:
            raise DeploymentError(f"DOMAIN={NO_DOMAIN} has no certificate", "leave CERTIFICATE out")
        return DomainChoice(removed=True)
    if not _DOMAIN.fullmatch(domain) or len(domain) > _LONGEST:
        raise DeploymentError(
            f"{domain!r} is not a domain such as talk.example.org",
            "give the name alone, in lower case and ASCII (xn--…), without https:// and without a "
            f"path, {_LONGEST} characters at most",
        )
    if certificate is not None and not _CERTIFICATE.fullmatch(certificate):
        raise DeploymentError(
            f"{certificate!r} is not the ARN of a certificate", f"give it as {_EXAMPLE}"
        )
    return DomainChoice(domain, certificate)


def require_certificate(session: Any, place: Place, name: str, certificate: str) -> None:
    """Refuses a certificate that API Gateway would not take, or browsers would not.

    Raises:
        DeploymentError: it is of another region or account, does not exist, is not issued, or does
            not name both domains.
    """
    *_, region, account, _ = certificate.split(":")
    request = (
        f"aws acm request-certificate --region {place.region} --validation-method DNS "
        f"--domain-name {name} --subject-alternative-names {websocket_name(name)}"
    )
    if (region, account) != (place.region, place.account):
        raise DeploymentError(
            f"the certificate is of account {account}, {region}, and the stage of {place.account}, "
            f"{place.region}: API Gateway takes one of its own region",
            request,
        )
    try:
        found = session.client("acm").describe_certificate(CertificateArn=certificate)
    except ClientError as error:
        if error.response["Error"]["Code"] == "ResourceNotFoundException":
            raise DeploymentError(
                f"the certificate {certificate} does not exist", request
            ) from error
        raise
    _require_usable(found["Certificate"], name, request)


def _require_usable(certificate: Mapping[str, Any], name: str, request: str) -> None:
    if (status := certificate["Status"]) != "ISSUED":
        remedy = request
        if status == "PENDING_VALIDATION":
            remedy = "put its validation records into DNS, and wait until it is issued"
        raise DeploymentError(f"the certificate for {name} is {status}, not ISSUED", remedy)
    covered = certificate.get("SubjectAlternativeNames") or [certificate["DomainName"]]
    for each in (name, websocket_name(name)):
        if not any(_covers(pattern, each) for pattern in covered):
            raise DeploymentError(
                f"the certificate is for {', '.join(covered)}, and not for {each}", request
            )


def _covers(pattern: str, name: str) -> bool:
    """A wildcard stands for one label."""
    label, _, rest = pattern.lower().partition(".")
    return pattern.lower() == name or (label == "*" and name.partition(".")[2] == rest)


def dns_steps(name: str, outputs: Mapping[str, str]) -> Iterator[str]:
    """What DNS needs, a line a record, and what holds until it has that."""
    for each, output in ((name, "HttpTarget"), (websocket_name(name), "WebSocketTarget")):
        target, zone = outputs[output], outputs[f"{output}Zone"]
        yield (f"DNS: {each} CNAME {target} (in Route 53: A, alias to it, hosted zone {zone})")
    yield f"until DNS has both, no page can connect; after that: https://{name}/"
