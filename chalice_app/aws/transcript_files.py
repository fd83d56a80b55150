"""Transcripts too large for an answer, in S3: private objects, fetched by presigned addresses.

They are in the bucket of the voices' sounds, under a prefix of their own; like those they live for
a day at the most.
"""

from dataclasses import dataclass
from typing import Final

from chalice_app.aws.clients import Clients
from chalice_app.aws.s3 import errors_translated, presigned

_WHAT: Final = "the files of transcripts"


@dataclass(frozen=True)
class S3TranscriptFiles:
    """`export_ports.TranscriptFileStore` on a bucket."""

    clients: Clients
    bucket: str

    def put(self, key: str, body: bytes, media_type: str, disposition: str) -> None:
        """Writes it whole; nobody's cache may keep it."""
        with errors_translated(_WHAT):
            self.clients.s3.put_object(
                Bucket=self.bucket,
                Key=key,
                Body=body,
                ContentType=media_type,
                ContentDisposition=disposition,
                CacheControl="no-store",
            )

    def address(self, key: str, seconds: int) -> str:
        """Signed by this function."""
        return presigned(self.clients, self.bucket, key, seconds)

    def delete(self, key: str) -> None:
        """S3 answers the same whether or not it was there."""
        with errors_translated(_WHAT):
            self.clients.s3.delete_object(Bucket=self.bucket, Key=key)
