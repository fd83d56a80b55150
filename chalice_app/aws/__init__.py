"""The AWS edge: one module a table or service, and the only importers of boto3 and botocore.

Read `clients` first. Every adapter implements a port of a room and turns what AWS raises into this
project's own errors. Only `bootstrap` imports this room.
"""
