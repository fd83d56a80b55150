"""`python -m infra.cost --listeners 1000 --languages 5 --minutes 60`: what an event costs on AWS.

Dollars by service, from the dated prices of `infra/cost/prices.json` and the quantities of
`infra.cost.usage`, without any free tier. Taxes and discounts are your own.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from infra.cost.usage import Event, quantities

PRICES: Final = Path(__file__).with_name("prices.json")

REQUESTS_A_SECOND: Final = 10_000
"""What API Gateway admits an account and region by default, posts to sockets included.

Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html
"""


@dataclass(frozen=True)
class Line:
    """One item of the bill."""

    service: str
    item: str
    quantity: float
    dollars: float


def bill(event: Event, path: Path = PRICES) -> list[Line]:
    """Every item of the price table."""
    used = dict(quantities(event))
    return [
        Line(
            price["service"],
            price["item"],
            used[price["item"]],
            used[price["item"]] * price["dollars"] / price["per"],
        )
        for price in json.loads(path.read_text(encoding="utf-8"))["prices"]
    ]


def by_service(lines: Sequence[Line]) -> Mapping[str, float]:
    """Dollars by service, the dearest first."""
    services: dict[str, float] = {}
    for line in lines:
        services[line.service] = services.get(line.service, 0.0) + line.dollars
    return dict(sorted(services.items(), key=lambda each: -each[1]))


def as_table(event: Event, lines: Sequence[Line], dated: str) -> Iterator[str]:
    """The bill for a person."""
    yield (
        f"{event.listeners:,} listeners, {event.languages} languages, {event.minutes:g} minutes, "
        f"{event.sentences:,.0f} sentences of {event.characters} characters, "
        f"{event.hit_rate:.0%} cached (prices of {dated}, us-east-1)"
    )
    services = by_service(lines)
    for service, dollars in services.items():
        items = ", ".join(
            f"{line.quantity:,.3g} {line.item.replace('_', ' ')}"
            if line.quantity < 1000
            else f"{line.quantity:,.0f} {line.item.replace('_', ' ')}"
            for line in lines
            if line.service == service
        )
        yield f"  {service:<18}${dollars:>9.2f}  {items}"
    yield f"  {'total':<18}${sum(services.values()):>9.2f}"
    if (rate := event.listeners * event.sentences_a_minute / 60) > REQUESTS_A_SECOND:
        yield f"  {rate:,.0f} posts a second on average: above API Gateway's default quota"


def main(arguments: Sequence[str] | None = None) -> int:
    """Prints the bill; 2 for numbers that make no event."""
    parser = argparse.ArgumentParser(prog="python -m infra.cost")
    parser.add_argument("--listeners", type=int, default=1000)
    parser.add_argument("--languages", type=int, default=5)
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--sentences", type=float, default=12, help="a minute (default: 12)")
    parser.add_argument("--characters", type=int, default=80, help="a sentence (default: 80)")
    parser.add_argument("--hit-rate", type=float, default=0, help="of the cache, in percent")
    parser.add_argument(
        "--dictation-minutes", type=float, default=0, help="of streams to Transcribe (default: 0)"
    )
    parser.add_argument("--json", action="store_true", help="for a machine")
    chosen = parser.parse_args(arguments)
    numbers = (chosen.listeners, chosen.languages, chosen.minutes, chosen.sentences)
    if (
        min(*numbers, chosen.characters, chosen.dictation_minutes) < 0
        or not 0 <= chosen.hit_rate <= 100
    ):
        parser.error("numbers must not be below 0, nor the hit rate above 100")
    event = Event(*numbers, chosen.characters, chosen.hit_rate / 100, chosen.dictation_minutes)
    lines = bill(event)
    if chosen.json:
        print(json.dumps({"dollars": by_service(lines), "items": [vars(line) for line in lines]}))
    else:
        dated = json.loads(PRICES.read_text(encoding="utf-8"))["dated"]
        print("\n".join(as_table(event, lines, dated)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
