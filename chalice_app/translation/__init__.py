"""A sentence in all languages of its listeners, each asked of the engine once.

Read `sentence` first, then `engine`, which shares a call among all who ask for the same text.
"""
