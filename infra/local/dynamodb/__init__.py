"""The embedded DynamoDB with its streams, the stage's tables, and what DynamoDB does by itself.

`python -m infra.local.dynamodb` is the emulator's process. Read `tables` first. The functions' host
runs the `sweeper`, which deletes expired rows; event sources read `stream_records`.
"""
