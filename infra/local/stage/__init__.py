"""The stage as processes: which ones, in which order, with which environment, until which end.

Read `stage` first.
"""
