"""Amazon Translate's protocol in front of the offline engine.

Read `api` first, then `engine.routes`; `engines_ahead` starts what listeners will need.
"""
