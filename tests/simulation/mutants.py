"""Ways to get it wrong, each made by substituting one part of the production design.

A simulator that finds nothing proves nothing unless it finds these.
"""

from chalice_app.aws.rosters_table import RostersTable
from tests.simulation import wrong_handlers, wrong_reads, wrong_writes
from tests.simulation.client import Tables
from tests.simulation.designs import Design


def _with(table: type[RostersTable], tables: Tables) -> RostersTable:
    rosters = tables.rosters
    return table(rosters.table, rosters.sessions, rosters.connections)


def _ledger(name: str, table: type[RostersTable]) -> Design:
    return Design(name, ledger=lambda tables: _with(table, tables))


MUTANTS = (
    _ledger("eventually consistent read of Connections", wrong_reads.StaleConnections),
    _ledger("eventually consistent read of Sessions", wrong_reads.StaleSessions),
    _ledger("truth read before the ledger, versions not compared", wrong_reads.TruthFirst),
    _ledger("retry without reading the truth again", wrong_writes.ConditionsRefreshed),
    _ledger("session's epoch not compared when counting", wrong_reads.NameIsEnough),
    _ledger("ledger and counts in two writes", wrong_writes.TwoWrites),
    _ledger("no tombstone: the row is deleted on leaving", wrong_writes.RowDeleted),
    _ledger("tombstone only where a row existed", wrong_writes.TombstoneOnlyForRows),
    _ledger("tombstones that live half a minute", wrong_writes.ShortTombstones),
    _ledger("ledger rows written unconditionally", wrong_writes.Unconditional),
    _ledger("version not checked in the row's condition", wrong_writes.VersionUnchecked),
    _ledger("state not checked in the row's condition", wrong_writes.StateUnchecked),
    _ledger("epoch not checked in the session's condition", wrong_writes.EpochUnchecked),
    _ledger("session's existence not checked at all", wrong_writes.SessionUnchecked),
    _ledger("a cancelled transaction taken for done", wrong_writes.ConflictIgnored),
    Design("failures not reported", effect=wrong_handlers.report_nothing),
    Design("only the last failure reported", effect=wrong_handlers.report_the_last),
    Design(
        "records counted: +1 for INSERT, -1 for REMOVE",
        ledger=lambda tables: _with(wrong_handlers.RecordCounter, tables),
        effect=wrong_handlers.count_records,
    ),
)
