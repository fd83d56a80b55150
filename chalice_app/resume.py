"""Use case: listeners who come back get what they missed, in order and in their language."""

from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import dataclass

from chalice_app import messages
from chalice_app.broadcast import Broadcast
from chalice_app.models import Connection, Sentence, Session
from chalice_app.ports import SessionStore
from chalice_app.rendering import Renderer, Rendering, caption_of

MOST_CAPTIONS = 50
"""The protocol's limit of what is sent again."""


@dataclass(frozen=True, slots=True)
class Resume:
    """Replays kept sentences; a hall that lost its network together shares one rendering each."""

    sessions: SessionStore
    renderer: Renderer
    broadcast: Broadcast
    executor: Executor

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
        sentences = self.sessions.get_sentences(session, sequences)
        # Rendered side by side, sent one after the other.
        rendered = self.executor.map(lambda each: self._render(session, each, language), sentences)
        for sentence, rendering in zip(sentences, rendered, strict=True):
            waiting = [key for key, last in missed_from.items() if last < sentence.sequence]
            caption = caption_of(session, sentence, rendering)
            self.broadcast.notify(waiting, messages.caption(caption))

    def _render(self, session: Session, sentence: Sentence, language: str) -> Rendering:
        (rendering,) = self.renderer.render(session, sentence, [language])
        self.renderer.remember(sentence, [rendering])
        return rendering
