"""What remains of a talk: the sentences as they are kept, and what is made of them.

START HERE: `ports.SentenceStore` is where sentences are claimed, kept, corrected and read. `speech`
and `rosters` write and replay them; transcripts and the event report read them all.
"""
