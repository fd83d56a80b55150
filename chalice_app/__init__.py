"""The translation broadcaster: its Chalice application and the use cases behind it.

Start reading at `routes`; `bootstrap` puts the parts together, `settings` is read once. Every other
name here is a room: a capability, whose docstring says what it is for and what to read first.
"""

import gc

# A function that starts makes 100,000 objects that live as long as it does (botocore's models). At
# Python's 700 the collector walks them over and over: a quarter of a cold start's CPU, measured in
# tests/benchmarks/cold_start.py. Afterwards a call makes too few cycles for it to matter.
gc.set_threshold(50_000, 20, 20)
