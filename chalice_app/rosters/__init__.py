"""Who is counted, and so who is sent every sentence.

Read `update` first: everything that a batch of changes of the Connections table causes, step by
step; a connection whose row is gone leaves the counts here. Then `ledger` (the pure rule) and
`synchronisation` (the one place where the stream counts). `catch_up` and `replay` serve returning
listeners, `notifier` sends `joined` and `roster`. `repair`, with `drift`, `liveness` and `renewal`,
runs on schedule. `speech` imports `recipients`, the read of a session's roster, and nothing else.
"""
