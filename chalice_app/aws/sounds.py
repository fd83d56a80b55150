"""The voices' sounds in S3: private objects that live for a day, fetched by presigned addresses."""

import logging
from dataclasses import dataclass
from typing import Final

from botocore.exceptions import BotoCoreError, ClientError

from chalice_app.aws.clients import Clients
from chalice_app.domain.errors import Unavailable

_log = logging.getLogger(__name__)

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
        try:
            answer = self.clients.s3.head_object(Bucket=self.bucket, Key=key)
        except ClientError as error:
            if error.response["Error"]["Code"] in _MISSING:
                return None
            raise _unavailable(error) from error
        except BotoCoreError as error:
            raise _unavailable(error) from error
        duration = answer.get("Metadata", {}).get(_DURATION, "")
        return int(duration) if duration.isascii() and duration.isdecimal() else None

    def put(self, key: str, sound: bytes, duration_ms: int) -> None:
        """Writes it; browsers may keep it for as long as the bucket does."""
        try:
            self.clients.s3.put_object(
                Bucket=self.bucket,
                Key=key,
                Body=sound,
                ContentType="audio/mpeg",
                CacheControl="private, max-age=86400, immutable",
                Metadata={_DURATION: str(duration_ms)},
            )
        except (ClientError, BotoCoreError) as error:
            raise _unavailable(error) from error

    def address(self, key: str, seconds: int) -> str:
        """Signed with this function's own credentials, without any request."""
        url: str = self.clients.s3.generate_presigned_url(
            "get_object", Params={"Bucket": self.bucket, "Key": key}, ExpiresIn=seconds
        )
        return url


def _unavailable(error: ClientError | BotoCoreError) -> Unavailable:
    if isinstance(error, ClientError):
        _log.warning("S3 refused: %s", error.response["Error"]["Code"])
    else:
        _log.warning("S3 did not answer: %s", type(error).__name__)
    return Unavailable("the sounds are out of reach")
