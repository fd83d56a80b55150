"""`python -m tests.alarm_drill`: does each alarm fire when it should, and only then?

Prints a table of scenario x alarm: the minute of the hour in which the alarm fires. `missed` stands
where it should have, `false` where it should not; either makes the exit code 1.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterable, Iterator, Sequence

from infra.monitoring.alarm_rules import Alarm, read_alarms
from tests.alarm_drill.scenarios import HOUR, STAGE, Scenario, scenarios

_SILENT = "-"


def main() -> int:
    """Runs the drill; 1 when an alarm failed it."""
    alarms = read_alarms(STAGE.name)
    logging.disable(logging.WARNING)  # the talks go wrong on purpose
    try:
        rows = [(scenario, drill(scenario, alarms)) for scenario in scenarios()]
    finally:
        logging.disable(logging.NOTSET)
    print("\n".join(table(rows, alarms)))
    never = {alarm.name for alarm in alarms} - {name for each, _ in rows for name in each.fires}
    for name in sorted(never):
        print(f"no scenario sets off {name}", file=sys.stderr)
    wrong = sum(cell.startswith(("missed", "false")) for _, cells in rows for cell in cells)
    print(f"\n{len(rows)} scenarios, {len(alarms)} alarms, {wrong} missed or false")
    passed = not wrong and not never
    print("passed" if passed else "FAILED")
    return 0 if passed else 1


def drill(scenario: Scenario, alarms: Iterable[Alarm]) -> list[str]:
    """What each alarm does in a scenario."""
    return [_cell(scenario, alarm) for alarm in alarms]


def _cell(scenario: Scenario, alarm: Alarm) -> str:
    minute = alarm.first_minute(scenario.stream, HOUR)
    should = alarm.name in scenario.fires
    if minute is None:
        return "missed" if should else _SILENT
    return f"{minute:.0f}" if should else f"false {minute:.0f}"


def table(rows: Sequence[tuple[Scenario, Sequence[str]]], alarms: Sequence[Alarm]) -> Iterator[str]:
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
