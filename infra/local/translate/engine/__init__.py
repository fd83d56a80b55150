"""The offline engine: a neural model and rule-based ones, as far as this machine has them.

Read `routes` first: others import it alone, or `sentences`. `neural` and `apertium` are the models
(`apertium_modes` finds their programs). `sentences`, `masking`, `orthography` and `corrections`
make up for what the models get wrong; `memo` lets targets share a step.
"""
