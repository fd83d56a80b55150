"""One message to many connections; the rows of those that are gone are removed.

Read `broadcast`, which every higher room may import. How posts are made fast is in `aws.posting`.
"""
