"""DynamoDB's errors become this project's: ConditionFailed, Conflict or else Unavailable."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from chalice_app.domain.errors import ConditionFailed, Conflict, Unavailable
from chalice_app.wire.attribute_values import decode

_log = logging.getLogger(__name__)


@contextmanager
def errors_translated() -> Iterator[None]:
    """Turns botocore's errors into this project's."""
    try:
        yield
    except ClientError as error:
        raise _translated(error) from error
    except BotoCoreError as error:
        raise Unavailable("the database did not answer") from error


def _translated(error: ClientError) -> ConditionFailed | Conflict | Unavailable:
    match error.response["Error"]["Code"]:
        case "ConditionalCheckFailedException":
            # boto3's types know nothing of it: ReturnValuesOnConditionCheckFailure puts it there.
            found: dict[str, Any] = error.response.get("Item", {})  # type: ignore[assignment]
            return ConditionFailed("the row is not as expected", decode(found))
        case "TransactionCanceledException" | "TransactionConflictException":
            return Conflict("another writer was there first")
        case code:
            # The reason goes to our logs alone: the client's message says nothing of the tables.
            _log.warning("DynamoDB refused: %s", code)
            return Unavailable("the database refused")
