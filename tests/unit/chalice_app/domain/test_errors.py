"""Every error has a code of the protocol and an HTTP status."""

import pytest

from chalice_app import settings as config
from chalice_app.domain import errors
from chalice_app.domain.errors import BroadcasterError

PROTOCOL = {
    "BAD_MESSAGE": 400,
    "INVALID_LANGUAGE": 400,
    "UNSUPPORTED_LANGUAGE": 400,
    "TEXT_TOO_LONG": 400,
    "NOT_SPEAKER": 401,
    "SESSION_NOT_FOUND": 404,
    "SEQUENCE_NOT_KEPT": 404,
    "RATE_LIMITED": 429,
    "SESSION_FULL": 503,
    # Of the operator's view alone, which is no part of the protocol.
    "NOT_OPERATOR": 401,
    "NOT_FOUND": 404,
}
LEAVES = [
    leaf
    for leaf in vars(errors).values()
    if isinstance(leaf, type) and issubclass(leaf, BroadcasterError)
]


@pytest.mark.parametrize(("code", "status"), PROTOCOL.items())
def test_every_code_of_the_protocol_is_one_error_with_its_status(code: str, status: int) -> None:
    assert [leaf.http_status for leaf in LEAVES if leaf.code == code] == [status]


@pytest.mark.parametrize("leaf", [*LEAVES, config.ConfigurationError])
def test_an_error_without_a_code_of_its_own_is_internal(leaf: type[BroadcasterError]) -> None:
    if leaf.code not in PROTOCOL:
        assert leaf.code == "INTERNAL"
        assert leaf.http_status >= 500
