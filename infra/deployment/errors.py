"""Why a deployment cannot go on, in one line: the reason, and what to do about it."""

from typing import Final

from botocore.exceptions import (
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    InvalidRegionError,
    NoCredentialsError,
    NoRegionError,
    PartialCredentialsError,
    ProfileNotFound,
    TokenRetrievalError,
    UnauthorizedSSOTokenError,
)

_LOG_IN: Final = "log in: export AWS_PROFILE, or run `aws configure` or `aws sso login`"
_NOT_ACCEPTED: Final = frozenset(
    {
        "ExpiredToken",
        "ExpiredTokenException",
        "InvalidClientTokenId",
        "InvalidSignatureException",
        "SignatureDoesNotMatch",
        "UnrecognizedClientException",
    }
)

_NOT_FOUND: Final = frozenset({"NotFoundException", "ResourceNotFoundException"})
"""API Gateway's word, and that of the others."""


class DeploymentError(Exception):
    """A deployment cannot go on.

    Args:
        reason: what is wrong, as seen by the person who runs the command.
        remedy: what to do about it, preferably a command.
    """

    def __init__(self, reason: str, remedy: str) -> None:
        # A reason may come from AWS, which writes paragraphs.
        super().__init__(f"{' '.join(reason.split())}: {remedy}")


def error_with_remedy(error: BaseException) -> str:
    """What AWS or its SDK objects to, and what to do about it, in one line."""
    match error:
        case DeploymentError():
            return str(error)
        case (
            NoCredentialsError()
            | PartialCredentialsError()
            | ProfileNotFound()
            | TokenRetrievalError()
            | UnauthorizedSSOTokenError()
        ):
            return _line(f"no AWS credentials ({error})", _LOG_IN)
        case NoRegionError():
            return _line("no region is chosen", "export AWS_REGION=us-east-1")
        case EndpointConnectionError() | ConnectTimeoutError() | InvalidRegionError():
            return _line(str(error), "check AWS_REGION and the network")
        case ClientError() if error.response["Error"]["Code"] in _NOT_ACCEPTED:
            remedy = f"{_LOG_IN}; or AWS_REGION is one that the account has not enabled"
            return _line("AWS does not accept the credentials", remedy)
        case ClientError() if is_not_found(error):
            return _line(str(error), "is the stage deployed there? check STAGE and AWS_REGION")
    return _line(str(error), "correct that and run this again")


def is_not_found(error: ClientError) -> bool:
    """Whether AWS says that what was asked for does not exist."""
    return error.response["Error"]["Code"] in _NOT_FOUND


def _line(reason: str, remedy: str) -> str:
    return str(DeploymentError(reason, remedy))
