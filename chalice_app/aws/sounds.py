"""The voices' sounds in S3: private objects that live for a day, fetched by presigned addresses."""

from dataclasses import dataclass
from typing import Final

from botocore.exceptions import ClientError

from chalice_app.aws.clients import Clients
from chalice_app.aws.s3 import errors_translated, presigned

_WHAT: Final = "the sounds"
_DURATION: Final = "duration-ms"
_MISSING: Final = frozenset({"404", "NoSuchKey", "NotFound"})
"""A role without `s3:ListBucket` is answered 403 instead. Source:
https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html"""


@dataclass(frozen=True)
class S3Sounds:
    """`ports.SoundStore` on a bucket."""

    clients: Clients
    bucket: str

    def find(self, key: str) -> int | None:
        """How long the sound is (ms); one whose length is not known counts as missing."""
        with errors_translated(_WHAT):
            try:
                answer = self.clients.s3.head_object(Bucket=self.bucket, Key=key)
            except ClientError as error:
                if error.response["Error"]["Code"] in _MISSING:
                    return None
                raise
        duration = answer.get("Metadata", {}).get(_DURATION, "")
        return int(duration) if duration.isascii() and duration.isdecimal() else None

    def put(self, key: str, sound: bytes, duration_ms: int) -> None:
        """Writes it; browsers may keep it for as long as the bucket does."""
        with errors_translated(_WHAT):
            self.clients.s3.put_object(
                Bucket=self.bucket,
                Key=key,
                Body=sound,
                ContentType="audio/mpeg",
                CacheControl="private, max-age=86400, immutable",
                Metadata={_DURATION: str(duration_ms)},
            )

    def address(self, key: str, seconds: int) -> str:
        """Signed by this function."""
        return presigned(self.clients, self.bucket, key, seconds)
