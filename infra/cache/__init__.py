"""The cache's commands: `python -m infra.cache stats|purge|warm`.

`__main__` has the command line; `stats`, `purge` and `warm` have a command each. No other room
imports from here.
"""
