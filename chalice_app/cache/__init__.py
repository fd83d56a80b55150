"""Translations made before: keys and look-up, hits on their way to the entries, eviction.

Read `lookup` first; `hit_buffer` and `hit_application` are the two ends of the hits' way.
"""
