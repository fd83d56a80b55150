"""A recording spoken to a stage as the speaker's page dictates, and what its listeners get of it.

`wav` reads the recording; the others measure: `word_errors` against the text, `erasure` of what
readers saw.
"""
