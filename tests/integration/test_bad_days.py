"""Bad days of a hall: the stage is killed, the disk is full, the laptop sleeps, its clock jumps.

Twenty listeners read four languages. Each is shown every sentence, once and in order.
"""

import asyncio
import os
import signal
import struct
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from infra.local.dynamodb.sweeper import SWEEP_SECONDS
from tests.integration.client import PATIENCE, Stage
from tests.integration.disturbed_hall import until
from tests.integration.faithful_hall import Hall, hall
from tests.integration.test_kills import kill, languages_of
from tests.integration.test_stage import Running, descendants
from tests.integration.test_stage import stage as stage_of_its_own

DISK_BYTES = 6_000_000
SLEEP_SECONDS = 45.0
"""Longer than the 40 s after which these clients give up a socket that says nothing, and than a
handshake's grace (35 s)."""
CLOCK = '''
"""A wall clock that the file beside this one moves, in every process of a stage."""
import mmap, struct, time
from pathlib import Path

with Path(__file__).with_name("offset").open("rb") as file:
    offset = mmap.mmap(file.fileno(), 8, prot=mmap.PROT_READ)
time_ns = time.time_ns
time.time_ns = lambda: time_ns() + struct.unpack("q", offset)[0]
time.time = lambda: time.time_ns() / 1e9
'''
HOUR_NS = 3_600 * 10**9


def seen(running: Running) -> Stage:
    """The same stage as its clients see it."""
    return Stage(running.http, running.ws, running.process.pid, running.dynamodb)


def test_a_talk_outlives_the_death_of_the_whole_stage(tmp_path: Path) -> None:
    data = ("--data-dir", str(tmp_path / "data"))

    async def scenario(first: Running) -> None:
        at_once = seen(first)
        ports = ("--http-port", port_of(first.http), "--ws-port", port_of(first.ws))
        async with hall(at_once, languages_of(at_once)) as at:
            async with at.going_on():
                first.process.kill()
                await asyncio.to_thread(first.process.wait, PATIENCE)
                second = stage_of_its_own(tmp_path / "second", *data, *ports)
                at.stage = seen(await asyncio.to_thread(second.__enter__))
            await at.all_heard_all()
            await asyncio.to_thread(second.__exit__, None, None, None)

    with stage_of_its_own(tmp_path / "first", *data) as first:
        asyncio.run(scenario(first))


def port_of(address: str) -> str:
    return str(urlsplit(address).port)


@contextmanager
def small_disk(folder: Path) -> Iterator[Path]:
    """A folder that is a disk of its own; skipped where nobody may mount one."""
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES}", "none", str(folder)]
    try:
        done = subprocess.run(mount, capture_output=True, text=True)  # noqa: S603 - as it says
    except FileNotFoundError:
        pytest.skip("there is no mount")
    if done.returncode:
        pytest.skip(f"a disk can be mounted by root alone: {done.stderr.strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)  # noqa: S603, S607


def fill(disk: Path) -> Path:
    """Leaves no byte of room; the file that has to go for some."""
    ballast = disk / "ballast"
    with ballast.open("wb", buffering=0) as file:
        try:
            while file.write(bytes(4_096)):
                pass
        except OSError:
            return ballast
    raise AssertionError("the disk was not full")


def test_a_full_disk_costs_no_caption_and_what_was_said_is_kept_when_it_has_room(
    tmp_path: Path,
) -> None:
    log = tmp_path / "log"
    with small_disk(tmp_path / "disk") as disk:
        data = ("--data-dir", str(disk))

        async def scenario(stage: Stage) -> Hall:
            async with hall(stage, languages_of(stage), voice="true") as at:
                async with at.going_on():
                    ballast = fill(disk)
                    full = "infra.local: the disk takes no more (No space left on device)"
                    await until(lambda: full in log.read_text(), "not said")
                    await at.said_more(10)
                    # What dies on a full disk comes back, too.
                    kill(stage, "infra.local.functions ")
                    back = "infra.local: functions was restarted"
                    await until(lambda: back in log.read_text(), "functions are not back")
                    await at.said_more(5)
                    assert log.read_text().count(full) == 1
                    ballast.unlink()
                    room = "infra.local: the disk has room again"
                    await until(lambda: room in log.read_text(), "not said")
                await at.all_heard_all()
            return at

        with stage_of_its_own(log, *data) as running:
            at = asyncio.run(scenario(seen(running)))
            running.process.kill()
            running.process.wait(PATIENCE)
        with stage_of_its_own(tmp_path / "second", *data) as running:
            kept = [row for row in running.rows("Sentences") if row["sequence"]["N"] != "0"]
            said = {int(row["sequence"]["N"]) for row in kept}
            assert said >= set(range(1, at.speaker.said + 1))
            assert not seen(running).counts(at.session)[0]


def test_a_stage_does_not_start_on_a_full_disk(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk") as disk:
        fill(disk)
        log = tmp_path / "log"
        with (
            pytest.raises(AssertionError, match="not the ready line"),
            stage_of_its_own(log, "--data-dir", str(disk)),
        ):
            pass
        last = log.read_text().splitlines()[-1]
        assert last == f"infra.local: {disk} cannot be used: the disk is full"
        assert "Traceback" not in log.read_text()


def test_a_laptop_that_sleeps_wakes_with_everybody(tmp_path: Path) -> None:
    log = tmp_path / "log"
    idle = {"GATEWAY_IDLE_SECONDS": str(SLEEP_SECONDS / 2)}

    async def scenario(stage: Stage) -> None:
        async with hall(stage, languages_of(stage)) as at:
            async with at.going_on():
                everything = descendants(stage.pid or 0)
                for pid in everything:
                    os.kill(pid, signal.SIGSTOP)
                await asyncio.sleep(SLEEP_SECONDS)
                for pid in everything:
                    os.kill(pid, signal.SIGCONT)
            await at.all_heard_all()

    with stage_of_its_own(log, **idle) as running:
        asyncio.run(scenario(seen(running)))
    assert "ended with exit code" not in log.read_text()


@pytest.mark.parametrize("hours", [3, -3])
def test_a_talk_goes_on_when_the_clock_jumps_and_when_it_is_set_right(
    tmp_path: Path, hours: int
) -> None:
    log, offset = tmp_path / "log", tmp_path / "offset"
    (tmp_path / "sitecustomize.py").write_text(CLOCK)
    offset.write_bytes(bytes(8))

    async def scenario(stage: Stage) -> None:
        async with hall(stage, languages_of(stage)) as at:
            async with at.going_on():
                for each in (hours, 0):
                    with offset.open("r+b") as file:
                        file.write(struct.pack("q", each * HOUR_NS))
                    # Expired rows are swept every 5 s.
                    await asyncio.sleep(3 * SWEEP_SECONDS)
                    await at.said_more(5)
            await at.all_heard_all()

    with stage_of_its_own(log, PYTHONPATH=str(tmp_path)) as running:
        asyncio.run(scenario(seen(running)))
    assert "ended with exit code" not in log.read_text()
