"""Who is counted, and so who is sent every sentence.

Read `update` first: everything that a batch of changes of the Connections table causes, step by
step. Then `ledger` (the pure rule) and `synchronisation` (reads, commits, tries again).
`catch_up` and `replay` serve returning listeners, `notifier` sends `joined` and `roster`. `repair`,
with `drift`, `liveness` and `renewal`, runs on schedule.
"""
