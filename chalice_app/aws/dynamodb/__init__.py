"""DynamoDB: one module a table or a kind of row.

Read `table` first, which adds writes to `readable_table`.
"""
