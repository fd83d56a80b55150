"""What drives functions without a caller: the tables' streams, and schedules.

Read `event_source` first; `delivery` has the rules of batches, retries and bisection.
"""
