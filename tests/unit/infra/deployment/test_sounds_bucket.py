"""The bucket of sounds is private, forgets within two days, and lets pages read."""

from typing import Any

import pytest

from infra.cloudformation import Template
from infra.deployment.stage_names import PROJECT


@pytest.fixture(params=["dev", "prod"])
def bucket(request: pytest.FixtureRequest) -> dict[str, Any]:
    """Its properties."""
    parameters = {"Stage": request.param, "Environment": request.param}
    template = Template.read(PROJECT / "infra" / "tables.yaml", parameters)
    (properties,) = template.resources("AWS::S3::Bucket").values()
    return properties


def test_nothing_makes_it_public(bucket: dict[str, Any]) -> None:
    blocked = bucket["PublicAccessBlockConfiguration"]
    names = ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets")
    assert blocked == dict.fromkeys(names, True)
    assert bucket["OwnershipControls"]["Rules"] == [{"ObjectOwnership": "BucketOwnerEnforced"}]


def test_it_is_encrypted(bucket: dict[str, Any]) -> None:
    (rule,) = bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert rule == {"ServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}


def test_sounds_and_broken_off_uploads_go_after_a_day(bucket: dict[str, Any]) -> None:
    (rule,) = bucket["LifecycleConfiguration"]["Rules"]
    assert rule["Status"] == "Enabled"
    assert rule["ExpirationInDays"] == 1
    assert rule["AbortIncompleteMultipartUpload"] == {"DaysAfterInitiation": 1}
    assert not {"Prefix", "TagFilters", "ObjectSizeGreaterThan"} & rule.keys()


def test_pages_read_it_and_do_nothing_else(bucket: dict[str, Any]) -> None:
    (rule,) = bucket["CorsConfiguration"]["CorsRules"]
    assert rule["AllowedMethods"] == ["GET", "HEAD"]
    assert rule["AllowedOrigins"] == ["*"]


def test_its_name_is_drawn_so_that_no_two_stages_or_accounts_want_the_same(
    bucket: dict[str, Any],
) -> None:
    assert "BucketName" not in bucket


def test_it_goes_with_its_stack_and_takes_no_plain_connection() -> None:
    text = (PROJECT / "infra" / "tables.yaml").read_text(encoding="utf-8")
    declared = text[text.index("  SoundsBucket:") : text.index("\nOutputs:")]
    assert declared.count("DeletionPolicy: Delete") == 2
    assert declared.count("UpdateReplacePolicy: Delete") == 2
    denied = declared[declared.index("Effect: Deny") :]
    assert 'Principal: "*"' in denied
    assert "Action: s3:*" in denied
    assert 'Condition: {Bool: {aws:SecureTransport: "false"}}' in denied
