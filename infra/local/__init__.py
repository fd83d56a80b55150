"""The local stage: AWS-compatible endpoints on loopback for the application as it is deployed.

Read `stage.stage` first: it starts `dynamodb`, `translate`, `functions` and `gateway` as processes.
`event_sources` and `cloudwatch` run in the functions' process. docs/local-stage.md has the map. Of
the rest of `infra`, the screenshots alone import from here: from `say`.
"""
