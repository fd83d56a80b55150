"""Large transcripts in S3: private files with a name of their own, and an end."""

from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import pytest
from botocore.exceptions import ReadTimeoutError
from botocore.stub import Stubber
from moto import mock_aws

from chalice_app.aws.clients import Clients
from chalice_app.aws.transcript_files import S3TranscriptFiles
from chalice_app.domain.errors import Unavailable

BUCKET = "sounds-here"
KEY = "transcripts/golden-eagle-427/1/golden-eagle-427.es.srt"
DISPOSITION = 'attachment; filename="golden-eagle-427.es.srt"'


@pytest.fixture
def s3(clients: Clients) -> Iterator[Stubber]:
    with Stubber(clients.s3) as stubber:
        yield stubber
        stubber.assert_no_pending_responses()


def test_a_file_is_kept_with_its_name_and_deleted_twice(aws_environment: None) -> None:
    with mock_aws():
        clients = Clients("us-east-1")
        clients.s3.create_bucket(Bucket=BUCKET)
        files = S3TranscriptFiles(clients, BUCKET)
        files.put(KEY, "¡Hola!".encode(), "application/x-subrip; charset=utf-8", DISPOSITION)
        kept = clients.s3.get_object(Bucket=BUCKET, Key=KEY)
        assert kept["Body"].read().decode() == "¡Hola!"
        assert kept["ContentType"] == "application/x-subrip; charset=utf-8"
        assert kept["ContentDisposition"] == DISPOSITION
        assert kept["CacheControl"] == "no-store"
        files.delete(KEY)
        files.delete(KEY)
        assert "Contents" not in clients.s3.list_objects_v2(Bucket=BUCKET)


def test_its_address_is_good_for_a_while(clients: Clients) -> None:
    url = urlsplit(S3TranscriptFiles(clients, BUCKET).address(KEY, 300))
    assert url.path == f"/{KEY}"
    assert parse_qs(url.query)["X-Amz-Expires"] == ["300"]


@pytest.mark.parametrize("code", ["403", "SlowDown", "NoSuchBucket"])
def test_a_refusal_is_unavailable(clients: Clients, s3: Stubber, code: str) -> None:
    s3.add_client_error("put_object", code)
    s3.add_client_error("delete_object", code)
    files = S3TranscriptFiles(clients, BUCKET)
    with pytest.raises(Unavailable):
        files.put(KEY, b"", "text/plain", DISPOSITION)
    with pytest.raises(Unavailable):
        files.delete(KEY)


def test_no_answer_is_unavailable(clients: Clients, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_answer(**_: object) -> None:
        raise ReadTimeoutError(endpoint_url="https://s3")

    monkeypatch.setattr(clients.s3, "put_object", no_answer)
    with pytest.raises(Unavailable):
        S3TranscriptFiles(clients, BUCKET).put(KEY, b"", "text/plain", DISPOSITION)
