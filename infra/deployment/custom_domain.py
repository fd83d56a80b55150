"""A stage's own domain: HTTP under `talk.example.org`, WebSockets under `ws.talk.example.org`.

It is a stack of its own (`infra/domain.yaml`), because Chalice's custom domains cannot be finished
after a deployment that broke off: Chalice looks for a domain on AWS, and for its mapping in its own
record (https://github.com/aws/chalice/issues/2134). Posts to `@connections` go on by the API's own
address: they need no DNS, and reach the sockets that came by either name.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from chalice_app.settings import Settings
from infra.deployment.certificates import require_certificate
from infra.deployment.errors import DeploymentError
from infra.deployment.record import Place, Record, recorded_domain, websocket_name
from infra.deployment.stacks import Stack
from infra.deployment.stage_names import read_config
from infra.deployment.stage_settings import stage_variables

DOMAIN_TEMPLATE: Final = Path("infra") / "domain.yaml"

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
    """What the command line says of the domain.

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


@dataclass(frozen=True)
class StageDomain:
    """The domain of one stage: its stack's parameters say which."""

    session: Any
    record: Record
    stack: Stack
    say: Callable[[str], None]

    def name(self) -> str | None:
        """The domain that the stage has."""
        return self.stack.parameters().get("Domain")

    def require(self, chosen: DomainChoice, place: Place, settings: Settings) -> None:
        """Refuses a domain that the stage could not be reached under.

        Raises:
            DeploymentError: its certificate, or a setting of the stage's owner, does not fit.
        """
        has = self.name()
        if chosen.removed:
            return
        recorded = recorded_domain(self.record.environment())
        if chosen.name is None and has is None and recorded is not None:
            raise DeploymentError(
                f"stage {self.record.stage.name} is recorded with the domain {recorded}, and has "
                f"no stack {self.stack.name}",
                f"give DOMAIN={recorded} and CERTIFICATE again, or DOMAIN={NO_DOMAIN}",
            )
        if chosen.certificate is not None and chosen.name is not None:
            require_certificate(self.session, place, chosen.name, chosen.certificate)
        elif chosen.name not in (None, has):
            raise DeploymentError(
                f"the domain {chosen.name} needs a certificate",
                f"give CERTIFICATE=arn:…, one of {place.region} that names {chosen.name} and "
                f"{websocket_name(str(chosen.name))}",
            )
        if (name := chosen.name or has) is not None:
            self._require_in_settings(name, recorded, settings)

    def _require_in_settings(self, name: str, recorded: str | None, settings: Settings) -> None:
        variables = stage_variables(read_config(self.record.project), self.record.stage.name)
        url = variables.get("WEBSOCKET_URL")
        if recorded is None and url not in (None, f"wss://{websocket_name(name)}"):
            raise DeploymentError(
                f"WEBSOCKET_URL is {url} in .chalice/config.json, and the domain would replace it",
                f"remove it there, or give no DOMAIN (DOMAIN={NO_DOMAIN} where there is one)",
            )
        origin = f"https://{name}"
        # Empty where any origin is let in.
        allowed = settings.allowed_origins
        if variables.get("ALLOWED_ORIGINS") and allowed and origin not in allowed:
            raise DeploymentError(
                f"ALLOWED_ORIGINS does not name {origin}: its pages could not connect",
                f"add {origin} to it in .chalice/config.json",
            )

    def deploy(self, chosen: DomainChoice) -> str | None:
        """Makes, changes or removes the domain; returns the one that the stage then has."""
        stack, has = self.stack, self.name()
        if chosen.removed:
            self.say(f"stack {stack.name}: {'deleted' if stack.delete() else 'there is none'}")
            return None
        if chosen.name is None and has is None:
            return None
        done = stack.deploy(
            self.record.project / DOMAIN_TEMPLATE,
            {
                "Domain": chosen.name,
                "Certificate": chosen.certificate,
                "HttpApiId": self.record.rest_api_id(),
                "WebSocketApiId": self.record.websocket_api_id(),
                "ApiStage": read_config(self.record.project)["api_gateway_stage"],
            },
        )
        self.say(f"stack {stack.name}: {done}")
        return chosen.name or has

    def dns_steps(self) -> Iterator[str]:
        """What DNS needs, a line a record, and what holds until it has that."""
        if (domain := self.name()) is None:
            return
        outputs = self.stack.outputs()
        for name, output in ((domain, "HttpTarget"), (websocket_name(domain), "WebSocketTarget")):
            target, zone = outputs[output], outputs[f"{output}Zone"]
            yield f"DNS: {name} CNAME {target} (in Route 53: A, alias to it, hosted zone {zone})"
        yield f"until DNS has both, no page can connect; after that: https://{domain}/"
