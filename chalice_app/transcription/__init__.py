"""Voice in: permission for a stream to a recogniser, and the minutes that a session may dictate.

Audio never passes a function: the speaker's page gets a presigned address of Amazon Transcribe and
sends the microphone there. Read `grants` first (who gets an address, and for what); `minutes` knows
what a session has used, `messages` what goes over the wire. Only the routes use this room; which
languages there are is in `domain.dictation`.
"""
