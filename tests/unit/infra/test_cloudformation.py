"""The template language, as far as tables and alarms use it."""

from pathlib import Path
from typing import Any

import pytest

from infra.cloudformation import Template, TemplateError

TEMPLATE = """
Parameters:
  Stage: {Type: String, Default: dev}
  Size: {Type: Number, Default: 3}
Mappings:
  Billing:
    dev: {mode: PAY_PER_REQUEST}
    prod: {mode: PROVISIONED}
Conditions:
  IsProd: !Equals [!Ref Stage, prod]
  IsOther: !Not [!Condition IsProd]
  IsBoth: !And [!Condition IsProd, !Condition IsOther]
  IsEither: !Or [!Condition IsProd, !Condition IsOther]
Resources:
  Table:
    Type: AWS::DynamoDB::Table
    Properties:
      TableName: !Sub "Things-${Stage}"
      BillingMode: !FindInMap [Billing, !Ref Stage, mode]
      DeletionProtectionEnabled: !If [IsProd, true, false]
      Tags: [!If [IsProd, {Key: prod}, !Ref "AWS::NoValue"], {Key: !Join ["-", [a, !Ref Stage]]}]
      StreamSpecification: !If [IsOther, !Ref "AWS::NoValue", {StreamViewType: KEYS_ONLY}]
  OnlyInProd:
    Type: AWS::DynamoDB::Table
    Condition: IsProd
  Alarm:
    Type: AWS::CloudWatch::Alarm
    Properties: {Dimensions: !GetAtt Table.Arn}
"""


def template(tmp_path: Path, text: str = TEMPLATE, **parameters: str) -> Template:
    path = tmp_path / "template.yaml"
    path.write_text(text)
    return Template.read(path, parameters)


def test_functions_and_parameters_are_resolved(tmp_path: Path) -> None:
    tables = template(tmp_path).resources("AWS::DynamoDB::Table")
    assert tables == {
        "Table": {
            "TableName": "Things-dev",
            "BillingMode": "PAY_PER_REQUEST",
            "DeletionProtectionEnabled": False,
            "Tags": [{"Key": "a-dev"}],
        }
    }


def test_a_parameter_replaces_its_default(tmp_path: Path) -> None:
    tables = template(tmp_path, Stage="prod").resources("AWS::DynamoDB::Table")
    assert tables["OnlyInProd"] == {}
    assert tables["Table"] == {
        "TableName": "Things-prod",
        "BillingMode": "PROVISIONED",
        "DeletionProtectionEnabled": True,
        "Tags": [{"Key": "prod"}, {"Key": "a-prod"}],
        "StreamSpecification": {"StreamViewType": "KEYS_ONLY"},
    }


@pytest.mark.parametrize(
    ("value", "resolved"),
    [
        ({"Fn::Sub": "${!Literal}-${Stage}"}, "${Literal}-dev"),
        ({"Fn::Sub": ["${name}-${Stage}", {"name": {"Ref": "Size"}}]}, "3-dev"),
        ({"Ref": "AWS::Region"}, "us-east-1"),
        ({"Condition": "IsBoth"}, False),
        ({"Fn::GetAtt": ["Table", "TableName"]}, "Things-dev"),
        ({"Fn::GetAtt": "Table.BillingMode"}, "PAY_PER_REQUEST"),
        ({"Condition": "IsEither"}, True),
    ],
)
def test_values(tmp_path: Path, value: object, resolved: Any) -> None:
    assert template(tmp_path).resolve(value) == resolved


@pytest.mark.parametrize(
    "value",
    [
        {"Fn::GetAtt": ["Table", "Arn"]},
        {"Fn::ImportValue": "x"},
        {"Ref": "Table"},
        {"Fn::Sub": "${Table.Arn}"},
        {"Fn::If": ["Unknown", 1, 2]},
    ],
)
def test_what_is_not_known_is_an_error(tmp_path: Path, value: object) -> None:
    with pytest.raises(TemplateError):
        template(tmp_path).resolve({"Properties": [value]})


def test_a_parameter_without_a_value_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(TemplateError, match="Owner"):
        template(tmp_path, "Parameters: {Owner: {Type: String}}\nResources: {}\n")
