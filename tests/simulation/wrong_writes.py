"""Mutants that write wrongly: what the adapter sends is altered on its way to the database.

Most alter the actions of a transaction, and may make several transactions of it; two go wrong when
a transaction is cancelled.
"""

import re
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any, cast

from chalice_app.aws.dynamodb.rosters import RostersTable
from chalice_app.aws.dynamodb.sessions import REVISION, VOICE_PREFIX
from chalice_app.domain.errors import Conflict
from chalice_app.rosters.ledger import LedgerTransaction, LedgerWrite
from tests.simulation.client import SimulatedClient, Tables, tables_over
from tests.simulation.database import Answer
from tests.simulation.tables import ROSTERS

Action = dict[str, Any]
"""A transaction's action: `{"Put": request}` for a ledger row, `{"Update": request}` for counts."""

Alteration = Callable[[Sequence[Action]], Iterable[Sequence[Action]]]

_NEVER_COUNTED = "attribute_not_exists(connectionId)"
_EPOCH = "createdAt = :epoch"


def altered(alteration: Alteration) -> Callable[[Tables], RostersTable]:
    """The production adapter over a client that alters its transactions."""

    def ledger(tables: Tables) -> RostersTable:
        client = cast("SimulatedClient", tables.rosters.table.clients.dynamodb)
        return tables_over(_AlteringClient(client, alteration)).rosters

    return ledger


class _AlteringClient(SimulatedClient):
    """The run's client, but for its transactions."""

    def __init__(self, client: SimulatedClient, alteration: Alteration) -> None:
        super().__init__(lambda method, request: getattr(client, method)(**request))
        self._client = client
        self._alteration = alteration

    def transact_write_items(self, TransactItems: Sequence[Action]) -> Answer:  # noqa: N803
        for actions in self._alteration(TransactItems):
            if actions:
                self._client.transact_write_items(TransactItems=actions)
        return {}


def each_action(alteration: Callable[[Action], Action | None]) -> Alteration:
    """Alters the actions one by one; None leaves one out."""

    def alter(actions: Sequence[Action]) -> Iterable[Sequence[Action]]:
        yield [done for action in actions if (done := alteration(action)) is not None]

    return alter


def in_two_writes(actions: Sequence[Action]) -> Iterable[Sequence[Action]]:
    """Writes the rows, then the counts."""
    yield [action for action in actions if "Put" in action]
    yield [action for action in actions if "Update" in action]


def row_deleted(action: Action) -> Action:
    """Forgets who has left."""
    if not _is_tombstone(action):
        return action
    put = action["Put"]
    key = {name: put["Item"][name] for name in ROSTERS.keys}
    return {"Delete": {**_without(put, "Item"), "Key": key}}


def tombstone_only_for_rows(action: Action) -> Action | None:
    """Writes nothing for a connection that was never counted."""
    unheard_of = _is_tombstone(action) and action["Put"]["ConditionExpression"] == _NEVER_COUNTED
    return None if unheard_of else action


def short_tombstones(action: Action) -> Action:
    """Lets TTL take tombstones while there may be invocations that remember the connection."""
    if not _is_tombstone(action):
        return action
    ttl = {"N": str(int(time.time()) + 30)}
    put = action["Put"]
    return {"Put": {**put, "Item": {**put["Item"], "ttl": ttl}}}


def unconditional_rows(action: Action) -> Action:
    """Writes rows whatever they have become."""
    if "Put" not in action:
        return action
    put = action["Put"]
    return {"Put": {"TableName": put["TableName"], "Item": put["Item"]}}


def version_unchecked(action: Action) -> Action:
    """Writes rows that are in the state that was read, of whatever version."""
    return _conditional(action, "Put", "#state = :state AND v = :version", "#state = :state")


def state_unchecked(action: Action) -> Action:
    """Writes rows that are of the version that was read, in whatever state."""
    return _conditional(action, "Put", "#state = :state AND v = :version", "v = :version")


def epoch_unchecked(action: Action) -> Action:
    """Counts in any session of that name."""
    return _conditional(action, "Update", _EPOCH, "attribute_exists(sessionId)")


def session_unchecked(action: Action) -> Action:
    """Counts whether or not there is a session: ADD creates a row that is not there."""
    anything = "attribute_exists(sessionId) OR attribute_not_exists(sessionId)"
    return _conditional(action, "Update", _EPOCH, anything)


def revision_left(action: Action) -> Action:
    """Counts, and leaves the revision as if the counts had not changed."""
    if "Update" not in action:
        return action
    update = action["Update"]
    values = {
        name: value for name, value in update["ExpressionAttributeValues"].items() if name != ":one"
    }
    expression = update["UpdateExpression"].replace(f", {REVISION} :one", "")
    changed = {"UpdateExpression": expression, "ExpressionAttributeValues": values}
    return {"Update": {**update, **changed}}


