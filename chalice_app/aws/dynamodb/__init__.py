"""DynamoDB: one module a table or a kind of row. Read `table` first."""
