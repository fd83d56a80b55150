"""What compares counts and rosters with the live connections, on schedule."""

from dataclasses import dataclass
from functools import cached_property

from chalice_app.bootstrap.rosters import RosterParts
from chalice_app.rosters.liveness import LivenessCheck
from chalice_app.rosters.renewal import Renewal
from chalice_app.rosters.repair import Reconciler


@dataclass(frozen=True)
class RepairParts(RosterParts):
    """The reconciler."""

    @cached_property
    def reconciler(self) -> Reconciler:
        """What compares counts and rosters with the live connections."""
        adapters = self.adapters
        return Reconciler(
            survey=adapters.survey,
            connections=adapters.connections,
            sync=self.roster_sync,
            notifier=self.notifier,
            renewal=self.renewal,
            liveness=LivenessCheck(
                adapters.gateway, adapters.connections, adapters.sessions, adapters.clock
            ),
            metrics=adapters.metrics,
            clock=adapters.clock,
        )

    @cached_property
    def renewal(self) -> Renewal:
        """Who is asked to renew a connection before API Gateway closes it."""
        settings = self.settings
        return Renewal(self.broadcast, settings.renew_after_seconds, settings.renew_within_seconds)
