"""Who comes in, how often and at what price: rate limits, budgets, origins, owners.

Read `rate_limits` first. The routes call it before anything else happens; `sessions` imports
`limits`, `translation` imports `budget`.
"""
