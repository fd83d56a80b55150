"""What CloudWatch would know of the stage: metrics, the alarms' states, and its API.

Read `metrics` first, then `api`. The functions' host imports both and serves them.
"""
