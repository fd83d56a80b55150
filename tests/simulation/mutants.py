"""Ways to get it wrong, each made by substituting one part of the production design.

A simulator that finds nothing proves nothing unless it finds these.
"""

from collections.abc import Callable

from chalice_app.aws.dynamodb.rosters import RostersTable
from tests.simulation import wrong_handlers, wrong_reads, wrong_reconcilers, wrong_writes
from tests.simulation.client import Tables
from tests.simulation.delivery.mutants import MUTANTS as DELIVERY_MUTANTS
from tests.simulation.designs import Design
from tests.simulation.wrong_reconcilers import reconciler_with, surveying
from tests.simulation.wrong_writes import altered, each_action


def _ledger(name: str, table: type[RostersTable]) -> Design:
    """With another adapter in the place of `RostersTable`."""
    return Design(name, _with(table))


def _with(table: type[RostersTable]) -> Callable[[Tables], RostersTable]:
    """That adapter, made of the parts of the production one."""

    def ledger(tables: Tables) -> RostersTable:
        rosters = tables.rosters
        return table(rosters.table, rosters.sessions, rosters.connections)

    return ledger


MUTANTS = (
    _ledger("eventually consistent read of Connections", wrong_reads.StaleConnections),
    _ledger("eventually consistent read of Sessions", wrong_reads.StaleSessions),
    _ledger("truth read before the ledger, versions not compared", wrong_reads.TruthFirst),
    Design(
        "session's epoch not compared when counting",
        _with(wrong_reads.NameIsEnough),
        wrong_handlers.names_alone,
    ),
    _ledger("retry without reading the truth again", wrong_writes.ConditionsRefreshed),
    _ledger("a cancelled transaction taken for done", wrong_writes.ConflictIgnored),
    Design("ledger and counts in two writes", altered(wrong_writes.in_two_writes)),
    Design(
        "no tombstone: the row is deleted on leaving",
        altered(each_action(wrong_writes.row_deleted)),
    ),
    Design(
        "tombstone only where a row existed",
        altered(each_action(wrong_writes.tombstone_only_for_rows)),
    ),
    Design(
        "tombstones that live half a minute",
        altered(each_action(wrong_writes.short_tombstones)),
    ),
    Design(
        "ledger rows written unconditionally",
        altered(each_action(wrong_writes.unconditional_rows)),
    ),
    Design(
        "version not checked in the row's condition",
        altered(each_action(wrong_writes.version_unchecked)),
    ),
    Design(
        "state not checked in the row's condition",
        altered(each_action(wrong_writes.state_unchecked)),
    ),
    Design(
        "epoch not checked in the session's condition",
        altered(each_action(wrong_writes.epoch_unchecked)),
    ),
    Design(
        "session's existence not checked at all",
        altered(each_action(wrong_writes.session_unchecked)),
    ),
    Design("records of those who left name no session", effect=wrong_handlers.old_images_unread),
    Design("failures not reported", effect=wrong_handlers.report_nothing),
    Design("only the last failure reported", effect=wrong_handlers.report_the_last),
    Design(
        "records counted: +1 for INSERT, -1 for REMOVE",
        altered(each_action(wrong_writes.unconditional_rows)),
        wrong_handlers.count_records,
    ),
    Design(
        "counts that move without their revision",
        altered(each_action(wrong_writes.revision_left)),
    ),
    Design(
        "revision left where somebody comes for somebody else",
        altered(each_action(wrong_writes.revision_left_where_sums_stay)),
    ),
    Design(
        "voices: noted in the rows, not counted",
        altered(each_action(wrong_writes.voices_uncounted)),
    ),
    Design(
        "voices: those who want it no more stay counted",
        altered(each_action(wrong_writes.voices_kept)),
    ),
    Design(
        "voices: a wish alone does not touch the counts",
        altered(each_action(wrong_writes.wishes_alone_uncounted)),
    ),
    Design(
        "voices: a wish alone does not raise the revision",
        altered(each_action(wrong_writes.revision_left_by_wishes)),
    ),
    _ledger("voices: a row whose language is right is left", wrong_writes.WishesIgnored),
    _ledger("voices: forgotten of those who catch up", wrong_writes.ReturnsMute),
    _ledger("voices: the first wish is kept for ever", wrong_writes.WishesForEver),
    surveying("reconciler: voices left out of the rows", wrong_reconcilers.VoicelessRows),
    surveying("reconciler: voices not corrected", wrong_reconcilers.VoicesForgotten),
    surveying("reconciler: voices not looked at", wrong_reconcilers.WishesUnseen),
    surveying("reconciler: one look only", wrong_reconcilers.OneLook),
    surveying("reconciler: rows read eventually consistently", wrong_reconcilers.StaleRows),
    surveying("reconciler: rows read before the counts", wrong_reconcilers.RowsFirst),
    surveying("reconciler: rows of the first page alone", wrong_reconcilers.FirstPageAlone),
    surveying("reconciler: young tombstones swept", wrong_reconcilers.TombstonesTakenForOld),
    surveying("reconciler: everybody swept", wrong_reconcilers.EverybodySwept),
    surveying("reconciler: counts set blindly", wrong_reconcilers.BlindCorrection),
    surveying("reconciler: no condition at all", wrong_reconcilers.UnconditionalCorrection),
    surveying("reconciler: revision not compared", wrong_reconcilers.CountsAlone),
    surveying("reconciler: languages healed, not their sum", wrong_reconcilers.SumForgotten),
    reconciler_with(
        "reconciler: eventually consistent read of Connections", wrong_reconcilers.stale_truth
    ),
    reconciler_with("reconciler: rosters not synchronised", wrong_reconcilers.counts_only),
    reconciler_with("reconciler: young rows deleted", wrong_reconcilers.fast_clock),
    reconciler_with("reconciler: rows past their life left", wrong_reconcilers.leaves_the_lapsed),
    *DELIVERY_MUTANTS,
)
