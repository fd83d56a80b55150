"""The embedded DynamoDB with its streams, the stage's tables, and what DynamoDB does by itself.

`python -m infra.local.dynamodb` is the emulator's process; `sweeper` deletes expired rows.
"""
