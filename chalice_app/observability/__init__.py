"""Logs, metrics, and what a process does before it stops.

Read `logs` first: no line may hold a text, a token or a connection's id. `metrics` names every
metric, `ports` is where they go. Every higher room may import all of it.
"""
