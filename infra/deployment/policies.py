"""The functions' IAM policies: one readable file each, with `${...}` where a stage has its ARNs.

`.chalice/policies/<function>.json` is what is written by hand. `chalice deploy` gets it with the
recorded ARNs in it (`.chalice/generated/<stage>/`), the packaged template with references to the
stack's own resources. A `*` stands only where AWS has nothing finer; the statement's Sid says why:

- PollyHasNoResourcesForThis: SynthesizeSpeech is authorised for a lexicon where one is named, and
  no lexicon is;
- SoundsAreNamedByTheirText: a sound's key is the hash of what is said in it;
- TranscribeStreamsHaveNoResources: a stream has no name before it is opened;
- TranslateHasNoResourcesForThese: TranslateText and ListLanguages know no resource but `*`;
- CloudWatchHasNoResourcesForThese: GetMetricData knows no resource but `*`, DescribeAlarms none but
  all alarms of the account;
- ConnectionsAreNamedByTheGateway: a connection's id is made when its socket opens;
- ListStreamsNamesTheTable: a stream is named after the moment of its making, and ListStreams is
  authorised for all of a table's streams (as SAM's own DynamoDBStreamReadPolicy does);
- Log: Lambda names the log streams;
- TraceHasNoResources: X-Ray's two actions know no resource but `*`.

`s3:ListBucket` is what makes S3 answer that a sound is missing (404) instead of forbidden (403). It
has no condition on prefixes, because a look at one key names none and would fail it. The bucket
holds nothing but sounds.

Sources: https://docs.aws.amazon.com/service-authorization/latest/reference/,
https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

POLICIES: Final = Path(".chalice") / "policies"

_PLACEHOLDER: Final = re.compile(r"\$\{(\w+)\}")

_IN_TEMPLATE: Final = {
    "SessionsTableArn": "SessionsTable.Arn",
    "ConnectionsTableArn": "ConnectionsTable.Arn",
    "ConnectionsStreamArn": "ConnectionsTable.StreamArn",
    "CachedTranslationsTableArn": "CachedTranslationsTable.Arn",
    "CachedTranslationsStreamArn": "CachedTranslationsTable.StreamArn",
    "RostersTableArn": "RostersTable.Arn",
    "SentencesTableArn": "SentencesTable.Arn",
    "SoundsBucketArn": "SoundsBucket.Arn",
    "DeadLetterQueueArn": "DeadLetterQueue.Arn",
}
"""A placeholder's attribute in the one-stack template, as Fn::GetAtt and Fn::Sub name it."""

_TRACE: Final = {
    "Sid": "TraceHasNoResources",
    "Effect": "Allow",
    "Action": ["xray:PutTraceSegments", "xray:PutTelemetryRecords"],
    "Resource": "*",
}

Policy = dict[str, Any]


def read_policies(project: Path, traced: bool = False) -> dict[str, Policy]:
    """Every function's policy by the function's Chalice name; with X-Ray's part where asked."""
    policies: dict[str, Policy] = {
        path.stem: json.loads(path.read_text(encoding="utf-8"))
        for path in sorted((project / POLICIES).glob("*.json"))
    }
    for policy in policies.values():
        policy["Statement"] += [_TRACE] if traced else []
    return policies


def with_arns(policy: Policy, arns: Mapping[str, str]) -> Policy:
    """The policy with a stage's ARNs.

    Statements over an API that has no ARN yet are left out: nothing is granted by a guess. They
    come with the next deployment, which `make deploy` does by itself.
    """
    known = [each for each in policy["Statement"] if _placeholders(each) <= arns.keys()]
    statements = [_mapped(each, lambda text: _filled(text, arns)) for each in known]
    return {**policy, "Statement": statements}


def with_references(policy: Policy, function_name: Any) -> Policy:
    """The policy for the one-stack template: intrinsic functions in place of ARNs."""
    statements = [
        _mapped(each, lambda text: _reference(text, function_name)) for each in policy["Statement"]
    ]
    return {**policy, "Statement": statements}


def _placeholders(value: Any) -> set[str]:
    return set(_PLACEHOLDER.findall(json.dumps(value)))


def _mapped(value: Any, change: Any) -> Any:
    if isinstance(value, str):
        return change(value)
    if isinstance(value, list):
        return [_mapped(each, change) for each in value]
    return {key: _mapped(each, change) for key, each in value.items()}


def _filled(text: str, arns: Mapping[str, str]) -> str:
    return _PLACEHOLDER.sub(lambda match: arns[match[1]], text)


def _reference(text: str, function_name: str) -> Any:
    whole = _PLACEHOLDER.fullmatch(text)
    if whole and whole[1] in _IN_TEMPLATE:
        return {"Fn::GetAtt": _IN_TEMPLATE[whole[1]].split(".")}
    if not _PLACEHOLDER.search(text):
        return text
    own = {
        "LogGroupArn": "arn:${AWS::Partition}:logs:${AWS::Region}:${AWS::AccountId}"
        f":log-group:/aws/lambda/{function_name}",
        "WebSocketApiArn": "arn:${AWS::Partition}:execute-api:${AWS::Region}:${AWS::AccountId}"
        ":${WebsocketAPI}",
        "BroadcastFunctionArn": "arn:${AWS::Partition}:lambda:${AWS::Region}:${AWS::AccountId}"
        ":function:${ApplicationName}-${Stage}-broadcast",
        "VoiceFunctionArn": "arn:${AWS::Partition}:lambda:${AWS::Region}:${AWS::AccountId}"
        ":function:${ApplicationName}-${Stage}-voice",
        "TranscriptFunctionArn": "arn:${AWS::Partition}:lambda:${AWS::Region}:${AWS::AccountId}"
        ":function:${ApplicationName}-${Stage}-transcript",
    }
    attributes = {name: f"${{{attribute}}}" for name, attribute in _IN_TEMPLATE.items()}
    return {"Fn::Sub": _filled(text, {**attributes, **own})}
