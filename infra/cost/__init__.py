"""What an event costs: `python -m infra.cost`.

Read `usage` first: what an event asks of AWS. `prices.json` has the prices. No other room imports
from here.
"""
