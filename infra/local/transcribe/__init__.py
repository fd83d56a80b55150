"""Amazon Transcribe's streaming protocol over WebSocket, in front of an offline recogniser.

Read `api` first (a stream from its handshake to its end), then `listener` (when sound is decoded
and when a result ends) and `agreement` (which words are stable). `server` is the process that
listens; `worker` is the process that holds the model, started by `recogniser_process` when somebody
dictates. `whisper` and `voice` are the only modules that import the recogniser's packages.
"""
