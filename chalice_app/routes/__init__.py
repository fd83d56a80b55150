"""START HERE: every route that people reach, and what each one does.

`websocket` has handshakes and messages, `sessions` what is asked of a session over HTTP,
`transcripts` what remains of a talk, `pages` what browsers load; `requests` what they share. A
handler parses, makes one call and answers; the rules live in the use cases:

- `admission`: how often, and from which pages;
- `sessions`: who may come in, and who is there;
- `speech`: a sentence's way to its listeners;
- `transcripts`: what is kept of a talk;
- `wire`: what goes over the wire;
- `operations`: what an operator sees;
- `web`: what browsers get.

What a handler changes in the Connections table reaches the counts and the rosters through that
table's stream (`streams.rosters`, then `rosters.update`), never from here.
"""

from chalice_app.routes import pages, sessions, transcripts
from chalice_app.routes.requests import app
from chalice_app.routes.websocket import connect, disconnect, message

__all__ = ["app", "connect", "disconnect", "message", "pages", "sessions", "transcripts"]
