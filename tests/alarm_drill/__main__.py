"""`python -m tests.alarm_drill`: does each alarm fire when it should, and only then?

Prints a table of scenario x alarm: the minute of the hour in which the alarm fires. `missed` stands
where it should have, `false` where it should not; either makes the exit code 1. A second table has
who is notified in each scenario, for each value of the template's parameter `CacheHitRateTells`.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from infra.monitoring.alarm_rules import ALARM_TOPIC, COST_TOPIC, Alarm, read_alarms
from tests.alarm_drill.scenarios import HOUR, STAGE, Scenario, scenarios

TELLS: Final = (ALARM_TOPIC, COST_TOPIC, "nobody")
"""The values of the template's parameter."""

MONEY: Final = frozenset({"CacheHitRate"})
"""The alarms that no listener notices."""

_SILENT: Final = "-"
_MISSED: Final = "missed"

Rows = Sequence[tuple[Scenario, Sequence[str]]]
"""Each scenario, and what each alarm does in it."""


def main() -> int:
    """Runs the drill; 1 when an alarm failed it."""
    alarms = read_alarms(STAGE.name)
    logging.disable(logging.WARNING)  # the talks go wrong on purpose
    try:
        rows = [(scenario, drill(scenario, alarms)) for scenario in scenarios()]
    finally:
        logging.disable(logging.NOTSET)
    print("\n".join(table(rows, alarms)))
    notified = {value: notified_topics(rows, value) for value in TELLS}
    print("\n".join(notified_table(rows, notified)))
    wrong_topics = [
        line for value in TELLS for line in wrongly_notified(rows, value, notified[value])
    ]
    for line in wrong_topics:
        print(line, file=sys.stderr)
    never = {alarm.name for alarm in alarms} - {name for each, _ in rows for name in each.fires}
    for name in sorted(never):
        print(f"no scenario sets off {name}", file=sys.stderr)
    wrong = sum(cell.startswith((_MISSED, "false")) for _, cells in rows for cell in cells)
    print(f"\n{len(rows)} scenarios, {len(alarms)} alarms, {wrong} missed or false")
    passed = not wrong and not never and not wrong_topics
    print("passed" if passed else "FAILED")
    return 0 if passed else 1


def notified_topics(rows: Rows, value: str) -> list[set[str]]:
    """The topics that get a message in each scenario, under a value of `CacheHitRateTells`."""
    alarms = read_alarms(STAGE.name, CacheHitRateTells=value)
    return [
        {
            topic
            for alarm, cell in zip(alarms, cells, strict=True)
            if cell not in (_SILENT, _MISSED)
            for topic in alarm.tells
        }
        for _, cells in rows
    ]


def wrongly_notified(rows: Rows, value: str, notified: Sequence[set[str]]) -> Iterator[str]:
    """The scenarios in which others are notified than should be.

    Of money alone the topic that the parameter names; of anything else, the alarms' own.
    """
    named = set() if value == "nobody" else {value}
    for (scenario, _), topics in zip(rows, notified, strict=True):
        others = {ALARM_TOPIC} if scenario.fires - MONEY else set()
        if topics != others | (named if scenario.fires & MONEY else set()):
            yield f"CacheHitRateTells={value}: {scenario.name}: notifies {_names(topics)}"


def notified_table(rows: Rows, notified: Mapping[str, Sequence[set[str]]]) -> Iterator[str]:
    """The table: a column a value of the parameter, a line a scenario that notifies somebody."""
    width = max(len(scenario.name) for scenario, _ in rows)
    yield ""
    yield "who is notified, by CacheHitRateTells:"
    yield " " * width + "".join(f"{value:>12}" for value in notified)
    for number, (scenario, _) in enumerate(rows):
        if scenario.fires:
            cells = (_names(each[number]) for each in notified.values())
            yield f"{scenario.name:<{width}}" + "".join(f"{cell:>12}" for cell in cells)


def _names(topics: set[str]) -> str:
    return "+".join(sorted(topics)) or "nobody"


def drill(scenario: Scenario, alarms: Iterable[Alarm]) -> list[str]:
    """What each alarm does in a scenario."""
    return [_cell(scenario, alarm) for alarm in alarms]


def _cell(scenario: Scenario, alarm: Alarm) -> str:
    minute = alarm.first_minute(scenario.stream, HOUR)
    should = alarm.name in scenario.fires
    if minute is None:
        return _MISSED if should else _SILENT
    return f"{minute:.0f}" if should else f"false {minute:.0f}"


def table(rows: Rows, alarms: Sequence[Alarm]) -> Iterator[str]:
    """The table: numbered alarms first, then a line a scenario."""
    for number, alarm in enumerate(alarms, 1):
        bound = f"{alarm.statistic} {alarm.comparison} {alarm.threshold:g}"
        yield f"{number:>3}  {alarm.name}: {bound}, {alarm.periods} x {alarm.period} s"
    width = max(len(scenario.name) for scenario, _ in rows)
    yield ""
    yield "the minute of the hour in which each fires:"
    yield " " * width + "".join(f"{number:>8}" for number in range(1, len(alarms) + 1))
    for scenario, cells in rows:
        yield f"{scenario.name:<{width}}" + "".join(f"{cell:>8}" for cell in cells)


if __name__ == "__main__":
    sys.exit(main())
