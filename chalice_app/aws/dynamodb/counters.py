"""Rows of the Sessions table that hold rate limits and budgets (listeners: `rosters`).

Key: `sessionId`, like every row of that table; each row has expiresAt (epoch seconds, TTL):

- `limit#address#<hash>`: newcomers, guesses and looks of one address in one minute;
- `limit#session#<hash>`: newcomers and wrongCodes of one session in one minute;
- `limit#proof#<hash>`: handshakes with one token in one minute;
- `limit#owner#<hash>`: opened, sessions of one owner in one hour;
- `limit#preparation#<hash>`: requests of one session in one minute;
- `limit#transcript#<hash>`: bySpeaker and byListeners, requests of one session in one minute;
- `limit#dictation#<hash>`: streams of one session to the recogniser in one hour;
- `standing#<hash>`: admitted, 1 where somebody has come in to a session from an address;
- `refused#golden-eagle-427#<minute>`: who was refused in one minute, a count a reason;
- `refusedInAll#golden-eagle-427#<createdAt>`: the same of the whole session, as long as it is kept;
- `golden-eagle-427#<createdAt>#budget`: spent, characters that the session has had translated;
- `golden-eagle-427#<createdAt>#transcripts-budget`: the same for its listeners' transcripts.

The SDK repeats an update whose answer is lost, which then counts twice: never too little.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from chalice_app.admission.ports import NO_GUARDS
from chalice_app.aws.dynamodb.table import Table
from chalice_app.domain.errors import ConditionFailed
from chalice_app.wire.attribute_values import Item


@dataclass(frozen=True)
class CounterRows:
    """`ports.CounterStore` on DynamoDB."""

    table: Table

    def count(
        self,
        key: str,
        most: Mapping[str, int],
        expires_at: int,
        by: int = 1,
        guards: Mapping[str, int] = NO_GUARDS,
    ) -> None:
        """Adds to each count of a row, or to none if one would pass its limit."""
        if any(by > limit for limit in most.values()):
            raise ConditionFailed("more than the whole limit")
        highest = {name: limit - by for name, limit in most.items()}
        highest |= {name: limit - 1 for name, limit in guards.items()}
        fits = [f"(attribute_not_exists({name}) OR {name} <= :{name})" for name in highest]
        adds = " ADD " + ", ".join(f"{name} :by" for name in most) if most else ""
        self.table.update(
            key,
            f"SET expiresAt = :expires{adds}",
            " AND ".join(fits),
            expires=expires_at,
            **highest,
            **({"by": by} if most else {}),
        )

    def refund(self, key: str, name: str, by: int) -> None:
        """Takes from a count what was counted and not used."""
        self.table.upsert(key, "ADD #name :by", {"#name": name}, by=-by)

    def add(self, key: str, amounts: Mapping[str, int], expires_at: int) -> None:
        """Adds to counts of a row, in one write."""
        adds = [f"#{name} :{name}" for name in amounts]
        self.table.upsert(
            key,
            f"SET expiresAt = :expires ADD {', '.join(adds)}",
            {f"#{name}": name for name in amounts},
            expires=expires_at,
            **amounts,
        )

    def get_many(self, keys: Iterable[str]) -> Mapping[str, Mapping[str, int]]:
        """The counts of rows, a hundred a call."""
        found = self.table.batch_get(keys, consistent=False)
        return {key: _counts(row) for key, row in found.items()}

    def get_counts(self, key: str) -> Mapping[str, int]:
        """The counts of a row by consistent read; empty where the row does not exist."""
        return _counts(self.table.get(key) or {})


def _counts(row: Item) -> Mapping[str, int]:
    return {
        name: value for name, value in row.items() if isinstance(value, int) and name != "expiresAt"
    }
