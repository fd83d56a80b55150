"""API Gateway's WebSocket API on loopback, with its `@connections` management endpoint.

A handshake, a message and the end of a connection each become one Lambda invocation with the event
that API Gateway would send; a function that knows a connection's id posts to it over HTTP on the
same port.

    server.py       START HERE: the port, and which request goes where
    sockets.py      the life of one connection: $connect, messages, $disconnect
    routes.py       what the functions behind these three are asked, and what follows
    connection.py   one open socket: what is sent to it, and how it ends
    message_queue.py  its messages on their way to the handler: in order, bounded
    management.py   POST, GET and DELETE of @connections
    functions.py    Lambda's Invoke protocol, as its caller
    events.py       the events themselves
    answers.py      HTTP answers, ready as bytes
    limits.py       every limit, with its source
    admission.py    which handshakes come to their $connect, and when
    stale_connections.py  disconnects the connections of a former run

Other rooms start it as a process; none imports from it.

What differs from AWS: SigV4 is not verified (the port is on loopback, and a connection's id cannot
be guessed); there is one stage, and the routes $connect, $default and $disconnect alone; a message
over 128 KB is refused, but not a single frame over 32 KB: aiohttp shows messages, not frames.
"""
