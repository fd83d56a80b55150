"""Amazon Translate's protocol in front of the offline engine.

Read `api` first, then `engine.routes`; `engine_warmup` starts what listeners will need.
"""
