"""What invokes functions without a request: the tables' streams, and schedules.

Read `event_source` first; `batches` has the rules of batches, retries and bisection. The functions'
host starts what is here.
"""
