"""The local stage: AWS-compatible endpoints on loopback for the application as it is deployed.

Read `stage.stage` first: it starts every other room as a process. docs/local-stage.md has the map.
Tests and benchmarks import from any room; the rest of `infra` from `say` alone.
"""
