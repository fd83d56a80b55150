"""The composition root: the only room that builds AWS adapters, and where fakes enter.

Read `process` first: it has what a function asks for its parts. Each other module composes what one
kind of function needs and imports no more, because a function's cold start pays for all that is
imported: `routes` for the HTTP and WebSocket functions, `rosters`, `repair` and `cache` for the
streams and schedules, `speech` for the function that sends a batch of a large hall. `application`
is all of them, for the tools and the tests.

Nothing is built at import: Lambda imports a module before it has the environment of a call, and
tests have none at all.
"""
