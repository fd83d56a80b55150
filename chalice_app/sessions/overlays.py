"""The switch that empties the overlays of a session's streams, or fills them again."""

from dataclasses import dataclass

from chalice_app.delivery.broadcast import Broadcast
from chalice_app.domain.errors import ConditionFailed, SessionNotFound
from chalice_app.domain.session import Session
from chalice_app.sessions.ports import Roster, SessionStore
from chalice_app.wire import outgoing


@dataclass(frozen=True, slots=True)
class Overlays:
    """An overlay joins as a listener, and the stage does not know which listeners are overlays.

    So the switch tells every listener.
    """

    session_store: SessionStore
    roster: Roster
    broadcast: Broadcast
    per_second: int
    """Switches of one session, at most (0: no limit). Each costs as many posts as a sentence, so it
    has the sentences' rate; without their burst, for no outbox sends what was missed."""

    def switch(self, session: Session, *, hidden: bool, switched_at: int) -> None:
        """Notes it in the session's row, then tells all listeners, and the speaker last.

        The row comes first: an overlay that is not in the roster yet finds it there when it joins.
        The notice has the time of every notice (`delivery.broadcast.NOTICE_SECONDS`). An overlay
        that it does not reach learns it from the answer to its next `status`.

        Raises:
            SessionNotFound: the session has ended.
            RateLimited: it was switched a moment ago; nothing was changed.
            Unavailable: the row could not be written, or the roster not be read.
        """
        try:
            switched = self.session_store.set_overlays_hidden(
                session, hidden, switched_at, 1000 // self.per_second if self.per_second else 0
            )
        except ConditionFailed:
            raise SessionNotFound("the session has ended") from None
        listeners = self.roster.read_roster(switched).languages.values()
        everyone = dict.fromkeys(each for language in listeners for each in language)
        notice = outgoing.overlays(hidden)
        self.broadcast.notify(list(everyone), notice)
        if switched.speaker_connection_id is not None:
            self.broadcast.notify([switched.speaker_connection_id], notice)
