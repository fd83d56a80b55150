"""What an operator sees of a stage: sessions, alarms, fifteen minutes of delivery.

Read `operations`; `messages` serialises it. Only the routes call it; `settings` imports how a stage
leaves the view open.
"""
