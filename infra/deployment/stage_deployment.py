"""The steps of `make deploy`, in their order; each may be repeated and then changes nothing.

1. the stack of the tables, the stack of alarms, dead-letter queue, dashboard and log groups;
2. their outputs, recorded for the Chalice stage, with the functions' policies;
3. mappings to streams that do not exist any more are deleted (a recreated table has a new stream),
   and mappings that a broken-off deployment left, which Chalice would try to make a second time;
4. `chalice deploy`; then the stack of the domain, where the stage has one;
5. `chalice deploy` once more when either has made new addresses: the WebSocket API's id goes into
   the functions' environment and policies, the pages' origins into their environment;
6. what Chalice cannot say about the mappings, and about asynchronous invocations.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from botocore.exceptions import ClientError

from chalice_app.aws.dynamodb.rosters import LEDGER_KEY
from chalice_app.settings import POSTS_PER_SECOND, Settings
from infra.deployment.chalice_command import BY_MAKE_DEPLOY
from infra.deployment.custom_domain import (
    NO_DOMAIN,
    DomainChoice,
    dns_steps,
    require_certificate,
)
from infra.deployment.errors import DeploymentError
from infra.deployment.event_invoke_config import EventInvokeConfig
from infra.deployment.mappings import STREAMS, Mappings
from infra.deployment.quotas import read_quotas
from infra.deployment.record import (
    Place,
    Record,
    recorded_domain,
    recorded_place,
    websocket_name,
)
from infra.deployment.runtime import require_matching_layers
from infra.deployment.stacks import Parameters, Stack
from infra.deployment.stage_names import API_HANDLER, BROADCAST, Stage, read_config
from infra.deployment.stage_settings import require_settings, stage_variables

TABLES_TEMPLATE: Final = Path("infra") / "tables.yaml"
ALARMS_TEMPLATE: Final = Path("infra") / "alarms.yaml"
DOMAIN_TEMPLATE: Final = Path("infra") / "domain.yaml"
ALARM_PARAMETERS: Final = ("AlarmEmail", "CostEmail", "CacheHitRateTells")
"""What the stage's owner may choose of `infra/alarms.yaml`."""
NO_PARAMETERS: Final[Parameters] = {}
TABLES: Final = ("Sessions", "Connections", "CachedTranslations", "SessionRosters")


