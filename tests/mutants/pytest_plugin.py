"""A part of pytest for `tests.mutants.runs`: runs the tests of a list in its order, and reports.

The list is the file that `MUTANT_TESTS` names, or else every test runs; the report goes to the file
of `MUTANT_REPORT`. Hypothesis draws the same examples at each run and does not shrink what fails.
"""

import json
import os
from pathlib import Path

import pytest
from hypothesis import Phase, settings

_seconds: dict[str, float] = {}
_failed: list[str] = []


def pytest_sessionstart(session: pytest.Session) -> None:
    settings.register_profile(
        "mutants",
        settings(),
        phases=(Phase.explicit, Phase.generate),
        database=None,
        derandomize=True,
        print_blob=False,
    )
    settings.load_profile("mutants")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if "MUTANT_TESTS" not in os.environ:
        return
    wanted = json.loads(Path(os.environ["MUTANT_TESTS"]).read_text(encoding="utf-8"))
    places = {test: place for place, test in enumerate(wanted)}
    config.hook.pytest_deselected(items=[each for each in items if each.nodeid not in places])
    items[:] = sorted(
        (each for each in items if each.nodeid in places), key=lambda each: places[each.nodeid]
    )


def pytest_collectreport(report: pytest.CollectReport) -> None:
    if report.failed:
        _failed.append(report.nodeid)


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    _seconds[report.nodeid] = _seconds.get(report.nodeid, 0) + report.duration
    if report.failed:
        _failed.append(report.nodeid)


def pytest_sessionfinish(session: pytest.Session) -> None:
    if not hasattr(session.config, "workerinput"):
        report = {"seconds": _seconds, "failed": _failed}
        Path(os.environ["MUTANT_REPORT"]).write_text(json.dumps(report), encoding="utf-8")
