"""What a bare `chalice deploy` counts on: what `make deploy` made whole stands, as it is recorded.

Chalice makes anew whatever is missing, and reports success. But a new API has another id, which the
functions' settings and policies do not have; a new mapping has none of its behaviour, and a new
function no failure destination. `chalice delete` leaves such a stage, and so does anybody who
deletes a part of it by hand.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from botocore.exceptions import ClientError

from infra.deployment.errors import DeploymentError, is_not_found
from infra.deployment.event_invoke_config import BEHAVIOUR
from infra.deployment.mappings import STREAMS, Mappings
from infra.deployment.record import VARIABLES, Record, recorded_domain, websocket_name


def require_standing(session: Any, record: Record, environ: Mapping[str, str]) -> None:
    """Refuses a stage of which Chalice would have to make a part anew.

    Args:
        session: a boto3 session.
        record: of the stage.
        environ: the settings that the functions would get.

    Raises:
        DeploymentError: with what is missing, and the command that makes it.
    """
    if (missing := next(_missing(session, record, environ), None)) is not None:
        raise DeploymentError(missing, f"run: make deploy STAGE={record.stage.name}")


def _missing(session: Any, record: Record, environ: Mapping[str, str]) -> Iterator[str]:
    name, api_id = record.stage.name, record.websocket_api_id()
    if api_id is None:
        yield f"stage {name} was deleted, or never deployed to its end: no API is recorded"
    elif (known := environ.get("WEBSOCKET_API_ID")) != api_id:
        yield f"WEBSOCKET_API_ID is {known or 'not set'}, and stage {name} has the API {api_id}"
    yield from _missing_apis(session, record)
    yield from _missing_domain(session, environ)
    client = session.client("lambda")
    for function, output in STREAMS.items():
        mappings = Mappings(client, record.stage.function_name(function))
        if not mappings.behave(environ.get(VARIABLES[output], ""), record.mapping_ids()):
            yield f"the stream of {function} has no mapping that keeps its failures"
    for function, behaviour in BEHAVIOUR.items():
        known = record.stage.function_name(function)
        if not _has_event_invoke_config(client, known):
            lost = "does not keep its failures" if behaviour.keeps_failures else "would be retried"
            yield f"the function {known} is missing, or {lost}"


def _has_event_invoke_config(client: Any, function: str) -> bool:
    return _exists(lambda: client.get_function_event_invoke_config(FunctionName=function))


def _missing_apis(session: Any, record: Record) -> Iterator[str]:
    if (api_id := record.websocket_api_id()) is not None:
        websockets = session.client("apigatewayv2")
        if not _exists(lambda: websockets.get_api(ApiId=api_id)):
            yield f"the WebSocket API {api_id} does not exist any more"
    if (rest_api_id := record.rest_api_id()) is not None:
        http = session.client("apigateway")
        if not _exists(lambda: http.get_rest_api(restApiId=rest_api_id)):
            yield f"the HTTP API {rest_api_id} does not exist any more"


def _missing_domain(session: Any, environ: Mapping[str, str]) -> Iterator[str]:
    domain = recorded_domain(environ)
    if domain is not None:
        name, client = websocket_name(domain), session.client("apigatewayv2")
        if not _exists(lambda: client.get_domain_name(DomainName=name)):
            yield f"the custom domain {name} does not exist any more"


def _exists(look: Callable[[], Any]) -> bool:
    try:
        look()
    except ClientError as error:
        if is_not_found(error):
            return False
        raise
    return True
