"""On schedule: deletes the rows of dead connections and corrects the counts (`rosters.repair`)."""

import logging

from chalice.app import Blueprint, CloudWatchEvent, Rate

from chalice_app.bootstrap.process import current
from chalice_app.bootstrap.repair import RepairParts
from chalice_app.observability import logs

_log = logging.getLogger(__name__)


functions = Blueprint(__name__)


@functions.schedule(Rate(5, unit=Rate.MINUTES), name="reconcile")
@logs.invoked
def handler(event: CloudWatchEvent) -> None:
    """Lambda's entry: every five minutes."""
    found = current(RepairParts).reconciler.reconcile()
    _log.info("reconciled: %s", found)
