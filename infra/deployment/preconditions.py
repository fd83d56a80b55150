"""What keeps a stage from being deployed, looked at before anything is made.

Each names what is wrong and what to do. The stage's settings, layers and certificate have modules
of their own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from botocore.exceptions import ClientError

from chalice_app.aws.dynamodb.rosters import LEDGER_KEY
from infra.deployment.errors import DeploymentError, is_not_found
from infra.deployment.record import Place, Record, recorded_place
from infra.deployment.stage_names import API_HANDLER, Stage

TABLES: Final = ("Sessions", "Connections", "CachedTranslations", "SessionRosters", "Sentences")


@dataclass(frozen=True)
class Preconditions:
    """Of one stage. Each method raises DeploymentError where its condition does not hold."""

    session: Any
    record: Record

    @property
    def stage(self) -> Stage:
        """The stage that is to be deployed."""
        return self.record.stage

    def require_same_place(self, place: Place) -> None:
        """The stage is recorded here, or nowhere."""
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

    def require_translate(self, place: Place) -> None:
        """The region has the service that every sentence needs."""
        regions = self.session.get_available_regions("translate", place.partition)
        if place.region not in regions:
            raise DeploymentError(
                f"{place.region} has no Amazon Translate",
                f"set AWS_REGION to one of {', '.join(regions)}"
                if regions
                else "use another account",
            )

    def require_record(self, again: bool) -> None:
        """Without its record Chalice would make both APIs a second time."""
        if again or self.record.deployed():
            return
        name = self.stage.function_name(API_HANDLER)
        try:
            self.session.client("lambda").get_function_configuration(FunctionName=name)
        except ClientError as error:
            if is_not_found(error):
                return
            raise
        raise DeploymentError(
            f"the function {name} exists, but .chalice/deployed/{self.stage.name}.json does not",
            "copy that file from where the stage was deployed; if its first deployment was "
            "broken off, add ARGS=--again",
        )

    def require_no_tables(self) -> None:
        """No table of the stage is outside its stack."""
        client = self.session.client("dynamodb")
        for table in TABLES:
            name = f"{table}-{self.stage.name}"
            try:
                table = client.describe_table(TableName=name)["Table"]
            except ClientError as error:
                if is_not_found(error):
                    continue
                raise
            remedy = (
                "use another STAGE, or delete the table, or import it into a stack of that name"
            )
            if table.get("DeletionProtectionEnabled"):
                # A first deployment of prod that failed leaves them: Retain, and protected.
                remedy += (
                    "; it is protected: aws dynamodb update-table "
                    f"--no-deletion-protection-enabled --table-name {name}"
                )
            raise DeploymentError(
                f"the table {name} exists already, outside the stack {self.stage.tables_stack}",
                remedy,
            )

    def require_roster_key(self, outputs: Mapping[str, str]) -> None:
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
