"""A sentence as captions in the languages of its listeners, each asked of the engine once.

Read `sentence` first (cache, engine, time-out), then `engine`, which shares a call among all that
ask for the same text. `speech` and `rosters.replay` import `sentence`; `sessions` asks `engine`
which languages there are.
"""
