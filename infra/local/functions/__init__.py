"""Lambda on one machine: the host of the functions, and its Invoke API.

Read `registry` first; `python -m infra.local.functions` is the process, and `background` starts
what runs in it without a request. No other room imports from here.
"""
