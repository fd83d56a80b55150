"""Everything that a batch of changes of the Connections table causes, in this order.

Counts are committed before anybody is notified, so no message says what is not yet true. Listeners
who return, and those whose handshake is not over, are the exception: they receive missed captions
before they join the roster (`catch_up`). Nobody else waits for them.
Records come at least once, and so do the messages.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from chalice_app.domain.session import Connection
from chalice_app.rosters.catch_up import CatchUp, Returned
from chalice_app.rosters.ledger import LedgerKey
from chalice_app.rosters.notifier import RosterNotifier
from chalice_app.rosters.synchronisation import RosterSync, Synchronised


@dataclass(frozen=True, slots=True)
class ConnectionChanges:
    """The connections that a batch names; what is true of them is read from the tables.

    `changed` are all of them, but for the `unnamed`: their records do not tell their sessions.
    `inserted` are those whose rows are new, in the order of the batch. Of the listeners among these
    the `returning` have heard a part of the talk, and the `newcomers` have not. `modified` are
    those whose rows were there before, and still are.
    """

    changed: Collection[LedgerKey]
    inserted: Sequence[str]
    returning: Collection[LedgerKey]
    newcomers: Collection[LedgerKey] = ()
    modified: Collection[LedgerKey] = ()
    unnamed: Collection[str] = ()


@dataclass(frozen=True, slots=True)
class RosterUpdate:
    """Brings counts and rosters to the truth, and notifies everyone whom that concerns."""

    sync: RosterSync
    notifier: RosterNotifier
    catch_up: CatchUp

    def apply(self, changes: ConnectionChanges) -> Collection[str]:
        """Handles a batch; returns the connections that could not be counted.

        Raises:
            Unavailable: the tables could not be read; what was committed before stays right.
        """
        found, malformed = self.sync.find(changes.unnamed) if changes.unnamed else (set(), ())
        catching_up = self._catching_up(changes)
        counted = self.sync.synchronise({*changes.changed, *found} - catching_up)
        counted.failed.update(malformed)
        joined = _joined(changes.inserted, counted)
        greeted = self.notifier.greet(joined)
        returned = self.catch_up.bring_back(catching_up)
        self._notify(returned, counted.sessions | _sessions_of_speakers(joined))
        self.notifier.close_refused(greeted.refused)
        self.notifier.close_returned(self.catch_up.send_due(counted.counted))
        late = self.catch_up.bring_back_late(returned.behind)
        self._notify(late)
        self.notifier.notify_speakers(self.notifier.greet_again(greeted.unreached))
        return counted.failed | returned.failed | late.failed

    def _catching_up(self, changes: ConnectionChanges) -> set[LedgerKey]:
        """Listeners who return or were put off, and newcomers whose handshake is not over."""
        connecting = self.notifier.find_connecting([key.connection_id for key in changes.newcomers])
        return {
            *changes.returning,
            *self.catch_up.find_uncounted(changes.modified),
            *self.catch_up.find_put_off(changes.newcomers),
            *(key for key in changes.newcomers if key.connection_id in connecting),
        }

    def _notify(self, returned: Returned, others: Collection[str] = ()) -> None:
        """Notifies everyone whom the new counts concern; `others` are more sessions of such."""
        self.notifier.close_returned(returned.counted)
        self.notifier.notify_speakers({*returned.sessions, *others})


def _joined(inserted: Sequence[str], counted: Synchronised) -> Sequence[Connection]:
    """The new connections that still exist and are counted, in the order of the batch."""
    found = counted.counted
    return [found[key] for key in dict.fromkeys(inserted) if key in found]


def _sessions_of_speakers(joined: Sequence[Connection]) -> set[str]:
    """A speaker who comes after the first listeners gets the roster now, not at its next change."""
    return {each.session_id for each in joined if not each.is_listener}
