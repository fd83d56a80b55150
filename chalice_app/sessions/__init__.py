"""Sessions and who is in them.

Read `sessions` first (open, find, end), then `entrance` (who may come in, by what they show),
`joining` and `participants` (what a connection does), `closing` (how this side closes connections,
and why). `capacity`, `tokens` and `resume_tokens` are their rules. What changes the Connections
table reaches the counts by its stream (`rosters`). Higher rooms
import `ports`; `rosters` also imports `closing`, `capacity` and `resume_tokens`.
"""
