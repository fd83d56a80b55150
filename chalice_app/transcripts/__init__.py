"""What remains of a talk: its sentences as they are kept, and the report of their delivery.

Start with `event_report`.
"""
