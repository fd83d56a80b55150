"""A CloudFormation stack: created or updated from its template, its failures in one line."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from botocore.exceptions import ClientError, WaiterError

from infra.deployment.errors import DeploymentError

_CAPABILITIES: Final = ["CAPABILITY_AUTO_EXPAND", "CAPABILITY_NAMED_IAM"]
"""The first is for the template's own transform, the second for the single SAM template alone."""

_WHOLE: Final = frozenset({"CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE"})
_NEVER_MADE: Final = frozenset({"ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "CREATE_FAILED"})

Parameters = Mapping[str, str | None]
"""A template's parameters; None keeps the value that the stack has (its default when new)."""


@dataclass(frozen=True)
class Stack:
    """One stack by name; `seconds` between two looks at it while it changes."""

    client: Any
    name: str
    seconds: float = 5.0

    def deploy(self, template: Path, parameters: Parameters) -> str:
        """Creates or updates the stack; returns `created`, `updated` or `unchanged`.

        Raises:
            DeploymentError: the stack is in no state for it, or the change failed.
        """
        found = self.describe()
        if found is None:
            return self._create(template.read_text(encoding="utf-8"), parameters)
        self.require_whole(found["StackStatus"])
        return self._update(template.read_text(encoding="utf-8"), parameters, found)

    def outputs(self) -> dict[str, str]:
        """The stack's outputs."""
        found = self.describe() or {}
        return {each["OutputKey"]: each["OutputValue"] for each in found.get("Outputs", [])}

    def parameters(self) -> dict[str, str]:
        """The values of the stack's parameters; empty when there is no stack."""
        found = self.describe() or {}
        return {
            each["ParameterKey"]: each["ParameterValue"] for each in found.get("Parameters", [])
        }

    def delete(self) -> bool:
        """Deletes the stack, and waits for that; returns whether there was one.

        Raises:
            DeploymentError: a resource could not be deleted.
        """
        found = self.describe()
        if found is None:
            return False
        self.client.delete_stack(StackName=self.name)
        # By its id: a stack that is gone has no name any more.
        self._wait(found["StackId"], "stack_delete_complete", "deleted")
        return True

    def describe(self) -> Mapping[str, Any] | None:
        """The stack as CloudFormation describes it; None when there is none."""
        try:
            answer = self.client.describe_stacks(StackName=self.name)
        except ClientError as error:
            if "does not exist" in error.response["Error"].get("Message", ""):
                return None
            raise
        found: Mapping[str, Any] = answer["Stacks"][0]
        return found

    def require_whole(self, status: str) -> None:
        """Raises DeploymentError, with the remedy, unless the stack can be updated."""
        if status in _WHOLE:
            return
        if status in _NEVER_MADE:
            remedy = f"remove what is left of it: aws cloudformation delete-stack \
--stack-name {self.name}"
        elif status == "UPDATE_ROLLBACK_FAILED":
            remedy = f"aws cloudformation continue-update-rollback --stack-name {self.name}"
        elif status == "DELETE_FAILED":
            remedy = f"see why in its events: aws cloudformation describe-stack-events \
--stack-name {self.name}"
        else:
            remedy = "somebody is changing it: wait, then run this again"
        raise DeploymentError(f"the stack {self.name} is {status}", remedy)

    def _create(self, body: str, parameters: Parameters) -> str:
        made = self.client.create_stack(
            StackName=self.name,
            TemplateBody=body,
            Parameters=[
                {"ParameterKey": key, "ParameterValue": value}
                for key, value in parameters.items()
                if value is not None
            ],
            Capabilities=_CAPABILITIES,
            # What cannot be made leaves nothing behind, so that the same command can be run again.
            OnFailure="DELETE",
        )
        # By its id: one that was deleted again has no name any more, but still has its events.
        self._wait(made["StackId"], "stack_create_complete", "created")
        return "created"

    def _update(self, body: str, parameters: Parameters, found: Mapping[str, Any]) -> str:
        has = {each["ParameterKey"] for each in found.get("Parameters", [])}
        try:
            self.client.update_stack(
                StackName=self.name,
                TemplateBody=body,
                Parameters=[
                    {"ParameterKey": key, "ParameterValue": value}
                    if value is not None
                    else {"ParameterKey": key, "UsePreviousValue": True}
                    for key, value in parameters.items()
                    if value is not None or key in has
                ],
                Capabilities=_CAPABILITIES,
            )
        except ClientError as error:
            if "No updates are to be performed" in error.response["Error"].get("Message", ""):
                return "unchanged"
            raise
        self._wait(self.name, "stack_update_complete", "updated")
        return "updated"

    def _wait(self, stack: str, waiter: str, done: str) -> None:
        attempts = max(1, int(1800 / self.seconds))
        try:
            self.client.get_waiter(waiter).wait(
                StackName=stack, WaiterConfig={"Delay": self.seconds, "MaxAttempts": attempts}
            )
        except WaiterError as error:
            raise DeploymentError(
                f"the stack {self.name} was not {done}: {self._first_failure(stack)}",
                "correct that and run this again; the events of the stack say more",
            ) from error

    def _first_failure(self, stack: str) -> str:
        """What failed first; everything after it was only cancelled."""
        try:
            events = self.client.describe_stack_events(StackName=stack)["StackEvents"]
        except ClientError:
            return "it is gone, and its events with it"
        failed = [each for each in events if each["ResourceStatus"].endswith("_FAILED")]
        if not failed:
            return "none of its events has a reason"
        first = failed[-1]  # events come newest first
        return f"{first['LogicalResourceId']}: {first.get('ResourceStatusReason', '?')}"
