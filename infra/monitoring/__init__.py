"""CloudWatch's rules, as the local stage and the tests need them: alarms and embedded metrics."""
