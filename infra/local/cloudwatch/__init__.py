"""What CloudWatch would know of the stage: metrics, the alarms' states, and its API."""
