"""What changes of the Connections table cause."""

from dataclasses import dataclass
from functools import cached_property

from chalice_app.bootstrap.translation import TranslationParts
from chalice_app.rosters.catch_up import CatchUp
from chalice_app.rosters.notifier import RosterNotifier
from chalice_app.rosters.replay import Replay
from chalice_app.rosters.synchronisation import RosterSync
from chalice_app.rosters.update import RosterUpdate


@dataclass(frozen=True)
class RosterParts(TranslationParts):
    """Rosters and counts."""

    @cached_property
    def roster_update(self) -> RosterUpdate:
        """What a batch of changes of Connections causes."""
        return RosterUpdate(self.roster_sync, self.notifier, self.catch_up)

    @cached_property
    def roster_sync(self) -> RosterSync:
        """What brings the counts to the truth."""
        return RosterSync(self.adapters.ledger)

    @cached_property
    def notifier(self) -> RosterNotifier:
        """The messages that a change of Connections causes."""
        adapters = self.adapters
        return RosterNotifier(
            adapters.ledger,
            adapters.sessions,
            self.broadcast,
            self.capacity,
            self.closer,
            adapters.metrics,
        )

    @cached_property
    def catch_up(self) -> CatchUp:
        """Returning listeners."""
        adapters = self.adapters
        return CatchUp(
            adapters.ledger,
            adapters.connections,
            self.roster_sync,
            self.notifier,
            self.replay,
            adapters.clock,
        )

    @cached_property
    def replay(self) -> Replay:
        """Missed captions, sent again."""
        return Replay(
            self.adapters.sentences,
            self.sentence_translator,
            self.broadcast,
            self._executor("replay"),
        )
