"""Translations made before: keys and look-up, hits on their way to the entries, eviction.

Read `lookup` first; `translation` imports it, and nothing else of this room. `hit_buffer` gathers a
container's hits. `update` is all that a batch of the table's stream causes: `hit_application`
brings the hits to the entries, `eviction` keeps the limit; `streams.cache_access` calls it.
"""
