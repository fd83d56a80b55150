"""DynamoDB: one module a table or a kind of row.

Read `table` first, which adds writes to `readable_table`. The other rooms know their ports alone;
`bootstrap` composes these modules behind them.
"""
