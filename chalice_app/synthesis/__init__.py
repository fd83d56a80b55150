"""Voice out: one sound a sentence and language, for the listeners who asked for that voice.

Read `asks` first (what a sending function asks of the voice function), then `speaking` (what the
voice function does with it) and `sounds` (one sound: found in the store, or made and kept).
`hall_sounds` shares one making among the functions of a large hall, `voices` is the table of
voices, `parts` cuts long texts, `mp3` counts how long a sound is. `speech` asks, `streams.voice`
answers. Captions never wait for this room.
"""
