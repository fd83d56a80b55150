"""Logs, metrics, and what a process does before it stops.

Read `logs` first: no line may hold a text, a token or a connection's id. `ports` says where metrics
go.
"""
