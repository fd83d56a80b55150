"""A talk over a Wi-Fi that is late and loses packets: everything comes, once and in order."""

import asyncio
from pathlib import Path
from typing import get_args

import pytest

from tests.network.bad_links import BadLink, Way, badly_linked_hosts, missing
from tests.network.halls import Hall, hall
from tests.network.hosts import LAPTOP

FULL_HALL = BadLink(delay_ms=60, loss_percent=8)
PHONES, SENTENCES = 12, 10
WAYS: tuple[Way, ...] = get_args(Way)


@pytest.mark.parametrize("way", WAYS)
def test_every_phone_reads_every_sentence_in_order(way: Way, tmp_path: Path) -> None:
    if reason := missing(way):
        pytest.skip(reason)
    with (
        badly_linked_hosts(way, FULL_HALL, PHONES) as both,
        hall(both, tmp_path) as here,
    ):
        page = here.phone().request(f"{here.in_the_hall.http}/s/golden-eagle-427")
        assert (page.status, b"</html>" in page.body) == (200, True)
        sequences = asyncio.run(_heard(here))
    assert sequences == [list(range(1, SENTENCES + 1))] * PHONES
    assert LAPTOP in here.in_the_hall.http


async def _heard(here: Hall) -> list[list[int]]:
    """What each phone gets of a talk."""
    async with here.talk() as talk:
        phones = [await talk.join(here.phone(number), "pt") for number in range(PHONES)]
        for number in range(SENTENCES):
            report = await talk.say(f"This is heard in row {number}.")
            assert report["languages"]["pt"]["delivered"] == PHONES
        await asyncio.gather(*(phone.expect("caption", sequence=SENTENCES) for phone in phones))
        return [phone.sequences() for phone in phones]
