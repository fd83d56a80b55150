"""API Gateway on one machine: a WebSocket API with its `@connections`, and a REST API.

A handshake, a message, the end of a connection and an HTTP request each become one Lambda
invocation with the event that API Gateway would send. A function that knows a connection's id posts
to it over HTTP on the WebSockets' port.

    server.py       START HERE: the doors, and which request goes where
    doors.py        one address and port each: whom the gateway answers there, and with what
    http_server.py  HTTP at one door, and which connections are cut there
    tls_entrance.py  handshakes of TLS, counted from their beginning
    visitors.py     how many connections a hall's doors have, and which go for others
    leftovers.py    what closed connections leave in memory
    sockets.py      the life of one connection: $connect, messages, $disconnect
    routes.py       what the functions behind these three are asked, and what follows
    connection.py   one open socket: what is sent to it, and how it ends
    message_queue.py  its messages on their way to the handler: in order, bounded
    management.py   POST, GET and DELETE of @connections
    rest_api.py     the life of one HTTP request
    rest_requests.py  its head and body, and what is refused at once
    rest_routes.py    which route it is for
    rest_events.py    the event that it becomes
    rest_answers.py   what becomes of the function's answer
    kept_files.py     files that never change, kept in memory
    compression.py    gzip, for those who take it
    sounds.py       reads of the bucket of sounds, passed on to its server
    dictation.py    streams for the recogniser, passed on to it
    functions.py    Lambda's Invoke protocol, as its caller
    events.py       the events of WebSockets
    answers.py      answers of `@connections`, ready as bytes
    limits.py       every limit, with its source
    admission.py    which handshakes come to their $connect, and when
    stale_connections.py  disconnects the connections of a former run

Other rooms start it as a process; none imports from it.

What differs from AWS: SigV4 is not verified (`@connections` is on loopback alone, and a
connection's id cannot be guessed); there is one stage, and the routes $connect, $default and
$disconnect alone; a message over 128 KB is refused, but not a single frame over 32 KB: aiohttp
shows messages, not frames.
"""
