"""A region without Transcribe's streams is deployed to, and said to be one."""

from dataclasses import replace

import pytest

from infra.deployment.dictation_regions import dictation_gap
from infra.deployment.record import Place
from tests.fakes.world import SETTINGS

AWS = "wss://transcribestreaming.eu-west-3.amazonaws.com:8443"


@pytest.mark.parametrize("region", ["us-east-1", "eu-west-1", "eu-central-1", "sa-east-1"])
def test_of_a_region_with_streams_nothing_is_said(region: str) -> None:
    settings = replace(SETTINGS, transcribe_url=AWS.replace("eu-west-3", region))
    assert dictation_gap(settings, Place("aws", region, "123456789012")) is None


@pytest.mark.parametrize("region", ["eu-west-3", "eu-north-1", "us-west-1", "ap-east-1"])
def test_a_region_without_streams_is_named_with_those_that_have_them(region: str) -> None:
    settings = replace(SETTINGS, transcribe_url=AWS.replace("eu-west-3", region))
    said = dictation_gap(settings, Place("aws", region, "123456789012"))
    assert said is not None
    assert f"no Transcribe streaming in {region}:" in said
    assert "eu-west-1" in said
    assert "fips" not in said


@pytest.mark.parametrize(
    "changes", [{"dictation_languages": {}}, {"transcribe_url": "wss://recogniser.example"}]
)
def test_where_transcribe_is_not_asked_nothing_is_said(changes: dict[str, object]) -> None:
    settings = replace(replace(SETTINGS, transcribe_url=AWS), **changes)  # type: ignore[arg-type]
    assert dictation_gap(settings, Place("aws", "eu-west-3", "123456789012")) is None
