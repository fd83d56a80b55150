"""The steps of `make deploy`, in their order; each may be repeated and then changes nothing.

1. the stack of the tables, the stack of alarms, dead-letter queue, dashboard and log groups;
2. their outputs, recorded for the Chalice stage, with the functions' policies;
3. mappings to streams that do not exist any more are deleted (a recreated table has a new stream),
   and mappings that a broken-off deployment left, which Chalice would try to make a second time;
4. `chalice deploy`; then the stack of the domain, where the stage has one;
5. `chalice deploy` once more when either has made new addresses: the WebSocket API's id goes into
   the functions' environment and policies, the pages' origins into their environment;
6. what Chalice cannot say about the mappings, the throttle of messages, and asynchronous
   invocations.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from chalice.config import Config

from chalice_app.settings import POSTS_PER_SECOND
from infra.deployment.chalice_command import BY_MAKE_DEPLOY
from infra.deployment.custom_domain import DomainChoice, StageDomain
from infra.deployment.dictation_regions import dictation_gap
from infra.deployment.errors import DeploymentError
from infra.deployment.event_invoke_config import BEHAVIOUR, EventInvokeConfig
from infra.deployment.mappings import STREAMS, Mappings
from infra.deployment.preconditions import Preconditions
from infra.deployment.quotas import Quotas, read_quotas
from infra.deployment.record import Place, Record
from infra.deployment.route_throttle import RouteThrottle, message_rate
from infra.deployment.runtime import require_matching_layers
from infra.deployment.stacks import Parameters, Stack
from infra.deployment.stage_names import Stage, read_config
from infra.deployment.stage_settings import require_settings, stage_variables
from infra.deployment.voice_regions import VoiceRegions

TABLES_TEMPLATE: Final = Path("infra") / "tables.yaml"
ALARMS_TEMPLATE: Final = Path("infra") / "alarms.yaml"
ALARM_PARAMETERS: Final = ("AlarmEmail", "CostEmail", "CacheHitRateTells")
"""What the stage's owner may choose of `infra/alarms.yaml`."""
NO_PARAMETERS: Final[Parameters] = {}


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
        before, own_domain = self._preconditions, self._domain()
        place = self.place()
        before.require_same_place(place)
        before.require_translate(place)
        before.require_record(again)
        config = read_config(self.record.project)
        settings = require_settings(config, self.stage.name)
        for gap in (dictation_gap(settings, place), self._voices(place).gap()):
            if gap is not None:
                self.say(gap)
        own_domain.require(domain, place, settings)
        require_matching_layers(self.session.client("lambda"), config, self.stage.name)
        outputs = self._stacks(alarms)
        has = None if domain.removed else own_domain.name()
        self._record(outputs, place, has)
        self._name_voices(place)
        quotas = self._quotas()
        self._let_stale_mappings_go(outputs)
        self._chalice()
        has = own_domain.deploy(domain)
        if self._record(outputs, place, has):
            self.say("the addresses are new: they go to the functions")
            self._chalice()
        self._beyond_chalice(outputs, quotas)
        for line in own_domain.dns_steps():
            self.say(line)

    @property
    def _preconditions(self) -> Preconditions:
        return Preconditions(self.session, self.record)

    def _domain(self) -> StageDomain:
        client = self.session.client("cloudformation")
        stack = Stack(client, self.stage.domain_stack, self.seconds)
        return StageDomain(self.session, self.record, stack, self.say)

    def place(self) -> Place:
        """Where the credentials and the region lead to."""
        arn = self.session.client("sts").get_caller_identity()["Arn"].split(":")
        place = Place(arn[1], self.session.region_name, arn[4])
        self.say(f"stage {self.stage.name} in account {place.account}, {place.region}")
        return place

    def _stacks(self, chosen: Parameters) -> Mapping[str, str]:
        client = self.session.client("cloudformation")
        tables = Stack(client, self.stage.tables_stack, self.seconds)
        if tables.describe() is None:
            self._preconditions.require_no_tables()
        named = {"Stage": self.stage.name}
        project = self.record.project
        done = tables.deploy(
            project / TABLES_TEMPLATE, {**named, "Environment": self.stage.environment}
        )
        self.say(f"stack {tables.name}: {done}")
        self._preconditions.require_roster_key(tables.outputs())
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

    def _record(self, outputs: Mapping[str, str], place: Place, domain: str | None) -> bool:
        speaks = self._voices(place).can_speak()
        changed = self.record.write(outputs, place, self.record.websocket_api_id(), domain, speaks)
        self.say(f"outputs for Chalice: {'recorded' if changed else 'unchanged'}")
        return changed

    def _voices(self, place: Place) -> VoiceRegions:
        variables = stage_variables(read_config(self.record.project), self.stage.name)
        return VoiceRegions(self.session, variables, place)

    def _name_voices(self, place: Place) -> None:
        """A stage that names no languages gets those that its region's Polly speaks."""
        if languages := self._voices(place).languages():
            self.record.set_variable("VOICE_LANGUAGES", languages)

    def _quotas(self) -> Quotas:
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
        return quotas

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

    def _beyond_chalice(self, outputs: Mapping[str, str], quotas: Quotas) -> None:
        self._messages(quotas)
        self._mappings(outputs)
        self._asynchronous_calls(outputs)

    def _mappings(self, outputs: Mapping[str, str]) -> None:
        for function, output in STREAMS.items():
            mappings = self._mappings_of(function)
            changed = mappings.require(outputs[output], outputs["DeadLetterQueueArn"])
            self.say(f"mapping of {function}: {'updated' if changed else 'unchanged'}")

    def _messages(self, quotas: Quotas) -> None:
        api_id = self.record.websocket_api_id()
        if api_id is None:
            return
        config = Config(self.stage.name, config_from_disk=read_config(self.record.project))
        client = self.session.client("apigatewayv2")
        rate = message_rate(quotas)
        changed = RouteThrottle(client, api_id, config.api_gateway_stage).require(rate)
        how = "updated" if changed else "unchanged"
        self.say(f"throttle of messages: {rate:,} a second, {how}")

    def _asynchronous_calls(self, outputs: Mapping[str, str]) -> None:
        client = self.session.client("lambda")
        for function, behaviour in BEHAVIOUR.items():
            calls = EventInvokeConfig(client, self.stage.function_name(function), behaviour)
            changed = calls.require(outputs["DeadLetterQueueArn"])
            self.say(f"invocations of {function}: {'updated' if changed else 'unchanged'}")

    def _mappings_of(self, function: str) -> Mappings:
        client = self.session.client("lambda")
        return Mappings(client, self.stage.function_name(function), min(2.0, self.seconds))


def chalice_deploy(project: Path, stage: str) -> int:
    """Runs `chalice deploy` of this very environment; returns its exit code."""
    command = [str(Path(sys.executable).with_name("chalice")), "deploy", "--stage", stage]
    environment = {**os.environ, BY_MAKE_DEPLOY: stage}
    return subprocess.run(command, cwd=project, env=environment, check=False).returncode
