"""Who is counted, and so who is sent every sentence.

Read `update` first: everything that a batch of changes of the Connections table causes, step by
step; here a phone that dies leaves the counts. Then `ledger` (the pure rule) and `synchronisation`
(the one place that commits counts). `catch_up` and `replay` serve returning listeners, `notifier`
sends `joined` and `roster`. `repair`, with `drift`, `liveness` and `renewal`, runs on schedule.
`speech` imports `recipients`, the read of a session's roster, and nothing else of this room.
"""
