"""The offline engine: a neural model and rule-based ones, as far as this machine has them.

Read `routes` first. `neural` and `apertium` are the models; `apertium_modes` finds Apertium's
programs. `sentences`, `masking`, `orthography` and `corrections` make up for what the models get
wrong; `memo` lets targets share a step. `sentences` is of use to speakers, too (`infra.local.say`).
"""
