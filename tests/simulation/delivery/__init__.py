"""Delivery under random schedules: who is sent which sentence, and what is reported of it.

Speakers, listeners, sentences, the slices of large halls and the stream's function all are
invocations of the production code (`stage`), which are stopped before any call, and go on or die.
`hall` has the world and all that is under way in it, `sockets` what a post comes to, `operations`
what a schedule is made of, `record` what is known of a listener and of a sentence, `invariants`
what must be true of them, `runs` a whole run, and `mutants` what must be found.
"""
