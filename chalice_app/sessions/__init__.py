"""Sessions and who is in them.

Read `sessions` first (open, find, end), then `joining` and `participants` (what a connection does),
`closing` (how this side closes connections, and why). `capacity` and `tokens` are their rules. All
of them change the Connections table; the counts follow by its stream (`rosters`). Higher rooms
import `ports`; `rosters` also imports `closing`, `capacity` and `resume_tokens`.
"""
