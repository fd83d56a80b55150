"""AWS's clients, made when they are first used: a function pays only for what it calls.

They are boto3's own, made by botocore: boto3 adds resources, S3 transfers and `multiprocessing`,
none of which is used here, and a fifth to the CPU that a function takes to start (230 ms against
180, `tests/benchmarks/cold_start.py`).

One botocore session serves all of them: each further session loads the service models again
(measured: three clients of three sessions cost a third more start-up time than of one).
"""

from dataclasses import dataclass, field
from functools import cached_property
from threading import RLock
from typing import TYPE_CHECKING, Any

from botocore.config import Config
from botocore.credentials import ReadOnlyCredentials
from botocore.loaders import Loader
from botocore.session import Session

from chalice_app.aws.dynamodb.lean_responses import take_json_as_it_is

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient
    from types_boto3_lambda import LambdaClient
    from types_boto3_translate import TranslateClient

_DYNAMODB = Config(
    # The adapters' requests are of a few fixed shapes, and DynamoDB checks them anyway: botocore's
    # own check is a quarter of a roster transaction's CPU (tests/benchmarks/roster_sync.py).
    parameter_validation=False,
    connect_timeout=1,
    read_timeout=2,
    retries={"mode": "standard", "total_max_attempts": 4},
    max_pool_connections=64,
    tcp_keepalive=True,
)
_LAMBDA = Config(
    # A batch that no function takes is sent by the function that asked: it must know soon.
    connect_timeout=1,
    read_timeout=2,
    retries={"mode": "standard", "total_max_attempts": 2},
    max_pool_connections=64,
    tcp_keepalive=True,
)
_TRANSLATE = Config(
    # The 2 s that a caption waits for its translation (`sentence_translator.TRANSLATION_SECONDS`).
    connect_timeout=1,
    read_timeout=2,
    retries={"mode": "standard", "total_max_attempts": 2},
    max_pool_connections=64,
    tcp_keepalive=True,
)

_CLOUDWATCH = Config(
    # For a page that asks again in a moment.
    connect_timeout=1,
    read_timeout=4,
    retries={"mode": "standard", "total_max_attempts": 2},
)
_POLLY = Config(
    # A sound has 4 s in all (`synthesis.sounds.SOUND_SECONDS`), in which a second voice is tried
    # where the first one hangs. A throttled call is no use again at once: the other engine is.
    connect_timeout=0.5,
    read_timeout=2,
    retries={"mode": "standard", "total_max_attempts": 1},
    max_pool_connections=64,
    tcp_keepalive=True,
)
_S3 = Config(
    connect_timeout=0.5,
    read_timeout=1,
    retries={"mode": "standard", "total_max_attempts": 2},
    max_pool_connections=64,
    tcp_keepalive=True,
    # An address that browsers get is good in every region, with temporary credentials too, and has
    # the origin that the page's policy names (`settings.sounds_url`): "auto" would name no region.
    # At an endpoint that is an IP, botocore puts the bucket into the path. Checksums of what HTTPS
    # carries whole would be further parts of the address, which other stores do not know.
    signature_version="s3v4",
    s3={"addressing_style": "virtual", "us_east_1_regional_endpoint": "regional"},
    request_checksum_calculation="when_required",
    response_checksum_validation="when_required",
)


class _OurServices(Loader):
    """Knows what is used here; botocore's own lists its 400 services' folders, twice, to find out.

    That was 18 of the 47 ms of CPU of the first client, and 870 folders from a cold disk.
    """

    def list_available_services(self, type_name: str) -> list[str]:
        """The services that have a client below."""
        return ["cloudwatch", "dynamodb", "lambda", "polly", "s3", "translate"]


class NoCredentials(RuntimeError):
    """The environment holds no AWS credentials."""


@dataclass
class Clients:
    """Lazy clients for one region.

    `sounds_endpoint` is where browsers find S3, if not where the functions do.
    """

    region: str
    sounds_endpoint: str = ""
    # Clients may be shared by threads, sessions may not make them in two threads at once.
    _making: RLock = field(default_factory=RLock, repr=False)

    @cached_property
    def session(self) -> Session:
        """The one session."""
        made = Session()
        made.register_component("data_loader", _OurServices())
        return made

    @cached_property
    def dynamodb(self) -> "DynamoDBClient":
        """DynamoDB's low-level client (the resource layer costs start-up time and Decimals)."""
        with self._making:
            client: DynamoDBClient = self._client("dynamodb", _DYNAMODB)
            take_json_as_it_is(client.meta.events)
            return client

    @cached_property
    def lambda_(self) -> "LambdaClient":
        """Lambda's client, for functions that invoke functions."""
        with self._making:
            made: LambdaClient = self._client("lambda", _LAMBDA)
            return made

    @cached_property
    def translate(self) -> "TranslateClient":
        """Amazon Translate's client."""
        with self._making:
            made: TranslateClient = self._client("translate", _TRANSLATE)
            return made

    @cached_property
    def cloudwatch(self) -> Any:
        """CloudWatch's client."""
        with self._making:
            return self._client("cloudwatch", _CLOUDWATCH)

    @cached_property
    def polly(self) -> Any:
        """Amazon Polly's client."""
        with self._making:
            return self._client("polly", _POLLY)

    @cached_property
    def s3(self) -> Any:
        """S3's client."""
        with self._making:
            return self._client("s3", _S3)

    @cached_property
    def presigning(self) -> Any:
        """S3's client that signs the addresses for browsers, and asks for nothing."""
        if not self.sounds_endpoint:
            return self.s3
        with self._making:
            # With the bucket in the path: the endpoint is one server, whose host may have no names.
            config = _S3.merge(Config(s3={"addressing_style": "path"}))
            return self._client("s3", config, self.sounds_endpoint)

    def _client(self, service: str, config: Config, endpoint: str | None = None) -> Any:
        return self.session.create_client(
            service, self.region, config=config, endpoint_url=endpoint
        )

    def prepare(self) -> None:
        """Makes the clients that a sentence needs, without any request."""
        _ = self.dynamodb, self.translate

    def credentials(self) -> ReadOnlyCredentials:
        """The credentials as they are at this moment: a function's rotate while it lives."""
        credentials = self.session.get_credentials()
        if credentials is None:
            raise NoCredentials("no AWS credentials in the environment")
        return credentials.get_frozen_credentials()
