"""Amazon Translate's protocol in front of the offline engine.

Read `api` first, then `engine.routes`. `do_not_translate` honours Amazon's markup on any engine.
`server` is the process. `engine_warmup` runs in the functions' host and starts the engines that
listeners will need.
"""
