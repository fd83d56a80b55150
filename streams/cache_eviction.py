"""On schedule: counts the cache and cuts it back to its limit.

The stream does so as soon as it sees the limit passed (`cache_access`); this is for what it does
not see: a limit that was lowered, a run that failed, entries that expire while nothing is said.
"""

import logging

from chalice.app import Blueprint, CloudWatchEvent, Rate

from chalice_app.bootstrap.cache import CacheParts
from chalice_app.bootstrap.process import current
from chalice_app.observability import logs

_log = logging.getLogger(__name__)

functions = Blueprint(__name__)


@functions.schedule(Rate(5, unit=Rate.MINUTES), name="cache_eviction")
@logs.invoked
def handler(event: CloudWatchEvent) -> None:
    """Lambda's entry; a database that is unavailable fails it, and Lambda tries again."""
    swept = current(CacheParts).eviction.run()
    _log.info("%d entries: %d evicted, %d expired", swept.live, swept.evicted, swept.expired)
