"""A part of pytest for `tests.mutants.runs`: runs the tests of a list in its order, and reports.

The list is the file that `MUTANT_TESTS` names, or else every test runs; the report goes to the file
of `MUTANT_REPORT`. Hypothesis draws the same examples at each run and does not shrink what fails.

With `fork_server.PIPES`, pytest collects the tests and then runs those that it is asked for, each
time in a fork of this process. The questions are `runs.AskedOfFork`.
"""

import gc
import json
import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import pytest
from hypothesis import Phase, settings

from tests.mutants import function_code
from tests.mutants.fork_server import BROKEN, PIPES, serve

if TYPE_CHECKING:
    from tests.mutants.runs import AskedOfFork

READY = "ready"
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


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session: pytest.Session) -> bool | None:
    if PIPES not in os.environ:
        return None
    if _failed:
        return True
    gc.unfreeze()
    functions = function_code.loaded(gc.get_objects())
    tests = {item.nodeid: item for item in session.items}

    def run(asked: "AskedOfFork") -> NoReturn:
        with suppress(function_code.NotThatWay):
            function_code.change(functions, asked["file"], asked["before"], asked["after"])
            _run([tests[each] for each in asked["tests"]])
            pytest_sessionfinish(session)
            os._exit(bool(_failed))
        os._exit(BROKEN)

    gc.collect()
    gc.freeze()
    serve(run, greeting=f"{READY}\n")
    return True


def _run(chosen: Sequence[pytest.Item]) -> None:
    """Runs tests until one fails."""
    for item, following in zip(chosen, [*chosen[1:], None], strict=True):
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
        if _failed:
            break
