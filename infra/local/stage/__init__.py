"""The stage as processes: which ones, in which order, with which environment, until which end.

Read `stage` first. `infra.local` and `chalice local` start a stage from here; no process of the
stage imports from this room.
"""
