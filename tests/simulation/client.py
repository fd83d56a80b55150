"""The low-level client that the adapters are given: every call goes wherever the run routes it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from chalice_app.aws.clients import Clients
from chalice_app.aws.dynamodb.connections import ConnectionsTable
from chalice_app.aws.dynamodb.roster_survey import DynamoDbSurvey
from chalice_app.aws.dynamodb.rosters import RostersTable
from chalice_app.aws.dynamodb.sentences import SentencesTable
from chalice_app.aws.dynamodb.sessions import SessionsTable
from chalice_app.aws.dynamodb.table import Table
from tests.simulation.database import Answer, Request
from tests.simulation.tables import CONNECTIONS, ROSTERS, SENTENCES, SESSIONS
from tests.simulation.write_units import TableDefinition

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

Route = Callable[[str, Request], Answer]


class SimulatedClient:
    """The methods of botocore's client, by whatever name: the database refuses those it lacks."""

    def __init__(self, route: Route) -> None:
        self.route = route

    def __getattr__(self, method: str) -> Callable[..., Answer]:
        def call(**request: Any) -> Answer:
            return self.route(method, request)

        self.__dict__[method] = call
        return call


class SimulatedClients(Clients):
    """`Clients` whose DynamoDB client is simulated."""

    def __init__(self, client: SimulatedClient) -> None:
        super().__init__("simulated")
        self.dynamodb = cast("DynamoDBClient", client)


@dataclass(frozen=True)
class Tables:
    """The production adapters over one client."""

    sessions: SessionsTable
    sentences: SentencesTable
    connections: ConnectionsTable
    rosters: RostersTable
    survey: DynamoDbSurvey


def tables_over(client: SimulatedClient) -> Tables:
    """The adapters, composed as `bootstrap` composes them."""
    clients = SimulatedClients(client)

    def table(definition: TableDefinition) -> Table:
        return Table(clients, definition.name, definition.key)

    connections = ConnectionsTable(table(CONNECTIONS))
    return Tables(
        sessions=SessionsTable(table(SESSIONS)),
        sentences=SentencesTable(table(SENTENCES)),
        connections=connections,
        rosters=RostersTable(table(ROSTERS), table(SESSIONS), connections),
        survey=DynamoDbSurvey(table(SESSIONS), connections.table, table(ROSTERS)),
    )
