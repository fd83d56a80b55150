"""What the adapters of S3 have in common: its refusals, and addresses that anybody can fetch."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from botocore.exceptions import BotoCoreError, ClientError

from chalice_app.aws.clients import Clients
from chalice_app.domain.errors import Unavailable

_log = logging.getLogger(__name__)


@contextmanager
def errors_translated(what: str) -> Iterator[None]:
    """Turns whatever keeps S3 from doing what is asked inside into Unavailable.

    `what` names the objects that are asked for, as in "the sounds".
    """
    try:
        yield
    except ClientError as error:
        _log.warning("S3 refused: %s", error.response["Error"]["Code"])
        raise Unavailable(f"{what} are out of reach") from error
    except BotoCoreError as error:
        _log.warning("S3 did not answer: %s", type(error).__name__)
        raise Unavailable(f"{what} are out of reach") from error


def presigned(clients: Clients, bucket: str, key: str, seconds: int) -> str:
    """An object's address, signed with this function's own credentials, without any request."""
    url: str = clients.presigning.generate_presigned_url(
        "get_object", Params={"Bucket": bucket, "Key": key}, ExpiresIn=seconds
    )
    return url
