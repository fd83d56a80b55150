"""One sentence's way: claim its number, translate, deliver, report.

Read `speech` first, then `correction`; `sending` is what both have in common. `flow_control` admits
sentences, `large_halls` has other functions send batches of a large hall, `delivery_report` ends a
sentence's way and emits its metrics. No room imports this one: the routes
and `streams.broadcast` call it.
"""
