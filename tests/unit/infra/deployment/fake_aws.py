"""As much of AWS as a deployment calls: stacks, tables by name, functions' mappings.

moto's CloudFormation needs packages that nothing else here does; `tests/deploy` has a real one.
"""

import itertools
from typing import Any

import boto3
from botocore.exceptions import ClientError, WaiterError

ACCOUNT = "123456789012"
STREAMS = ("Connections", "CachedTranslations")


def refused(code: str, message: str = "") -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": message}}, "Operation")


def require_length(name: str) -> None:
    """Of a function's name, or a role's."""
    if len(name) > 64:
        raise refused(
            "ValidationException",
            f"1 validation error detected: Value '{name}' failed to satisfy constraint: Member "
            "must have length less than or equal to 64",
        )


class FakeAws:
    """A boto3 session whose clients are all itself."""

    def __init__(self, region_name: str = "us-east-1") -> None:
        self.region_name = region_name
        self.stacks: dict[str, dict[str, Any]] = {}
        self.tables: set[str] = set()
        self.protected: set[str] = set()
        self.without_outputs = False
        self.roster_key: tuple[str, ...] = ("sessionKey", "connectionId")
        self.mappings: dict[str, dict[str, Any]] = {}
        self.invoke_configs: dict[str, dict[str, Any]] = {}
        self.stream_made_at = "2026"
        self.failure = ""
        self.apis: set[str] = set()
        self.routes: dict[str, dict[str, Any]] = {}
        """The settings of routes, by API."""
        self.requests_per_second: float | None = 10_000.0
        self.concurrency: int | None = 1_000
        self.certificates: dict[str, dict[str, Any]] = {}
        """By their ARNs, as ACM describes them."""
        self.missing_services: set[str] = set()
        """Services that its region does not have."""
        self._numbers = itertools.count()

    def client(self, _: str) -> "FakeAws":
        return self

    def get_available_regions(self, service_name: str, partition_name: str) -> list[str]:
        """What the SDK knows of AWS's regions."""
        known = boto3.Session().get_available_regions(service_name, partition_name)
        missing = service_name in self.missing_services
        return [each for each in known if each != self.region_name or not missing]

    # --- STS, DynamoDB ---

    def get_caller_identity(self) -> dict[str, str]:
        return {"Arn": f"arn:aws:iam::{ACCOUNT}:user/somebody"}

    def describe_table(self, TableName: str) -> dict[str, Any]:  # noqa: N803
        if TableName not in self.tables and not self.stacks:
            raise refused("ResourceNotFoundException")
        schema = [
            {"AttributeName": name, "KeyType": kind}
            for name, kind in zip(self.roster_key, ("HASH", "RANGE"), strict=False)
        ]
        protected = TableName in self.protected
        return {"Table": {"DeletionProtectionEnabled": protected, "KeySchema": schema}}

    # --- IAM ---

    def create_role(self, name: str) -> None:
        require_length(name)

    # --- CloudFormation ---

    def describe_stacks(self, StackName: str) -> dict[str, Any]:  # noqa: N803
        if StackName not in self.stacks:
            raise refused("ValidationError", f"Stack with id {StackName} does not exist")
        known = {"StackId": StackName, "Outputs": self._outputs(StackName)}
        return {"Stacks": [{**self.stacks[StackName], **known}]}

    def create_stack(self, StackName: str, **request: Any) -> dict[str, str]:  # noqa: N803
        status = "ROLLBACK_COMPLETE" if self.failure else "CREATE_COMPLETE"
        self.stacks[StackName] = {"StackStatus": status, "Parameters": request["Parameters"]}
        return {"StackId": StackName}

    def update_stack(self, StackName: str, **request: Any) -> None:  # noqa: N803
        has = self.parameters(StackName)
        for each in request["Parameters"]:
            if each.get("UsePreviousValue") and each["ParameterKey"] not in has:
                raise refused("ValidationError", "Invalid input for parameter key")
        new = {
            each["ParameterKey"]: each.get("ParameterValue", has.get(each["ParameterKey"]))
            for each in request["Parameters"]
        }
        if new == has:
            raise refused("ValidationError", "No updates are to be performed.")
        self.stacks[StackName]["Parameters"] = [
            {"ParameterKey": key, "ParameterValue": value} for key, value in new.items()
        ]

    def delete_stack(self, StackName: str) -> None:  # noqa: N803
        del self.stacks[StackName]

    def parameters(self, stack: str) -> dict[str, str]:
        """A stack's parameters that were given a value."""
        given = self.stacks[stack]["Parameters"]
        return {each["ParameterKey"]: each["ParameterValue"] for each in given}

    def get_waiter(self, _: str) -> "FakeAws":
        return self

    def wait(self, **_: Any) -> None:
        if self.failure:
            raise WaiterError("stack_create_complete", "terminal failure", {})

    def describe_stack_events(self, **_: Any) -> dict[str, Any]:
        cancelled = {"LogicalResourceId": "RostersTable", "ResourceStatus": "CREATE_FAILED"}
        first = {"LogicalResourceId": "SessionsTable", "ResourceStatus": "CREATE_FAILED"}
        return {"StackEvents": [cancelled, {**first, "ResourceStatusReason": self.failure}]}

    def _outputs(self, stack: str) -> list[dict[str, str]]:
        here = f"{self.region_name}:{ACCOUNT}"
        if self.without_outputs:
            return []
        if stack.endswith("-alarms"):
            found = {"DeadLetterQueueArn": f"arn:aws:sqs:{here}:dead-letters"}
        elif stack.endswith("-domain"):
            host = f"execute-api.{self.region_name}.amazonaws.com"
            found = {"HttpTarget": f"d-1.{host}", "HttpTargetZone": "Z1"}
            found |= {"WebSocketTarget": f"d-2.{host}", "WebSocketTargetZone": "Z2"}
        else:
            stage = stack.removeprefix("translation-broadcaster-").removesuffix("-tables")
            names = {name: name for name in ("Sessions", "Connections", "CachedTranslations")}
            names |= {"Rosters": "SessionRosters", "Sentences": "Sentences"}
            tables = {
                key: f"arn:aws:dynamodb:{here}:table/{name}-{stage}" for key, name in names.items()
            }
            found = {f"{key}TableArn": arn for key, arn in tables.items()}
            found |= {f"{key}TableName": f"{name}-{stage}" for key, name in names.items()}
            made = self.stream_made_at
            found |= {f"{name}StreamArn": f"{tables[name]}/stream/{made}" for name in STREAMS}
            bucket = f"{stack[:40].strip('-')}-soundsbucket-1abc"  # 63 characters at most
            found |= {"SoundsBucketName": bucket, "SoundsBucketArn": f"arn:aws:s3:::{bucket}"}
        return [{"OutputKey": key, "OutputValue": value} for key, value in found.items()]

    # --- API Gateway ---

    def create_api(self, name: str) -> str:
        """An id that no API has had."""
        self.apis.add(api_id := f"{name}{next(self._numbers)}")
        return api_id

    def get_api(self, ApiId: str) -> dict[str, str]:  # noqa: N803
        if ApiId not in self.apis:
            raise refused("NotFoundException", f"Invalid API identifier specified {ApiId}")
        return {"ApiId": ApiId}

    def get_stage(self, ApiId: str, StageName: str) -> dict[str, Any]:  # noqa: N803
        self.get_api(ApiId)
        return {"StageName": StageName, "RouteSettings": self.routes.get(ApiId, {})}

    def update_stage(self, ApiId: str, StageName: str, RouteSettings: dict[str, Any]) -> None:  # noqa: N803
        if StageName != "api":
            raise refused("NotFoundException", "Invalid stage identifier specified")
        self.routes[ApiId] = RouteSettings

    def get_rest_api(self, restApiId: str) -> dict[str, str]:  # noqa: N803
        return self.get_api(restApiId)

    def get_domain_name(self, DomainName: str) -> dict[str, str]:  # noqa: N803
        stacks = [stack for stack in self.stacks if stack.endswith("-domain")]
        if DomainName not in {f"ws.{self.parameters(stack)['Domain']}" for stack in stacks}:
            raise refused("NotFoundException", "Invalid domain name identifier specified")
        return {"DomainName": DomainName}

    def get_account(self) -> dict[str, Any]:
        if self.requests_per_second is None:
            raise refused("AccessDeniedException")
        return {"throttleSettings": {"burstLimit": 5000, "rateLimit": self.requests_per_second}}

    # --- ACM ---

    def describe_certificate(self, CertificateArn: str) -> dict[str, Any]:  # noqa: N803
        if CertificateArn not in self.certificates:
            raise refused(
                "ResourceNotFoundException", f"Could not find certificate {CertificateArn}"
            )
        return {"Certificate": self.certificates[CertificateArn]}

    # --- Lambda ---

    def get_account_settings(self) -> dict[str, Any]:
        if self.concurrency is None:
            raise refused("AccessDeniedException")
        return {"AccountLimit": {"ConcurrentExecutions": self.concurrency}}

    def create_function(self, name: str) -> None:
        require_length(name)

    def get_function_configuration(self, **_: str) -> None:
        if not self.mappings:
            raise refused("ResourceNotFoundException")

    def get_function_event_invoke_config(self, FunctionName: str) -> dict[str, Any]:  # noqa: N803
        if FunctionName not in self.invoke_configs:
            raise refused("ResourceNotFoundException")
        return self.invoke_configs[FunctionName]

    def put_function_event_invoke_config(self, FunctionName: str, **config: Any) -> None:  # noqa: N803
        self.invoke_configs[FunctionName] = config

    def get_paginator(self, _: str) -> "FakeAws":
        return self

    def paginate(self, FunctionName: str) -> list[dict[str, Any]]:  # noqa: N803
        found = [each for each in self.mappings.values() if each["FunctionName"] == FunctionName]
        return [{"EventSourceMappings": found}]

    def create_event_source_mapping(self, FunctionName: str, EventSourceArn: str) -> dict[str, str]:  # noqa: N803
        for uuid, each in self.mappings.items():
            if (each["FunctionName"], each["EventSourceArn"]) == (FunctionName, EventSourceArn):
                raise refused(
                    "ResourceConflictException",
                    f'The event source arn ("{EventSourceArn}") and function ("{FunctionName}") '
                    f"provided mapping already exists. Please update or delete the existing "
                    f"mapping with UUID {uuid}",
                )
        uuid = f"mapping-{next(self._numbers)}"
        self.mappings[uuid] = {
            "UUID": uuid, "FunctionName": FunctionName, "EventSourceArn": EventSourceArn,
            "State": "Creating",
        }  # fmt: skip
        return {"UUID": uuid}

    def get_event_source_mapping(self, UUID: str) -> dict[str, Any]:  # noqa: N803
        """A mapping as it is now; at the next look its change is over."""
        if UUID not in self.mappings:
            raise refused("ResourceNotFoundException")
        seen = dict(self.mappings[UUID])
        if seen["State"] == "Deleting":
            del self.mappings[UUID]
        else:
            self.mappings[UUID]["State"] = "Enabled"
        return seen

    def delete_event_source_mapping(self, UUID: str) -> None:  # noqa: N803
        self._require_settled(UUID)
        self.mappings[UUID]["State"] = "Deleting"

    def update_event_source_mapping(self, UUID: str, **changes: Any) -> None:  # noqa: N803
        self._require_settled(UUID)
        self.mappings[UUID] |= {**changes, "State": "Updating"}

    def _require_settled(self, uuid: str) -> None:
        if self.mappings[uuid]["State"] != "Enabled":
            raise refused(
                "ResourceInUseException",
                f"Cannot change the event source mapping {uuid} because it is in use.",
            )