@dataclass(frozen=True)
class StageDeployment:
    """One run over one stage.

    Args:
        session: a boto3 session.
        record: of the stage.
        chalice: deploys the Chalice stage; returns its exit code.
        say: called with one line for each step.
        seconds: between two looks at what AWS is changing.
    """

    session: Any
    record: Record
    chalice: Callable[[], int]
    say: Callable[[str], None]
    seconds: float = 5.0

    @property
    def stage(self) -> Stage:
        """The stage that is deployed."""
        return self.record.stage

    def run(
        self,
        alarms: Parameters = NO_PARAMETERS,
        again: bool = False,
        domain: DomainChoice = DomainChoice(),  # noqa: B008 - it is frozen
    ) -> None:
        """Deploys the stage.

        Args:
            alarms: parameters of `infra/alarms.yaml`, as `AlarmEmail`; None, or a parameter that is
                not there, leaves it as it is.
            again: go on although functions exist that Chalice has no record of.
            domain: what was chosen of the stage's own domain; it stays unless it is removed.

        Raises:
            DeploymentError: it cannot be done; `say` has reported every step before that.
        """
        place = self.place()
        self._require_same_place(place)
        self._require_translate(place)
        self._require_record(again)
        config = read_config(self.record.project)
        settings = require_settings(config, self.stage.name)
        self._require_domain(domain, place, settings)
        require_matching_layers(self.session.client("lambda"), config, self.stage.name)
        outputs = self._stacks(alarms)
        has = None if domain.removed else self._domain_stack().parameters().get("Domain")
        self._record(outputs, place, has)
        self._quotas()
        self._let_stale_mappings_go(outputs)
        self._chalice()
        has = self._deploy_domain(domain, has)
        if self._record(outputs, place, has):
            self.say("the addresses are new: they go to the functions")
            self._chalice()
        self._mappings(outputs)
        self._asynchronous_calls(outputs)
        if has is not None:
            for line in dns_steps(has, self._domain_stack().outputs()):
                self.say(line)

    def place(self) -> Place:
        """Where the credentials and the region lead to."""
        arn = self.session.client("sts").get_caller_identity()["Arn"].split(":")
        place = Place(arn[1], self.session.region_name, arn[4])
        self.say(f"stage {self.stage.name} in account {place.account}, {place.region}")
        return place

    def _require_same_place(self, place: Place) -> None:
        recorded = recorded_place(self.record.environment())
        if recorded is None or recorded == place:
            return
        if recorded.account != place.account:
            remedy = "use that account's credentials (AWS_PROFILE), or another STAGE"
        else:
            remedy = f"set AWS_REGION={recorded.region}, or use another STAGE"
        raise DeploymentError(
            f"stage {self.stage.name} is recorded in account {recorded.account}, "
            f"{recorded.region}, not in {place.account}, {place.region}",
            remedy,
        )

    def _require_translate(self, place: Place) -> None:
        regions = self.session.get_available_regions("translate", place.partition)
        if place.region not in regions:
            raise DeploymentError(
                f"{place.region} has no Amazon Translate",
                f"set AWS_REGION to one of {', '.join(regions)}"
                if regions
                else "use another account",
            )

    def _require_record(self, again: bool) -> None:
        """Without its record Chalice would make both APIs a second time."""
        if again or self.record.deployed():
            return
        name = self.stage.function_name(API_HANDLER)
        try:
            self.session.client("lambda").get_function_configuration(FunctionName=name)
        except ClientError as error:
            if error.response["Error"]["Code"] == "ResourceNotFoundException":
                return
            raise
        raise DeploymentError(
            f"the function {name} exists, but .chalice/deployed/{self.stage.name}.json does not",
            "copy that file from where the stage was deployed; if its first deployment was "
            "broken off, add ARGS=--again",
        )

    def _stacks(self, chosen: Parameters) -> Mapping[str, str]:
        client = self.session.client("cloudformation")
        tables = Stack(client, self.stage.tables_stack, self.seconds)
        if tables.describe() is None:
            self._require_no_tables()
        named = {"Stage": self.stage.name}
        project = self.record.project
        done = tables.deploy(
            project / TABLES_TEMPLATE, {**named, "Environment": self.stage.environment}
        )
        self.say(f"stack {tables.name}: {done}")
        self._require_roster_key(tables.outputs())
        alarms = Stack(client, self.stage.alarms_stack, self.seconds)
        done = alarms.deploy(
            project / ALARMS_TEMPLATE,
            {
                **named,
                "ApplicationName": self.stage.application,
                **dict.fromkeys(ALARM_PARAMETERS),
                **chosen,
            },
        )
        self.say(f"stack {alarms.name}: {done}")
        return {**tables.outputs(), **alarms.outputs()}

    def _require_no_tables(self) -> None:
        client = self.session.client("dynamodb")
        for table in TABLES:
            name = f"{table}-{self.stage.name}"
            try:
                table = client.describe_table(TableName=name)["Table"]
            except ClientError as error:
                if error.response["Error"]["Code"] == "ResourceNotFoundException":
                    continue
                raise
            remedy = (
                "use another STAGE, or delete the table, or import it into a stack of that name"
            )
            if table.get("DeletionProtectionEnabled"):
                # A first deployment of prod that failed leaves them: Retain, and protected.
                remedy += (
                    "; it is protected: aws dynamodb update-table \
--no-deletion-protection-enabled --table-name "
                    + name
                )
            raise DeploymentError(
                f"the table {name} exists already, outside the stack {self.stage.tables_stack}",
                remedy,
            )

    def _require_roster_key(self, outputs: Mapping[str, str]) -> None:
        """Functions that meet a ledger of another key lose every listener: nothing is deployed."""
        name = outputs.get("RostersTableName")
        if name is None:
            return  # `record` says so
        table = self.session.client("dynamodb").describe_table(TableName=name)["Table"]
        found = tuple(each["AttributeName"] for each in table["KeySchema"])
        if found != LEDGER_KEY:
            raise DeploymentError(
                f"the table {name} is keyed by {', '.join(found)}, not by {', '.join(LEDGER_KEY)}",
                f"remove the stack {self.stage.tables_stack} and run this again, or use another "
                "STAGE (infra/README.md, The rosters' key)",
            )

    def _record(self, outputs: Mapping[str, str], place: Place, domain: str | None) -> bool:
        changed = self.record.write(outputs, place, self.record.websocket_api_id(), domain)
        self.say(f"outputs for Chalice: {'recorded' if changed else 'unchanged'}")
        return changed

    def _quotas(self) -> None:
        """Says what the account admits; a stage without POSTS_PER_SECOND gets what that allows."""
        quotas = read_quotas(self.session)
        config = read_config(self.record.project)
        is_set = "POSTS_PER_SECOND" in stage_variables(config, self.stage.name)
        if not is_set and quotas.posts_per_second != POSTS_PER_SECOND:
            self.record.set_variable("POSTS_PER_SECOND", str(quotas.posts_per_second))
            config = read_config(self.record.project)
        settings = require_settings(config, self.stage.name)
        for line in quotas.lines(settings.posts_per_second):
            self.say(line)

    def _domain_stack(self) -> Stack:
        return Stack(self.session.client("cloudformation"), self.stage.domain_stack, self.seconds)

    def _require_domain(self, chosen: DomainChoice, place: Place, settings: Settings) -> None:
        """Refuses a domain that the stage could not be reached under."""
        has = self._domain_stack().parameters().get("Domain")
        if chosen.removed:
            return
        recorded = recorded_domain(self.record.environment())
        if chosen.name is None and has is None and recorded is not None:
            raise DeploymentError(
                f"stage {self.stage.name} is recorded with the domain {recorded}, and has no stack "
                f"{self.stage.domain_stack}",
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
            self._require_domain_in_settings(name, recorded, settings)

    def _require_domain_in_settings(
        self, name: str, recorded: str | None, settings: Settings
    ) -> None:
        variables = stage_variables(read_config(self.record.project), self.stage.name)
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

    def _deploy_domain(self, chosen: DomainChoice, has: str | None) -> str | None:
        """Makes, changes or removes the domain; returns the one that the stage then has."""
        stack = self._domain_stack()
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

    def _let_stale_mappings_go(self, outputs: Mapping[str, str]) -> None:
        known = self.record.mapping_ids()
        for function, output in STREAMS.items():
            for reason in self._mappings_of(function).remove_stale(outputs[output], known):
                self.say(f"{function}: {reason}")

    def _chalice(self) -> None:
        self.say(f"chalice deploy --stage {self.stage.name}")
        if code := self.chalice():
            raise DeploymentError(
                f"chalice deploy ended with exit code {code}; the stacks stand, the functions may "
                "be deployed in part",
                "correct what it says above and run this again (ARGS=--again if it was the first)",
            )

    def _mappings(self, outputs: Mapping[str, str]) -> None:
        for function, output in STREAMS.items():
            mappings = self._mappings_of(function)
            changed = mappings.require(outputs[output], outputs["DeadLetterQueueArn"])
            self.say(f"mapping of {function}: {'updated' if changed else 'unchanged'}")

    def _asynchronous_calls(self, outputs: Mapping[str, str]) -> None:
        client = self.session.client("lambda")
        calls = EventInvokeConfig(client, self.stage.function_name(BROADCAST))
        changed = calls.require(outputs["DeadLetterQueueArn"])
        self.say(f"invocations of {BROADCAST}: {'updated' if changed else 'unchanged'}")

    def _mappings_of(self, function: str) -> Mappings:
        client = self.session.client("lambda")
        return Mappings(client, self.stage.function_name(function), min(2.0, self.seconds))


def chalice_deploy(project: Path, stage: str) -> int:
    """Runs `chalice deploy` of this very environment; returns its exit code."""
    command = [str(Path(sys.executable).with_name("chalice")), "deploy", "--stage", stage]
    environment = {**os.environ, BY_MAKE_DEPLOY: stage}
    return subprocess.run(command, cwd=project, env=environment, check=False).returncode
