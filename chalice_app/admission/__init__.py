"""Who comes in, how often and at what price: rate limits, budgets, origins, owners.

Read `rate_limits` first (how often; the numbers are in `limits`): `sessions.entrance` asks it
before it answers anybody, and it counts in `windows`. `message_limits` is for the messages of those
who are in, `refusals` counts who was refused. `sessions` imports `limits`, `rate_limits` and
`refusals`, `translation` imports `budget`.
"""
