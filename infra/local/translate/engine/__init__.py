"""The offline engine: a neural model and rule-based ones, as far as this machine has them.

Start reading at `routes`. `sentences`, `masking` and `orthography` keep from the models what they
would spoil; `neural` and `apertium` are the models; `memo` lets targets share a step.
"""
