"""What an event costs: `python -m infra.cost`; `usage` says what it asks of AWS."""
