"""One sentence's way: claim its number, translate, deliver, report.

Read `speech` first. `flow_control` admits sentences, `delivery_report` ends their way, `slices` cut
large halls into parts that other functions send.
"""
