"""A draft's way: words that may still change, to the readers of the speaker's own language alone.

A draft is the first thing to be dropped. It is never kept, counted, translated or reported, and
writes nothing. Every failure on its way is silent: the next draft, or the sentence itself, comes in
a moment. So that drafts take nothing from captions:

- none is sent while a sentence of its session is (`under_way`), nor to a hall that is so large that
  its sentences are cut into batches (`large_halls`);
- a session's drafts take a tenth of a function's posts a second at most. Above some 200 readers
  there are fewer than four drafts a second, above 2,000 none;
- each is posted once, in half a second, and readers who are gone are left to the next caption.
"""

from dataclasses import dataclass, field
from threading import Lock

from chalice_app.delivery.broadcast import Broadcast
from chalice_app.domain.clock import Clock
from chalice_app.domain.session import Session
from chalice_app.glossary.glossaries import Glossaries
from chalice_app.speech.readers import OwnLanguageReaders, Readers
from chalice_app.speech.under_way import SentencesUnderWay
from chalice_app.wire import outgoing
from chalice_app.wire.incoming import Draft

LIFE_MS = 2_000
"""An older draft is not sent: it has waited behind a slow sentence, and newer words have come."""

POST_SECONDS = 0.5
"""How long a draft is posted: a sentence of the same connection may wait behind it."""

SHARE = 0.1
"""The part of a function's posts a second that one session's drafts may take."""

MOST_READERS_SHARE = 0.25
"""A draft to more readers than this part of a function's posts a second is not sent.

It would be 2,000 posts at once. That many a second are left of API Gateway's 10,000 by
`settings.POSTS_PER_SECOND`.
"""

BURST_SECONDS = 1.0
"""What a session may spend in advance: the drafts of one second may come at once."""

_REMEMBERED = 1_024
"""Sessions whose posts a process remembers, those that came last."""


@dataclass(frozen=True, slots=True)
class Drafts:
    """Drafts on their way from one speaker to the readers of the speaker's own language.

    `posts_per_second` is a function's rate, `most_listeners` the largest hall that gets drafts.
    """

    readers: OwnLanguageReaders
    glossaries: Glossaries
    broadcast: Broadcast
    under_way: SentencesUnderWay
    clock: Clock
    posts_per_second: float
    most_listeners: int
    _spent_until: dict[tuple[str, int], float] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def send(self, session: Session, draft: Draft, received_at: int) -> None:
        """Sends the draft, or skips it; `received_at` is when the gateway got it (ms).

        Raises:
            Unavailable: the roster could not be read; nothing was sent.
        """
        if not self._is_wanted(session, draft):
            return
        text = self.glossaries.masked_or_none(session, draft.text)
        readers = self.readers.of(session)
        if text is None or readers is None:
            return
        # As late as possible: reading may have taken longer than the sentence needed to come.
        if self._is_late(received_at) or self.under_way.is_sending(session):
            return
        if self._charge(session, sum(len(each) for _, each in readers)):
            self._post(draft.sequence, text, readers)

    def _is_wanted(self, session: Session, draft: Draft) -> bool:
        """Whether it is of a sentence to come, and somebody is there to read it."""
        return (
            session.has_drafts
            and draft.sequence > session.last_sequence
            and session.listener_count <= self.most_listeners
            and self.readers.has_any(session)
        )

    def _is_late(self, received_at: int) -> bool:
        return self.clock.now_ms() - received_at > LIFE_MS

    def _charge(self, session: Session, posts: int) -> bool:
        """Whether the session's allowance admits another draft, of so many posts."""
        key, now = (session.session_id, session.created_at), self.clock.monotonic()
        with self._lock:
            spent_until = max(now, self._spent_until.get(key, now))
            is_spent = spent_until - now >= BURST_SECONDS
            if is_spent or posts > self.posts_per_second * MOST_READERS_SHARE:
                return False
            self._spent_until[key] = spent_until + posts / (self.posts_per_second * SHARE)
            if len(self._spent_until) > _REMEMBERED:
                del self._spent_until[next(iter(self._spent_until))]
            return True

    def _post(self, sequence: int, text: str, readers: Readers) -> None:
        for language, connection_ids in readers:
            message = outgoing.draft(sequence, language, text)
            self.broadcast.offer(connection_ids, message, POST_SECONDS)
