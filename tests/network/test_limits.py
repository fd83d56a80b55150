"""Limits hold for each address of the hall: what one phone does costs no other phone anything."""

import asyncio
from collections import Counter
from collections.abc import Iterator

import pytest

from tests.integration.client import Client
from tests.network.halls import Hall, hall
from tests.network.hosts import hosts
from tests.network.people import Person, Talk

GUESSES, NEWCOMERS = 10, 10
CODE = "row seven"


@pytest.fixture(scope="module")
def strict(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hall]:
    """A hall whose addresses may have few newcomers in a minute."""
    directory = tmp_path_factory.mktemp("strict")
    with (
        hosts(phones=30) as both,
        hall(both, directory, NEWCOMERS_PER_MINUTE=str(NEWCOMERS)) as running,
    ):
        yield running


def test_wrong_codes_of_one_phone_do_not_keep_another_out(strict: Hall) -> None:
    async def guess() -> tuple[Counter[int], Client]:
        async with strict.talk(joinCode=CODE) as talk:
            statuses = Counter(
                [await _refusal(talk, strict.phone(1), n) for n in range(3 * GUESSES)]
            )
            right = await talk.join(strict.phone(2), "pt", joinCode=CODE)
            report = await talk.say("Welcome to those who know the code.")
            assert report["languages"]["pt"]["delivered"] == 1
            return statuses, right

    statuses, _ = asyncio.run(guess())
    assert statuses.keys() == {404, 429}
    assert statuses[404] <= 2 * GUESSES, "a minute may end while they come"


async def _refusal(talk: Talk, phone: Person, number: int) -> int:
    address = talk.in_the_hall.address(targetLanguage="pt", joinCode=f"row {number:03}")
    return await phone.refusal(address)


def test_a_flood_of_handshakes_from_one_phone_leaves_the_door_open_for_others(
    strict: Hall,
) -> None:
    async def flood() -> Counter[int]:
        async with strict.talk() as talk:
            address = talk.in_the_hall.address(targetLanguage="pt")
            phone = strict.phone(3)
            statuses = Counter([await phone.refusal(address) for _ in range(3 * NEWCOMERS)])
            for number in range(4, 24):
                await talk.join(strict.phone(number), "pt")
            return statuses

    statuses = asyncio.run(flood())
    assert statuses.keys() == {101, 429}
    assert statuses[101] <= 2 * NEWCOMERS, "a minute may end while they come"


def test_a_phone_cannot_name_another_address_as_its_own(strict: Hall) -> None:
    async def flood() -> Counter[int]:
        async with strict.talk() as talk:
            address = talk.in_the_hall.address(targetLanguage="pt")
            statuses: Counter[int] = Counter()
            for number in range(3 * NEWCOMERS):
                named = f"127.0.0.{number + 1}"
                statuses[
                    await strict.phone(25).refusal(
                        address, X_Forwarded_For=named, X_Real_IP=named, Forwarded=f"for={named}"
                    )
                ] += 1
            return statuses

    assert asyncio.run(flood())[429] > 0


def test_the_laptop_itself_has_no_limit(strict: Hall) -> None:
    async def come() -> None:
        async with strict.talk() as talk:
            for _ in range(3 * NEWCOMERS):
                address = talk.session.address(targetLanguage="pt")
                assert await strict.laptop.refusal(address) == 101

    asyncio.run(come())


def test_the_laptop_has_limits_where_it_comes_by_the_halls_address(strict: Hall) -> None:
    """Only loopback is taken for the laptop itself: an address of the Wi-Fi may be anybody's."""

    async def come() -> Counter[int]:
        async with strict.talk() as talk:
            address = talk.in_the_hall.address(targetLanguage="pt")
            return Counter([await strict.laptop.refusal(address) for _ in range(3 * NEWCOMERS)])

    assert asyncio.run(come())[429] > 0
