"""Who is counted, and so who is sent every sentence.

Read `ledger` first (the pure rule), then `synchronisation` (reads, commits, tries again).
`catch_up` and `replay` serve those who return, `notifier` tells people what has changed, `repair`,
`liveness` and `renewal` run on schedule.
"""
