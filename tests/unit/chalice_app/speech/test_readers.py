"""What a process remembers of who reads the speaker's own language."""

from dataclasses import replace

import pytest

from chalice_app.speech import readers
from tests.fakes.world import World


def test_the_readers_of_a_few_sessions_are_remembered(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(readers, "_REMEMBERED", 2)
    opened = [world.open() for _ in range(3)]
    for number, of in enumerate(opened):
        world.listener(of, f"c{number}", "en")
    sessions = [world.now(of) for of in opened]
    own = world.app.drafts.readers
    for number, of in enumerate(sessions):
        assert own.of(of) == [("en", [f"c{number}"])]
    assert world.tables.calls["read_roster"] == 3
    own.of(sessions[2])
    own.of(sessions[1])
    assert world.tables.calls["read_roster"] == 3
    own.of(sessions[0])
    assert world.tables.calls["read_roster"] == 4


def test_counts_tell_whether_there_is_a_reader(world: World) -> None:
    of = world.open("fr")
    own = world.app.drafts.readers
    assert not own.has_any(of)
    assert not own.has_any(replace(of, languages={"es": 1}))
    assert own.has_any(replace(of, languages={"es": 1, "fr": 1}))
