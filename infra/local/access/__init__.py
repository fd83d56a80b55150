"""Who may use the stage: programs of this machine, and pages that it serves.

Every room with a server imports from here. Read `callers` first; `programs_only` is its middleware
for aiohttp.
"""
