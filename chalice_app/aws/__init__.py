"""The AWS edge: one module a table or service, and the only importers of boto3 and botocore.

Every adapter turns what AWS raises into this project's own errors.
"""
