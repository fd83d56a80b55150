"""What remains of a talk: the sentences as they are kept, and what is made of them.

START HERE: `ports.SentenceStore` is where sentences are claimed, kept, corrected and read. `speech`
and `rosters` write and replay them; transcripts and the event report read them all.

Of transcripts read `exporting` first. `requests` parses what is asked for, `reading` takes what one
transcript needs from what is kept, `translations` has the missing words translated (`translating`)
while no other function does (`work`), and `files` makes the file. `continuing` is the function that
goes on where a request's time was over.
"""
