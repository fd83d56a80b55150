"""What the gateway allows, each limit with its source."""

from dataclasses import dataclass

MAX_MESSAGE_BYTES = 128 * 1024
"""Either way. API Gateway quotas, "WebSocket payload size"; `Data` in the service's own model."""


@dataclass(frozen=True, slots=True)
class GatewayLimits:
    """Times in seconds, sizes in bytes."""

    idle_timeout: float = 600.0
    """Neither a message nor a post for so long (API Gateway: 10 minutes). Pings are not counted."""

    max_age: float = 7200.0
    """API Gateway: 2 hours, whatever happens on the connection."""

    invocation_timeout: float = 29.0
    """API Gateway's integration time-out."""

    parallel_invocations: int = 32
    """Of the function behind $default."""

    parallel_crowd: int = 4
    """Of the function behind $connect, and of that behind $disconnect. On AWS each invocation has a
    processor of its own, here all share one interpreter: with 32 at once, a flood of handshakes
    made a talk's captions seven times as slow (tests/benchmarks/flood.py), with 4 three times, and
    no fewer were admitted."""

    yield_to_messages: float = 0.1
    """So long $connect and $disconnect let messages go first: captions in a flood 1 to 2 times as
    slow. Not longer, or a busy stage would admit too few (seen: 0.5 s, 8 a second)."""

    parallel_requests: int = 8
    """Of the function behind the HTTP routes: more than of $connect, for a large transcript takes
    seconds and must not hold up the page. They let messages go first, too."""

    waiting_requests: int = 2000
    """HTTP requests under way; beyond it 429. A hall that scans one code asks for the page, and
    browsers for a few things at once: seconds' worth."""

    request_bytes: int = 10 * 1024 * 1024
    """An HTTP request's body. API Gateway's quota for a REST payload."""

    request_body_timeout: float = 30.0
    """A client that takes longer to send a body is answered 408."""

    kept_file_bytes: int = 8 * 1024 * 1024
    """The pages' files that are kept in memory, compressed and not; all of them are less than 2
    MB."""

    visitors: int = 5000
    visitors_per_address: int = 2000
    """Connections at a hall's doors. A router may show a whole hall by one address, and a browser
    opens a few beside its WebSocket. Beyond it idle ones go for new ones."""

    visitor_request_bytes: int = 256 * 1024
    """At a hall's doors: twice what the application takes. Each that is larger costs JSON to read
    in four processes; 50 of 1 MB at once held up a talk's captions for seconds."""

    visitor_bodies: int = 200
    """At a hall's doors: request bodies that one address is sending at once; beyond it 429. They
    come in one packet, except from who sends slowly: 2,000 such had left no room for a page."""

    visitor_idle_timeout: float = 30.0
    """At a hall's doors: how long a connection may take to bring its next request's head."""

    visitor_first_head_timeout: float = 5.0
    """The same for its first request: browsers bring it in milliseconds, and who brings none takes
    a place for nothing. Three addresses with 1,800 each had filled a hall's doors."""

    tls_handshake_timeout: float = 10.0
    """Longer than a first head may take, for a part of it is the gateway's own work: hundreds shake
    hands when a hall scans one code."""

    new_connections: int = 500
    """A second, and as many in one burst; beyond it a handshake answers 429. API Gateway's quota
    for an account and region:
    https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-execution-service-websocket-limits-table.html"""

    waiting_handshakes: int = 1000
    """That wait for their $connect; beyond it 429, too. Ten seconds' worth: clients give up."""

    disconnect_retries: tuple[float, ...] = (0.1, 0.5, 2.0)
    """Pauses before $disconnect is tried again. AWS promises best effort; here it is wanted."""

    pending_messages: int = 32
    """Messages of one connection that wait for their handler before its socket is read no more."""

    messages_per_second: float = 20.0
    message_burst: int = 50
    """Of one connection, handed to the function behind $default; what comes faster waits in its
    socket. AWS has no such limit and a processor for each invocation. Here a flood of 200 a second
    made a talk's captions 1.7 times as slow (tests/benchmarks/hall.py). As many are admitted by the
    application's own MESSAGES_PER_SECOND; a speaker may say ten sentences a second."""

    outgoing_bytes: int = 256 * 1024
    """Posted to one connection and not yet taken by the kernel; beyond it a post answers 429. AWS
    publishes no number; this holds two of the largest messages."""

    closing_timeout: float = 2.0
    """How long a client may take to answer a close frame before its socket is cut."""

    shutdown_timeout: float = 3.0
    """For all $disconnect events together when the gateway stops."""

    unresponsive_after: int = 60
    """A peer that acknowledges or reads nothing for so long is cut, where the kernel notices it."""
