"""What goes wrong in a deployment, told in one line: the reason, and what mends it."""

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


class DeploymentProblem(Exception):
    """A deployment cannot go on.

    Args:
        reason: what is wrong, as seen by whoever runs the command.
        mend: what to do about it, preferably a command.
    """

    def __init__(self, reason: str, mend: str) -> None:
        # A reason may come from AWS, which writes paragraphs.
        super().__init__(f"{' '.join(reason.split())}: {mend}")


def told_with_its_mend(error: BaseException) -> str:
    """What AWS or its SDK objects to, and what to do about it, in one line."""
    match error:
        case DeploymentProblem():
            return str(error)
        case (
            NoCredentialsError()
            | PartialCredentialsError()
            | ProfileNotFound()
            | TokenRetrievalError()
            | UnauthorizedSSOTokenError()
        ):
            return _told(f"no AWS credentials ({error})", _LOG_IN)
        case NoRegionError():
            return _told("no region is chosen", "export AWS_REGION=us-east-1")
        case EndpointConnectionError() | ConnectTimeoutError() | InvalidRegionError():
            return _told(str(error), "check AWS_REGION and the network")
        case ClientError() if error.response["Error"]["Code"] in _NOT_ACCEPTED:
            mend = f"{_LOG_IN}; or AWS_REGION is one that the account has not enabled"
            return _told("AWS does not accept the credentials", mend)
        case ClientError() if error.response["Error"]["Code"] == "ResourceNotFoundException":
            return _told(str(error), "is the stage deployed there? check STAGE and AWS_REGION")
    return _told(str(error), "mend that and run this again")


def _told(reason: str, mend: str) -> str:
    return str(DeploymentProblem(reason, mend))
