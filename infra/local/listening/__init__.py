"""What a listener who asked for the voice would hear: one file a language, and how late it was.

`voice_listeners` joins a session and keeps what comes, `turns` decides when each sound is heard by
the page's rules, `sound_file` decodes the sounds and writes the file, `lags` makes the table, and
`heard_aloud` is what `infra.local.say` calls.
"""
