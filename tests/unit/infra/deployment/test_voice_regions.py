"""A region without Polly, or without its neural voices, is deployed to, and said to be one."""

from collections.abc import Mapping

import boto3
import pytest

from chalice_app.settings import require_settings
from infra.deployment.record import Place
from infra.deployment.voice_regions import NEURAL, VoiceRegions

PARTITIONS = ("aws", "aws-us-gov")
ELSEWHERE = {"AWS_ENDPOINT_URL_POLLY": "http://127.0.0.1:1"}


SESSION = boto3.Session()


def voices(
    region: str, variables: Mapping[str, str] | None = None, partition: str = "aws"
) -> VoiceRegions:
    return VoiceRegions(SESSION, variables or {}, Place(partition, region, "123456789012"))


@pytest.mark.parametrize("region", ["us-east-1", "eu-west-1", "eu-central-1", "ap-south-1"])
def test_of_a_region_with_neural_voices_nothing_is_said(region: str) -> None:
    assert voices(region).can_speak()
    assert voices(region).gap() is None


@pytest.mark.parametrize("region", ["us-east-2", "us-west-1", "ap-east-1", "eu-north-1"])
def test_a_region_with_standard_voices_alone_speaks_by_them(region: str) -> None:
    assert voices(region).can_speak()
    assert f"no neural voices in {region}: " in str(voices(region).gap())


@pytest.mark.parametrize("region", ["eu-south-1", "il-central-1", "mx-central-1"])
def test_a_region_without_polly_is_named_with_those_that_have_it(region: str) -> None:
    assert not voices(region).can_speak()
    said = str(voices(region).gap())
    assert f"no Polly in {region}: the stage has no voices" in said
    assert "eu-west-1" in said
    assert "fips" not in said


def test_another_polly_than_the_region_s_speaks_anywhere() -> None:
    assert voices("eu-south-1", ELSEWHERE).can_speak()
    assert voices("eu-south-1", ELSEWHERE).gap() is None


def test_of_a_stage_that_wants_no_voices_nothing_is_said() -> None:
    assert voices("eu-south-1", {"VOICE_LANGUAGES": ""}).gap() is None
    assert voices("eu-south-1", {"VOICE_LANGUAGES": "es=good"}).gap() is not None


def test_where_there_are_standard_voices_alone_their_languages_are_named_as_fair() -> None:
    named = str(voices("us-east-2").languages()).split(",")
    assert {"es=fair", "en-GB=fair", "is=fair"} <= set(named)
    assert not {"ca=fair", "fi=fair", "cs=fair"} & set(named)  # spoken by neural voices alone
    environ = {"SOUNDS_BUCKET_NAME": "sounds", "VOICE_LANGUAGES": ",".join(named)}
    assert require_settings(environ).voice_languages["es"] == "fair"


@pytest.mark.parametrize(
    ("region", "variables"),
    [
        ("us-east-1", {}),
        ("eu-south-1", {}),
        ("us-east-2", ELSEWHERE),
        ("us-east-2", {"VOICE_LANGUAGES": "es=good"}),
        ("us-east-2", {"VOICE_LANGUAGES": ""}),
    ],
)
def test_elsewhere_no_languages_are_named(region: str, variables: Mapping[str, str]) -> None:
    assert voices(region, variables).languages() is None


def test_another_partition_has_regions_of_its_own() -> None:
    assert voices("us-gov-west-1", partition="aws-us-gov").can_speak()
    assert not voices("us-gov-east-1", partition="aws-us-gov").can_speak()


def test_the_sdk_knows_a_polly_in_every_region_with_neural_voices() -> None:
    assert all(any(voices(each, None, p).can_speak() for p in PARTITIONS) for each in NEURAL)
