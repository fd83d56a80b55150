"""CloudWatch's rules for alarms and embedded metrics.

The local stage, tests and the alarm drill import from here. Read `alarm_rules` first.
"""
