"""Sounds as files: whole or not there, for a day, within a size."""

from pathlib import Path

import pytest

from infra.local.sounds.store import LIFE_SECONDS, SoundStore

HEADERS = {"content-type": "audio/mpeg", "x-amz-meta-duration-ms": "1500"}


class Clock:
    """A time that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "sounds"


def test_a_sound_comes_back_as_it_was_put(folder: Path, clock: Clock) -> None:
    store = SoundStore(folder, clock)
    put = store.put("sounds/a.mp3", b"\xff\n{}\x00", HEADERS)
    assert store.get("sounds/a.mp3") == put
    assert put.body == b"\xff\n{}\x00"
    assert put.headers == HEADERS
    assert store.get("sounds/b.mp3") is None


def test_sounds_outlive_the_process(folder: Path, clock: Clock) -> None:
    put = SoundStore(folder, clock).put("a", b"abc", HEADERS)
    assert SoundStore(folder, clock).get("a") == put


def test_the_later_sound_takes_the_place_of_the_earlier(folder: Path, clock: Clock) -> None:
    store = SoundStore(folder, clock)
    store.put("a", b"abc", HEADERS)
    store.put("a", b"def", {})
    found = store.get("a")
    assert found is not None
    assert (found.body, dict(found.headers)) == (b"def", {})
    store.delete("a")
    store.delete("a")
    assert store.get("a") is None


def test_a_sound_is_gone_after_its_day_and_its_file_with_the_next_sweep(
    folder: Path, clock: Clock
) -> None:
    store = SoundStore(folder, clock)
    store.put("old", b"abc", HEADERS)
    clock.now += LIFE_SECONDS - 1
    store.put("new", b"abc", HEADERS)
    store.sweep()
    assert store.get("old") is not None
    clock.now += 1
    assert store.get("old") is None
    store.sweep()
    assert store.get("new") is not None
    assert len(list(folder.iterdir())) == 1


def test_the_oldest_go_where_all_together_are_too_large(folder: Path, clock: Clock) -> None:
    store = SoundStore(folder, clock, most_bytes=4_000, sweep_after_bytes=2_500)
    for number in range(8):
        store.put(str(number), bytes(1_000), HEADERS)
        clock.now += 1
    there = [number for number in range(8) if store.get(str(number))]
    assert there[-2:] == [6, 7]
    assert there == sorted(there)
    assert 0 not in there
    assert sum(each.stat().st_size for each in folder.iterdir()) < 4_000 + 2_500


@pytest.mark.parametrize("key", ["../../secret", "/etc/hosts", "a/../../b", "\x00", "a" * 5_000])
def test_no_key_leads_out_of_the_folder(folder: Path, clock: Clock, key: str) -> None:
    store = SoundStore(folder, clock)
    store.put(key, b"abc", HEADERS)
    assert store.get(key) is not None
    assert [each.parent for each in folder.parent.rglob("*") if each.is_file()] == [folder]


@pytest.mark.parametrize("left", [b"", b"half", b"[]\nabc", b'{"key": "a"}\nabc', b"\xff\xfe\n"])
def test_a_broken_file_is_a_missing_sound(folder: Path, clock: Clock, left: bytes) -> None:
    store = SoundStore(folder, clock)
    store.put("a", b"abc", HEADERS)
    (file,) = folder.iterdir()
    file.write_bytes(left)
    assert store.get("a") is None


def test_a_sound_that_cannot_be_written_leaves_the_former_one(folder: Path, clock: Clock) -> None:
    store = SoundStore(folder, clock)
    store.put("a", b"abc", HEADERS)
    (file,) = folder.iterdir()
    file.unlink()
    file.mkdir()
    (file / "in the way").touch()
    with pytest.raises(OSError, match=r".+"):
        store.put("a", b"def", HEADERS)
    assert [each.name for each in folder.iterdir()] == [file.name]


def test_an_unfinished_file_of_a_killed_process_goes_after_a_day(
    folder: Path, clock: Clock
) -> None:
    store = SoundStore(folder, clock)
    unfinished = folder / "abc.1.new"
    unfinished.write_bytes(b"half")
    clock.now = unfinished.stat().st_mtime + LIFE_SECONDS
    store.sweep()
    assert list(folder.iterdir()) == []
