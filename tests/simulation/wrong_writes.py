"""Mutants that write wrongly: too little in one transaction, or on too few conditions."""

import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from chalice_app.attribute_values import encode
from chalice_app.aws.dynamodb import errors_translated
from chalice_app.aws.rosters_table import RostersTable
from chalice_app.errors import Conflict
from chalice_app.ledger import LedgerTransaction, LedgerWrite, SessionKey, State

_CONDITION = ("ConditionExpression", "ExpressionAttributeNames", "ExpressionAttributeValues")


class TwoWrites(RostersTable):
    """Writes the rows, then the counts."""

    def commit(self, transaction: LedgerTransaction) -> None:
        super().commit(replace(transaction, session=None))
        if transaction.session is not None and transaction.deltas:
            counts = [self._count(transaction.session, transaction.deltas)]
            with errors_translated():
                self.table.clients.dynamodb.transact_write_items(TransactItems=counts)


class RowDeleted(RostersTable):
    """Forgets who has left."""

    def _put(self, write: LedgerWrite) -> Any:
        put = super()._put(write)
        if write.after.state is State.IN:
            return put
        request = put["Put"]
        del request["Item"]
        return {"Delete": request | {"Key": encode({"connectionId": write.connection_id})}}


class TombstoneOnlyForRows(RostersTable):
    """Writes nothing for a connection of which neither row is there."""

    def commit(self, transaction: LedgerTransaction) -> None:
        writes = tuple(
            write
            for write in transaction.writes
            if write.before is not None or write.after.state is State.IN
        )
        if writes:
            super().commit(replace(transaction, writes=writes))


class ShortTombstones(RostersTable):
    """Lets TTL take tombstones while there may be invocations that remember the connection."""

    def _put(self, write: LedgerWrite) -> Any:
        put = super()._put(write)
        if write.after.state is State.OUT:
            put["Put"]["Item"]["ttl"] = {"N": str(int(time.time()) + 30)}
        return put


class Unconditional(RostersTable):
    """Writes rows whatever they have become."""

    def _put(self, write: LedgerWrite) -> Any:
        put = super()._put(write)["Put"]
        return {"Put": {name: put[name] for name in put if name not in _CONDITION}}


class VersionUnchecked(RostersTable):
    """Writes rows that are in the state that was read, of whatever version."""

    def _put(self, write: LedgerWrite) -> Any:
        put = super()._put(write)
        if write.before is not None:
            put["Put"]["ConditionExpression"] = "#state = :state"
            del put["Put"]["ExpressionAttributeValues"][":version"]
        return put


class StateUnchecked(RostersTable):
    """Writes rows that are of the version that was read, in whatever state."""

    def _put(self, write: LedgerWrite) -> Any:
        put = super()._put(write)
        if write.before is not None:
            put["Put"]["ConditionExpression"] = "v = :version"
            del put["Put"]["ExpressionAttributeNames"]
            del put["Put"]["ExpressionAttributeValues"][":state"]
        return put


class EpochUnchecked(RostersTable):
    """Counts in any session of that name."""

    def _count(self, session: SessionKey, deltas: Mapping[str, int]) -> Any:
        count = super()._count(session, deltas)
        count["Update"]["ConditionExpression"] = "attribute_exists(sessionId)"
        del count["Update"]["ExpressionAttributeValues"][":epoch"]
        return count


class SessionUnchecked(RostersTable):
    """Counts without a condition: ADD creates a row that is not there."""

    def _count(self, session: SessionKey, deltas: Mapping[str, int]) -> Any:
        count = super()._count(session, deltas)
        del count["Update"]["ConditionExpression"]
        del count["Update"]["ExpressionAttributeValues"][":epoch"]
        return count


class ConflictIgnored(RostersTable):
    """Believes that whoever was there first wrote the same."""

    def commit(self, transaction: LedgerTransaction) -> None:
        try:
            super().commit(transaction)
        except Conflict:
            return


class ConditionsRefreshed(RostersTable):
    """After a conflict, writes the same rows on condition of whatever is there by now."""

    def commit(self, transaction: LedgerTransaction) -> None:
        try:
            super().commit(transaction)
        except Conflict:
            rows = self.get_ledger(write.connection_id for write in transaction.writes)
            writes = tuple(
                replace(write, before=rows.get(write.connection_id)) for write in transaction.writes
            )
            super().commit(replace(transaction, writes=writes))
