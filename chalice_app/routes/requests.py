"""The app, and what its handlers share: who asks, and errors as the protocol has them."""

import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import unquote

from chalice.app import Chalice, Request, Response

from chalice_app.bootstrap.process import current
from chalice_app.bootstrap.routes import RouteParts
from chalice_app.domain.errors import (
    BadMessage,
    BroadcasterError,
    NotSpeaker,
    SessionFull,
)
from chalice_app.domain.session import Session
from chalice_app.observability import logs
from chalice_app.sessions.entrance import Caller
from chalice_app.wire import outgoing

_log = logging.getLogger(__name__)

app = Chalice(app_name="translation-broadcaster", configure_logs=False)


app.experimental_feature_flags.update(["WEBSOCKETS"])


INTERNAL = BroadcasterError("the service failed; your request was right, try again")


def route_parts() -> RouteParts:
    """What this process is composed of."""
    return current(RouteParts)


def count_one(event: str) -> None:
    """Counts one event in its metric."""
    route_parts().adapters.metrics.emit({event: 1})


def end_talk(parts: RouteParts, session: Session) -> None:
    """Ends a session, and what it dictates."""
    parts.dictation.end_with(parts.sessions.end(session))


@app.middleware("http")
def logged(request: Request, answer: Callable[[Request], Response]) -> Response:
    """Around every route: what its lines in the log say of it."""
    with logs.invocation(request.lambda_context):
        logs.bind(gatewayRequestId=request.context.get("requestId", ""))
        return answer(request)


def session_of_speaker(
    session_id: str, find: Callable[[str, str, str], Session] | None = None
) -> Session:
    """The session whose speaker asks, an open one unless `find` says otherwise.

    Refusals are counted.
    """
    token = bearer_token()
    if token is None:
        raise NotSpeaker("the Authorization header must be: Bearer <speakerToken>")
    parts, address = route_parts(), source_address(current_request().context)
    with refusals_counted(parts, session_id):
        return (find or parts.entrance.of_speaker)(session_id, token, address)


@contextmanager
def refusals_counted(parts: RouteParts, session_id: str) -> Iterator[None]:
    """Counts what is refused inside."""
    try:
        yield
    except BroadcasterError as failure:
        parts.refusals.count(failure, session_id)
        raise
    finally:
        parts.refusals.flush_if_due()


def caller_of_request() -> Caller:
    """Who asks for a session, and what it shows."""
    request = current_request()
    code = request.headers.get("x-join-code")
    return Caller(
        address=source_address(request.context),
        join_code=None if code is None else unquote(code),
        speaker_token=bearer_token(),
        resume_token=request.headers.get("x-resume-token"),
        asks_to_join="joining" in (request.query_params or {}),
    )


def source_address(context: Mapping[str, Any]) -> str:
    """The client's address as the gateway saw it: a header could be made up by its sender."""
    return (context.get("identity") or {}).get("sourceIp") or ""


def current_request() -> Request:
    """The HTTP request that is being served."""
    if app.current_request is None:
        raise RuntimeError("no request is being served")
    return app.current_request


def request_body() -> str | bytes:
    """The request's body; API Gateway hands it over as text, in which half a surrogate may be."""
    try:
        return current_request().raw_body
    except ValueError:
        raise BadMessage("the body must be UTF-8 or base64") from None


def queried() -> dict[str, list[str]]:
    """The query's parameters, each with all its values."""
    query = current_request().query_params
    return {} if query is None else {name: query.getlist(name) for name in query}


def bearer_token() -> str | None:
    """What the Authorization header shows, if anything."""
    header: str = current_request().headers.get("authorization", "")
    scheme, _, token = header.partition(" ")
    return token.strip() if scheme.lower() == "bearer" and token else None


def answered(call: Callable[[], dict[str, Any] | None], status: int = 200) -> Response:
    """The call's result, or the protocol's error with its HTTP status."""

    def answered() -> Response:
        """The result as a body."""
        body = call()
        return Response("" if body is None else body, status_code=status)

    return answered_as_it_is(answered)


def answered_as_it_is(call: Callable[[], Response]) -> Response:
    """The call's answer, or the protocol's error with its HTTP status."""
    try:
        return call()
    except BroadcasterError as failure:
        log_failure(failure)
        return refusal(failure)
    except Exception:  # noqa: BLE001
        _log.exception("request failed")
        return refusal(INTERNAL)


def refusal(failure: BroadcasterError) -> Response:
    """The protocol's error with its HTTP status."""
    request = current_request()
    # Chalice's local server knows no request id of the gateway's: then the function's own.
    own = getattr(request.lambda_context, "aws_request_id", "")
    error = outgoing.error(failure, str(request.context.get("requestId") or own))
    return Response(error, status_code=failure.http_status)


def log_failure(failure: BroadcasterError) -> None:
    """Logs a fault of this service with its cause; a client's mistake goes to the client alone."""
    if failure.http_status >= 500 and not isinstance(failure, SessionFull):
        _log.error("%s: %s", failure.code, failure.message, exc_info=failure)
