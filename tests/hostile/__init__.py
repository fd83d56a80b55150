"""Hostile input: one table for each way in, from which unit tests, fuzzing and integration draw.

| way in | module |
|---|---|
| a WebSocket message, and what the gateway does not pass on | `message` |
| the text of a sentence | `sentence` |
| a language, in a message, a handshake or a request | `language` |
| a WebSocket handshake | `handshake` |
| an HTTP request: body, headers, names, routes | `http_request` |
| a record of a stream, a row that it is of, an entry of those that failed | `stream_record` |
| a row of the cache | `cache_row` |
| an answer of `@connections` to a post | `gateway_answer` |
| an answer of the database | `database_answer` |
| a request to the local Translate | `translate_request` |

`strategies` has what fuzzing makes beyond them. A case's key is its name in a test's output.
"""
