"""A recording spoken to a stage as the speaker's page dictates, and what its listeners get of it.

`wav` reads the recording, `page_recogniser` runs the page's own modules under deno, `dictated_talk`
plays the recording to them and sends what they make of it, and the others measure: `word_errors`
against the text, `erasure` of what readers saw, `latencies` from the sound to the caption.
"""
