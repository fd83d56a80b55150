"""Transcripts too large for an answer, in S3: private objects, fetched by presigned addresses.

They are in the bucket of the voices' sounds, under a prefix of their own; like those they live for
a day at the most.
"""

import logging
from dataclasses import dataclass

from botocore.exceptions import BotoCoreError, ClientError

from chalice_app.aws.clients import Clients
from chalice_app.domain.errors import Unavailable

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class S3TranscriptFiles:
    """`export_ports.TranscriptFileStore` on a bucket."""

    clients: Clients
    bucket: str

    def put(self, key: str, body: bytes, media_type: str, disposition: str) -> None:
        """Writes it whole; nobody's cache may keep it."""
        try:
            self.clients.s3.put_object(
                Bucket=self.bucket,
                Key=key,
                Body=body,
                ContentType=media_type,
                ContentDisposition=disposition,
                CacheControl="no-store",
            )
        except (ClientError, BotoCoreError) as error:
            raise _unavailable(error) from error

    def address(self, key: str, seconds: int) -> str:
        """Signed with this function's own credentials, without any request."""
        url: str = self.clients.s3.generate_presigned_url(
            "get_object", Params={"Bucket": self.bucket, "Key": key}, ExpiresIn=seconds
        )
        return url

    def delete(self, key: str) -> None:
        """S3 answers the same whether or not it was there."""
        try:
            self.clients.s3.delete_object(Bucket=self.bucket, Key=key)
        except (ClientError, BotoCoreError) as error:
            raise _unavailable(error) from error


def _unavailable(error: ClientError | BotoCoreError) -> Unavailable:
    if isinstance(error, ClientError):
        _log.warning("S3 refused: %s", error.response["Error"]["Code"])
    else:
        _log.warning("S3 did not answer: %s", type(error).__name__)
    return Unavailable("the files of transcripts are out of reach")
