"""A talk goes on while the laptop's network does not: it goes, comes back, and may be another one.

How long it is gone does not matter to what is tested here: it is gone until the terminal says so,
and a whole minute would be no different for servers that listen on. Phones obey what their page
obeys: they come back, say what they have heard, and are sent what they have missed.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest
import websockets

from tests.integration.client import Client, eventually
from tests.network.halls import PORT, Hall, hall
from tests.network.hosts import LAPTOP, LAPTOP_ELSEWHERE, hosts
from tests.network.people import Person, Talk
from tests.network.scan import scan_tcp

HTTP = f"http://{LAPTOP}:{PORT}"
ELSEWHERE = f"http://{LAPTOP_ELSEWHERE}:{PORT}"
GONE, BACK = f"{LAPTOP} (wifi0) is gone", f"{LAPTOP} is back"


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Hall]:
    with hosts(phones=3) as both, hall(both, tmp_path) as running:
        yield running
    assert "Traceback" not in running.log.read_text()


def wifi_down(here: Hall) -> None:
    here.hosts.laptop.down()


def wifi_up(here: Hall) -> None:
    here.hosts.laptop.up()


def address_gone(here: Hall) -> None:
    here.hosts.laptop.remove_address(LAPTOP)


def address_back(here: Hall) -> None:
    here.hosts.laptop.add_addresses(LAPTOP)


Change = Callable[[Hall], None]


@pytest.mark.parametrize(("lose", "regain"), [(wifi_down, wifi_up), (address_gone, address_back)])
def test_the_wifi_goes_and_comes_back_and_nothing_is_missed(
    here: Hall, lose: Change, regain: Change
) -> None:
    async def lose_and_regain() -> None:
        async with here.talk() as talk:
            stays, returns = [await talk.join(here.phone(n), "pt") for n in range(2)]
            await talk.say("The Wi-Fi is there.")
            await _all_have((stays, returns), 1)
            await asyncio.to_thread(lose, here)
            await eventually(lambda: here.says(GONE), True)
            # The speaker is at the laptop itself, and does not notice.
            for text in ("Now it is gone.", "Nobody can hear this."):
                await talk.say(text)
            returns.cut()
            await asyncio.to_thread(regain, here)
            await eventually(lambda: here.says(BACK), True)
            again = await _come_back(talk, here.phone(1), returns)
            await talk.say("Now it is back.")
            # One phone's connection outlives the loss, the other phone had given up on its own.
            await stays.expect("caption", sequence=4)
            await again.expect("caption", sequence=4)
            assert stays.sequences() == [1, 2, 3, 4]
            assert returns.sequences() + again.sequences() == [1, 2, 3, 4]

    asyncio.run(lose_and_regain())


async def _all_have(listeners: tuple[Client, ...], sequence: int) -> None:
    await asyncio.gather(*(each.expect("caption", sequence=sequence) for each in listeners))


async def _come_back(talk: Talk, phone: Person, before: Client) -> Client:
    """As a page does: with its resume token, and what it has heard."""
    (joined,) = before.of("joined")
    last = max(before.sequences())
    return await talk.join(phone, "pt", lastSequence=last, resumeToken=joined["resumeToken"])


def test_the_laptop_gets_another_address_and_the_talk_goes_on_there(here: Hall) -> None:
    async def move() -> None:
        async with here.talk() as talk:
            phone = await talk.join(here.phone(), "pt")
            await talk.say("This is said at the old address.")
            await phone.expect("caption", sequence=1)
            phone.cut()
            await asyncio.to_thread(_move, here)
            await eventually(lambda: here.says(f"Phones find this hall at {ELSEWHERE}"), True)
            talk.speaker = await _speaker_comes_back(here, talk)
            talk.sockets.push_async_callback(talk.speaker.socket.close)
            talk.in_the_hall = replace(talk.in_the_hall, url=ELSEWHERE.replace("http", "ws", 1))
            # Somebody has scanned the new code: a new page, and so somebody new.
            again = await talk.join(here.phone(), "pt", lastSequence=1)
            await talk.say("This is said at the new one.")
            caption = await again.expect("caption", sequence=2)
            assert caption["language"] == "pt"
            await asyncio.to_thread(_check_pages, here)

    asyncio.run(move())
    assert scan_tcp(here.hosts.phones, LAPTOP_ELSEWHERE).open == {PORT}


def _move(here: Hall) -> None:
    here.hosts.laptop.remove_address(LAPTOP)
    here.hosts.laptop.add_addresses(LAPTOP_ELSEWHERE)


async def _speaker_comes_back(here: Hall, talk: Talk) -> Client:
    """The gateway was started anew: as the page does, the speaker tries until it is in."""
    return await _until_it_succeeds(
        lambda: here.laptop.enter(talk.session.address(token=talk.session.token))
    )


async def _until_it_succeeds(attempt: Callable[[], Awaitable[Client]]) -> Client:
    async with asyncio.timeout(30):
        while True:
            with suppress(OSError, websockets.InvalidHandshake):
                client = await attempt()
                with suppress(AssertionError):  # it was closed before that
                    await client.expect("joined")
                    return client
            await asyncio.sleep(0.1)


def _check_pages(here: Hall) -> None:
    page = here.laptop.request(here.at_home.http).body.decode()
    assert f'<meta name="listeners-url" content="{ELSEWHERE}">' in page
    phone = here.phone()
    assert phone.request(f"{ELSEWHERE}/health").status == 200
    assert phone.request(f"{ELSEWHERE}/ops").status == 403
    stale = {"Host": f"{LAPTOP}:{PORT}"}
    assert phone.request(f"{ELSEWHERE}/health", headers=stale).status == 403


def test_an_address_that_was_asked_for_is_waited_for(tmp_path: Path) -> None:
    with hosts(phones=1) as both, hall(both, tmp_path, LAPTOP) as here:
        _move(here)
        asyncio.run(eventually(lambda: here.says(GONE), True))
        both.laptop.add_addresses(LAPTOP)
        asyncio.run(eventually(lambda: here.says(BACK), True))
        assert here.phone().request(f"{HTTP}/health").status == 200
        assert not here.says(f"Phones find this hall at {ELSEWHERE}")


def test_a_name_is_followed_to_where_it_leads(tmp_path: Path) -> None:
    names = tmp_path / "hosts"
    names.write_text(f"127.0.0.1 localhost\n{LAPTOP} hall.example\n")
    with hosts(phones=1) as both, hall(both, tmp_path, "hall.example", names=names) as here:
        # In place: the stage sees this very file.
        names.write_text(f"127.0.0.1 localhost\n{LAPTOP_ELSEWHERE} hall.example\n")
        _move(here)
        asyncio.run(eventually(lambda: here.says("This laptop has another address now"), True))
        by_name = {"Host": f"hall.example:{PORT}"}

        def answers() -> int:
            with suppress(OSError):
                return here.phone().request(f"{ELSEWHERE}/health", headers=by_name).status
            return 0

        asyncio.run(eventually(answers, 200))
