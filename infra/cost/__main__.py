"""`python -m infra.cost --listeners 1000 --languages 5 --minutes 60`: what an event costs on AWS.

Dollars by service, from the dated prices of `infra/cost/prices.json` and the quantities of
`infra.cost.usage`, without any free tier. Taxes and discounts are your own.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from infra.cost.usage import Event, quantities
from infra.interruption import run_command

PRICES: Final = Path(__file__).with_name("prices.json")

REQUESTS_A_SECOND: Final = 10_000
"""What API Gateway admits an account and region by default, posts to sockets included.

Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html
"""


@dataclass(frozen=True)
class PollyQuota:
    """Calls of SynthesizeSpeech that an account and region has by default; each can be raised.

    Source: https://docs.aws.amazon.com/polly/latest/dg/limits.html
    """

    engine: str
    calls_a_second: int
    at_once: int


NEURAL: Final = PollyQuota("neural", 8, 10)
STANDARD: Final = PollyQuota("standard", 80, 100)


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
        f"{event.hit_rate:.0%} cached{_listening(event)} (prices of {dated}, us-east-1)"
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
    if (rate := event.posts_a_second) > REQUESTS_A_SECOND:
        yield f"  {rate:,.0f} posts a second on average: above API Gateway's default quota"
    if event.spoken_languages:
        yield from polly_lines(event)


def _listening(event: Event) -> str:
    return f", {event.voices:.0%} listening" if event.voices else ""


def polly_lines(event: Event) -> Iterator[str]:
    """What Polly's quota means for the event: each sentence asks for all its languages at once."""
    quota = STANDARD if event.standard_voices else NEURAL
    calls, at_once = event.polly_calls_a_second, event.polly_calls_at_once
    yield (
        f"  Polly: {calls:,.2g} calls a second on average, {at_once:,} at once with each sentence; "
        f"its {quota.engine} quota is {quota.calls_a_second} a second, {quota.at_once} at once"
    )
    yield (
        f"  that is {quota.calls_a_second / at_once:,.3g} sentences a second in "
        f"{event.spoken_languages} languages, or "
        f"{_languages_at_this_pace(event, quota):,} languages at this pace"
    )
    if calls > quota.calls_a_second or at_once > quota.at_once:
        yield (
            "  above the quota: what is throttled is spoken by a standard voice or not at all, "
            "and its caption is read. Ask for more: Service Quotas, Amazon Polly"
            if quota is NEURAL
            else "  above the quota: what is throttled is not spoken, and its caption is read. "
            "Ask for more: Service Quotas, Amazon Polly"
        )


def _languages_at_this_pace(event: Event, quota: PollyQuota) -> int:
    """Languages of which every sentence can be spoken: bounded by the rate and by the burst."""
    by_burst = quota.at_once // event.parts
    if event.sentences_a_minute == 0:
        return by_burst
    by_rate = int(quota.calls_a_second * 60 / event.sentences_a_minute / event.parts)
    return min(by_rate, by_burst)


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
    parser.add_argument(
        "--voices", type=float, default=0, help="the part of the listeners who listen, 0 to 1"
    )
    parser.add_argument(
        "--standard-voices", action="store_true", help="Polly's standard engine, not its neural one"
    )
    parser.add_argument("--json", action="store_true", help="for a machine")
    chosen = parser.parse_args(arguments)
    numbers = (chosen.listeners, chosen.languages, chosen.minutes, chosen.sentences)
    if (
        min(*numbers, chosen.characters, chosen.dictation_minutes) < 0
        or not 0 <= chosen.hit_rate <= 100
        or not 0 <= chosen.voices <= 1
    ):
        parser.error("numbers must not be below 0, the hit rate above 100 or the voices above 1")
    event = Event(
        *numbers,
        characters=chosen.characters,
        hit_rate=chosen.hit_rate / 100,
        dictation_minutes=chosen.dictation_minutes,
        voices=chosen.voices,
        standard_voices=chosen.standard_voices,
    )
    lines = bill(event)
    if chosen.json:
        print(json.dumps({"dollars": by_service(lines), "items": [vars(line) for line in lines]}))
    else:
        dated = json.loads(PRICES.read_text(encoding="utf-8"))["dated"]
        print("\n".join(as_table(event, lines, dated)))
    return 0


if __name__ == "__main__":
    run_command("cost", main)
