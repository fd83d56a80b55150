"""A talk while a service is slow, throttled, failing or cut off: nobody is lost, nothing unsaid.

Each service in turn and each kind of fault, on a stage of its own, with 30 listeners of three
languages who come and go and a sentence every 0.2 s. `FAULT_SECONDS` says how long each lasts.
"""

import asyncio
import os
from collections.abc import Iterator
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path

import pytest

from tests.integration.client import Stage
from tests.integration.disturbed_hall import hall, until
from tests.integration.faulty import KINDS, SERVICES, Faults
from tests.integration.faulty_stage import faulty_stage

SECONDS = float(os.environ.get("FAULT_SECONDS", "1.2"))
SEED = int(os.environ.get("FAULT_SEED", "1"))
RATE = 0.3
STAYING, PASSING = 15, 15


@pytest.fixture(scope="module")
def disturbed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Stage, Faults, Path]]:
    """A stage with forwarders, and its log."""
    log = tmp_path_factory.mktemp("faulty") / "stderr.log"
    with faulty_stage(log, seed=SEED) as (stage, faults):
        yield stage, faults, log


def test_a_talk_outlives_faults_of_every_service(
    disturbed: tuple[Stage, Faults, Path],
) -> None:
    stage, faults, log = disturbed
    languages = [code for code in stage.languages() if code != "en"][:3]

    async def scenario() -> None:
        async with AsyncExitStack() as open_until_the_end:
            halls = []
            for service in SERVICES:
                at = await open_until_the_end.enter_async_context(
                    hall(stage, languages, STAYING, PASSING, SEED)
                )
                halls.append(at)
                await at.settled()
                async with at.going_on():
                    for kind in KINDS:
                        faults.disturb(service, kind, rate=RATE)
                        await asyncio.sleep(SECONDS)  # how long the fault lasts
                        # A busy machine may have made too few calls by then for one to meet it.
                        met = partial(faults.have_met, service, kind)
                        await until(met, f"no call of {service} met: {kind}")
                faults.stop()
                await at.handled()
                # @connections may have done what it did not answer for: then better twice.
                assert service == "connections" or at.repeated() == [], service
            # At the end, for all of them: what a lost $connect has left there has to grow old.
            for service, at in zip(SERVICES, halls, strict=True):
                await at.settled()
                assert (at.lost(), at.unreported()) == ([], []), service

    try:
        asyncio.run(scenario())
    finally:
        faults.stop()
    assert "ended with exit code" not in log.read_text(), "a process died"
