"""Delivery under random schedules: who is sent which sentence, and who is told what of it.

Speakers, listeners, sentences, the slices of large halls and the stream's function all are
invocations of the production code (`stage`), stopped and gone on with one call at a time. `hall` has
the world and what is known of it, `sockets` what a post comes to, `operations` what a schedule is
made of, `invariants` what must be true, `runs` a whole run.
"""
