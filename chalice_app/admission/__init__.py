"""Who comes in, how often and at what price: rate limits, budgets, origins, owners.

Read `rate_limits` first. Routes and `sessions` call it before anything else happens.
"""
