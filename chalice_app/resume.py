"""Use case: listeners who come back get what they missed, in order and in their language."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass

from chalice_app import messages
from chalice_app.broadcast import Broadcast
from chalice_app.models import Connection, Session
from chalice_app.ports import SessionStore
from chalice_app.rendering import Renderer, caption_of

_log = logging.getLogger(__name__)

MOST_CAPTIONS = 50
"""The protocol's limit of what is sent again."""


@dataclass(frozen=True, slots=True)
class Resume:
    """Replays kept sentences; a hall that lost its network together shares one rendering each."""

    sessions: SessionStore
    renderer: Renderer
    broadcast: Broadcast

    def replay(self, session: Session, language: str, listeners: Sequence[Connection]) -> None:
        """Sends each listener of that language the captions after its own last sequence."""
        missed_from = {
            listener.connection_id: listener.last_sequence
            for listener in listeners
            if listener.last_sequence is not None
        }
        if not missed_from:
            return
        first = max(min(missed_from.values()), session.last_sequence - MOST_CAPTIONS) + 1
        sequences = range(first, session.last_sequence + 1)
        for sentence in self.sessions.get_sentences(session, sequences):
            waiting = [key for key, last in missed_from.items() if last < sentence.sequence]
            for rendering in self.renderer.render(sentence, [language]):
                caption = caption_of(session, sentence, rendering)
                self.broadcast.notify(waiting, messages.caption(caption))
                self.renderer.remember(sentence, [rendering])
