"""Lambda on one machine: the host of the functions, its Invoke API, its HTTP routes.

Read `registry` and `invocation` first; `python -m infra.local.functions` is the process.
"""
