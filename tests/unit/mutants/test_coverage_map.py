"""Which tests are asked about a mutant, in which order, and which run anew after a change."""

from dataclasses import replace
from pathlib import Path

import pytest

from tests.mutants.coverage_map import CoverageMap, keep, kept, mirroring, outdated
from tests.mutants.mutations import Mutant

MODULE = "streams/batch.py"
MIRROR = "tests/unit/streams/test_batch.py"
ROOM = "tests/unit/streams/test_records.py"
FAR = "tests/unit/chalice_app/test_routes.py"

TESTS = CoverageMap(
    seconds={
        f"{FAR}::fast": 0.01,
        f"{FAR}::slow": 0.2,
        f"{FAR}::elsewhere": 0.02,
        f"{ROOM}::a": 0.1,
        f"{MIRROR}::a": 0.3,
    },
    lines={
        MODULE: {
            "1": [""],
            "2": [f"{FAR}::slow", f"{FAR}::fast", f"{MIRROR}::a", f"{ROOM}::a"],
        }
    },
)


def mutant(line: int) -> Mutant:
    return Mutant(MODULE, range(line, line + 1), 0, 1, "a = 1", "1", "2")


def test_a_line_is_left_to_the_tests_that_run_it_those_of_its_mirror_first() -> None:
    assert TESTS.rounds(mutant(2)) == [
        [f"{MIRROR}::a", f"{ROOM}::a", f"{FAR}::fast", f"{FAR}::slow"]
    ]


@pytest.mark.parametrize("line", [1, 3], ids=["run at the import", "run by no test"])
def test_any_test_may_notice_what_is_made_at_the_import(line: int) -> None:
    (asked,) = TESTS.rounds(mutant(line))
    assert asked[:2] == [f"{MIRROR}::a", f"{ROOM}::a"]
    assert asked[-1] == f"{FAR}::elsewhere"


def test_a_slow_test_comes_after_all_others() -> None:
    slow = replace(TESTS, seconds={**TESTS.seconds, f"{MIRROR}::a": 3.0})
    assert slow.rounds(mutant(2)) == [
        [f"{ROOM}::a", f"{FAR}::fast", f"{FAR}::slow", f"{MIRROR}::a"]
    ]


def test_the_likeliest_are_asked_before_modules_of_others_are_imported() -> None:
    many = {f"{ROOM}::{number}": number / 1000 for number in range(60)}
    first, then = CoverageMap(many, {MODULE: {"1": [""]}}).rounds(mutant(1))
    assert [*first, *then] == list(many)
    assert len(first) < len(then)


@pytest.mark.parametrize(("test", "nearness"), [(MIRROR, 2), (ROOM, 1), (FAR, 0)])
def test_the_mirror_of_a_module_is_nearest(test: str, nearness: int) -> None:
    assert mirroring(MODULE, f"{test}::a") == nearness


def test_a_test_file_that_changed_runs_anew_alone() -> None:
    before = {MODULE: "1", MIRROR: "1", ROOM: "1"}
    assert outdated(before, before) == set()
    assert outdated(before, {MODULE: "1", MIRROR: "2", FAR: "1"}) == {MIRROR, ROOM, FAR}


@pytest.mark.parametrize("file", [MODULE, "tests/unit/conftest.py", "tests/fakes/world.py"])
def test_after_any_other_change_all_run_anew(file: str) -> None:
    assert outdated({file: "1"}, {file: "2"}) is None


def test_what_ran_anew_stands_in_the_place_of_what_was_known() -> None:
    newer = CoverageMap({f"{FAR}::new": 1.0}, {MODULE: {"1": [""], "3": [f"{FAR}::new"]}})
    tests = TESTS.renewed([FAR], newer)
    assert set(tests.seconds) == {f"{MIRROR}::a", f"{ROOM}::a", f"{FAR}::new"}
    assert tests.lines == {
        MODULE: {"1": [""], "2": [f"{MIRROR}::a", f"{ROOM}::a"], "3": [f"{FAR}::new"]}
    }


def test_a_map_is_kept_for_the_next_run(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "map.json"
    assert kept(path) is None
    keep(path, TESTS, {MODULE: "1"})
    assert kept(path) == (TESTS, {MODULE: "1"})