def revision_left_where_sums_stay(action: Action) -> Action:
    """Leaves the revision if no count changes: one came, and one of the language left."""
    names = action.get("Update", {}).get("ExpressionAttributeNames")
    return action if names else revision_left(action)


def voices_uncounted(action: Action) -> Action:
    """Notes who wants a voice in the rows, and counts none of them."""
    return _without_voices(action, lambda _: True)


def voices_kept(action: Action) -> Action:
    """Counts who begins to want a voice, and forgets who wants it no more."""
    return _without_voices(action, lambda delta: delta < 0)


def wishes_alone_uncounted(action: Action) -> Action | None:
    """Writes nothing to the session where nobody comes, leaves or changes the language."""
    if "Update" not in action or _changes_languages(action):
        return action
    return None


def revision_left_by_wishes(action: Action) -> Action:
    """Leaves the revision where voices are all that changes."""
    names = action.get("Update", {}).get("ExpressionAttributeNames")
    return revision_left(action) if names and not _changes_languages(action) else action


def _changes_languages(action: Action) -> bool:
    names = action["Update"].get("ExpressionAttributeNames", {})
    return any(not name.startswith(VOICE_PREFIX) for name in names.values())


def _without_voices(action: Action, is_left_out: Callable[[int], bool]) -> Action:
    """The action without some of the changes of voices' counts."""
    if "Update" not in action:
        return action
    update = dict(action["Update"])
    names = dict(update.get("ExpressionAttributeNames", {}))
    values = dict(update["ExpressionAttributeValues"])
    for alias, name in list(names.items()):
        value = ":" + alias.removeprefix("#")
        if name.startswith(VOICE_PREFIX) and is_left_out(int(values[value]["N"])):
            added = f", {alias} {value}"
            assert added in update["UpdateExpression"]
            update["UpdateExpression"] = re.sub(
                re.escape(added) + r"\b", "", update["UpdateExpression"]
            )
            del names[alias], values[value]
    update["ExpressionAttributeValues"] = values
    if names:
        update["ExpressionAttributeNames"] = names
    else:
        update.pop("ExpressionAttributeNames", None)
    return {"Update": update}


class WishesIgnored(RostersTable):
    """Takes a row for right whose language is."""

    def commit(self, transaction: LedgerTransaction) -> None:
        writes = tuple(each for each in transaction.writes if not _is_wish(each))
        if writes:
            super().commit(replace(transaction, writes=writes))


def _is_wish(write: LedgerWrite) -> bool:
    before, after = write.before, write.after
    return (
        before is not None
        and before.state is after.state
        and before.target_language == after.target_language
        and before.wants_voice is not after.wants_voice
    )


class ReturnsMute(RostersTable):
    """Counts who catches up as if it wanted captions alone."""

    def commit(self, transaction: LedgerTransaction) -> None:
        if transaction.last_sequence is not None:
            writes = tuple(
                replace(each, after=replace(each.after, wants_voice=False))
                for each in transaction.writes
            )
            transaction = replace(transaction, writes=writes)
        super().commit(transaction)


class WishesForEver(RostersTable):
    """Keeps the wish of whoever had it when it was counted first."""

    def commit(self, transaction: LedgerTransaction) -> None:
        writes = tuple(
            replace(each, after=replace(each.after, wants_voice=each.before.wants_voice))
            if each.before is not None
            else each
            for each in transaction.writes
        )
        super().commit(replace(transaction, writes=writes))


class ConflictIgnored(RostersTable):
    """Believes that the writer who was first wrote the same."""

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
            rows = self.get_ledger(write.key for write in transaction.writes)
            writes = tuple(
                replace(write, before=rows.get(write.key)) for write in transaction.writes
            )
            super().commit(replace(transaction, writes=writes))


def _is_tombstone(action: Action) -> bool:
    return "Put" in action and action["Put"]["Item"]["state"]["S"] == "OUT"


def _conditional(action: Action, kind: str, clause: str, instead: str) -> Action:
    """The action with that clause of its condition replaced, and without what only it used."""
    if kind not in action or clause not in action[kind]["ConditionExpression"]:
        return action
    request = action[kind]
    condition = request["ConditionExpression"].replace(clause, instead)
    used = re.findall(r"[#:]\w+", f"{condition} {request.get('UpdateExpression', '')}")
    kept = {
        part: {name: value for name, value in request.get(part, {}).items() if name in used}
        for part in ("ExpressionAttributeNames", "ExpressionAttributeValues")
    }
    return {kind: {**request, **kept, "ConditionExpression": condition}}


def _without(request: Action, name: str) -> Action:
    return {key: value for key, value in request.items() if key != name}
