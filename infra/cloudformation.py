"""Reads a CloudFormation template and resolves what tables and alarms use of its language.

Parameters, conditions and the functions Ref, Sub, If, Equals, Not, And, Or, Join, FindInMap and
GetAtt (of an attribute that repeats a property) are resolved. Any other function or reference is an
error: a resource that is half understood would differ from the one on AWS.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any, Final

import yaml

_NO_VALUE: Final = object()
_PSEUDO_PARAMETERS: Final[dict[str, Any]] = {
    "AWS::Region": "us-east-1",
    "AWS::AccountId": "000000000000",
    "AWS::Partition": "aws",
    "AWS::URLSuffix": "amazonaws.com",
    "AWS::StackName": "local",
    "AWS::NoValue": _NO_VALUE,
}


class TemplateError(Exception):
    """The template uses something that is not resolved here."""


class _Loader(yaml.SafeLoader):
    """YAML with CloudFormation's short forms: `!Ref x` is `{Ref: x}`, `!Sub x` `{Fn::Sub: x}`."""


def _short_form(loader: _Loader, suffix: str, node: yaml.Node) -> dict[str, Any]:
    name = suffix if suffix in {"Ref", "Condition"} else f"Fn::{suffix}"
    if isinstance(node, yaml.SequenceNode):
        return {name: loader.construct_sequence(node, deep=True)}
    if isinstance(node, yaml.MappingNode):
        return {name: loader.construct_mapping(node, deep=True)}
    return {name: node.value}


_Loader.add_multi_constructor("!", _short_form)


class Template:
    """A template with its parameters filled in."""

    def __init__(
        self,
        document: Mapping[str, Any],
        parameters: Mapping[str, str],
        resources: Collection[str] = (),
    ) -> None:
        """Parameters not given take their defaults.

        Args:
            document: the template.
            parameters: by their names.
            resources: the logical ids that a reference may name; it resolves to the id itself.

        Raises:
            TemplateError: a parameter has neither a value nor a default.
        """
        self._document = document
        self._parameters: dict[str, Any] = {name: name for name in resources} | _PSEUDO_PARAMETERS
        for name, declared in document.get("Parameters", {}).items():
            if name not in parameters and "Default" not in declared:
                message = f"the parameter {name} has no value"
                raise TemplateError(message)
            self._parameters[name] = parameters.get(name, declared.get("Default"))
        self._functions: Mapping[str, Callable[[Any], Any]] = {
            "Ref": self._ref,
            "Condition": self._condition,
            "Fn::Sub": self._sub,
            "Fn::If": self._if,
            "Fn::Equals": lambda pair: self.resolve(pair[0]) == self.resolve(pair[1]),
            "Fn::Not": lambda one: not self.resolve(one[0]),
            "Fn::And": lambda all_of: all(map(self.resolve, all_of)),
            "Fn::Or": lambda any_of: any(map(self.resolve, any_of)),
            "Fn::Join": lambda join: str(join[0]).join(map(str, self.resolve(join[1]))),
            "Fn::FindInMap": self._find_in_map,
            "Fn::GetAtt": self._get_att,
        }

    @classmethod
    def read(
        cls, path: Path, parameters: Mapping[str, str], resources: Collection[str] = ()
    ) -> Template:
        """The template in a YAML file."""
        text = path.read_text(encoding="utf-8")
        document = yaml.load(text, Loader=_Loader)  # noqa: S506 - a SafeLoader
        return cls(document, parameters, resources)

    def resources(self, kind: str) -> dict[str, dict[str, Any]]:
        """`{logical id: resolved properties}` of the resources of a type that the stage creates."""
        return {
            name: self.resolve(resource.get("Properties", {}))
            for name, resource in self._document["Resources"].items()
            if resource["Type"] == kind
            and ("Condition" not in resource or self._condition(resource["Condition"]))
        }

    def resolve(self, value: Any) -> Any:
        """A value with every intrinsic function in it replaced by what it stands for.

        Raises:
            TemplateError: for a function or a reference that is not known here.
        """
        if isinstance(value, list):
            return [item for each in value if (item := self.resolve(each)) is not _NO_VALUE]
        if not isinstance(value, dict):
            return value
        if len(value) == 1:
            ((name, argument),) = value.items()
            if name in self._functions:
                return self._functions[name](argument)
            if name.startswith("Fn::"):
                message = f"{name} is not resolved here"
                raise TemplateError(message)
        resolved = {key: self.resolve(item) for key, item in value.items()}
        return {key: item for key, item in resolved.items() if item is not _NO_VALUE}

    def _ref(self, name: str) -> Any:
        if name in self._parameters:
            return self._parameters[name]
        message = f"the reference {name} is not a parameter"
        raise TemplateError(message)

    def _sub(self, argument: Any) -> str:
        text, variables = argument if isinstance(argument, list) else (argument, {})

        def replacement(match: re.Match[str]) -> str:
            name = match[1]
            if name.startswith("!"):
                return f"${{{name[1:]}}}"
            return str(self.resolve(variables[name]) if name in variables else self._ref(name))

        return re.sub(r"\$\{([^}]+)\}", replacement, text)

    def _if(self, argument: Any) -> Any:
        name, if_true, if_false = argument
        return self.resolve(if_true if self._condition(name) else if_false)

    def _condition(self, name: str) -> bool:
        conditions = self._document.get("Conditions", {})
        if name not in conditions:
            message = f"the condition {name} is not declared"
            raise TemplateError(message)
        return bool(self.resolve(conditions[name]))

    def _find_in_map(self, argument: Any) -> Any:
        entry: Any = self._document.get("Mappings", {})
        for key in argument:
            entry = entry[self.resolve(key)]
        return entry

    def _get_att(self, argument: Any) -> Any:
        logical_id, attribute = argument.split(".") if isinstance(argument, str) else argument
        properties = self._document["Resources"].get(logical_id, {}).get("Properties", {})
        if attribute not in properties:
            message = f"the attribute {attribute} of {logical_id} does not repeat a property"
            raise TemplateError(message)
        return self.resolve(properties[attribute])
