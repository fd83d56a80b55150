"""A sentence as captions in the languages of its listeners, each asked of the engine once.

Read `sentence_translator` first (cache, engine, time-out); `speech` and `rosters.replay` import it.
`order` is what the engine is asked in one language, `caption_writer` what listeners get of it.
Then `engine`, which shares a call among all that ask for the same text and checks each answer
(`domain.guards`); `sessions` asks it which languages there are. `preparation` fills the cache for
sentences that are still to be spoken.
"""
