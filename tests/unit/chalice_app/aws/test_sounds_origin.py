"""A sound's address has the origin that the listener's page may fetch from, wherever the stage is.

botocore signs for `s3.amazonaws.com` in all regions but one unless it is told otherwise: the page's
policy forbids that origin, and S3 sends requests for a new bucket elsewhere from there.
"""

from urllib.parse import parse_qs, urlsplit

import pytest

from chalice_app.aws.clients import Clients
from chalice_app.aws.sounds import S3Sounds
from chalice_app.settings import require_settings

REGIONS = ("us-east-1", "eu-west-1", "eu-central-1", "ap-south-1", "us-gov-west-1")
ENDPOINTS = ("", "http://127.0.0.1:4566", "http://localhost:4566", "https://s3.example.org")


@pytest.mark.parametrize("region", REGIONS)
@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_the_page_s_policy_names_the_origin_of_every_sound(
    monkeypatch: pytest.MonkeyPatch, region: str, endpoint: str
) -> None:
    environ = {
        "AWS_REGION": region,
        "SOUNDS_BUCKET_NAME": "translation-broadcaster-d-soundsbucket-1abc2def",
        **({"AWS_ENDPOINT_URL_S3": endpoint} if endpoint else {}),
    }
    for name in ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3"):
        monkeypatch.delenv(name, raising=False)
    for name, value in (environ | {"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b"}).items():
        monkeypatch.setenv(name, value)
    settings = require_settings(environ)
    url = S3Sounds(Clients(region), settings.sounds_bucket).address("sounds/x.mp3", 3600)
    parts = urlsplit(url)
    assert f"{parts.scheme}://{parts.netloc}" == settings.sounds_url
    query = parse_qs(parts.query)
    assert query["X-Amz-Algorithm"] == ["AWS4-HMAC-SHA256"]
    assert f"/{region}/s3/" in query["X-Amz-Credential"][0]
