"""The certificate of a stage's own domain: whether API Gateway takes it, and browsers do.

Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/how-to-custom-domains-prerequisites.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from botocore.exceptions import ClientError

from infra.deployment.errors import DeploymentError, is_not_found
from infra.deployment.record import Place, websocket_name


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
        if is_not_found(error):
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
