"""What the DynamoDB Streams of the tables cause: one module an effect.

Nothing in `chalice_app` imports these; they import its use cases.
"""
