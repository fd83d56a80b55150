"""Where a hall is when it is started, on laptops with networks of several kinds.

`tests/integration/test_hall_refusals.py` has those on which there can be none.
"""

import asyncio
from pathlib import Path

import pytest

from tests.network.halls import ONE_PORT, PORT, hall, refusal
from tests.network.hosts import (
    LAPTOP,
    LAPTOP_ELSEWHERE,
    LAPTOP_IPV6,
    PHONES,
    PHONES_IPV6,
    hosts,
)
from tests.network.people import Person


def test_with_two_addresses_it_names_both_and_what_to_type(tmp_path: Path) -> None:
    with hosts(phones=1) as both:
        both.cable("cable0")
        both.laptop.up("cable0")
        both.phones.up("cable0")
        both.laptop.add_addresses("192.168.7.5", interface="cable0")
        line = refusal(both, "--hall", *ONE_PORT, "--data-dir", str(tmp_path))
        assert all(word in line for word in (LAPTOP, "192.168.7.5", "make hall ADDRESS="))
        with hall(both, tmp_path, LAPTOP) as here:
            assert here.in_the_hall.http == f"http://{LAPTOP}:{PORT}"


def test_with_ipv6_alone_phones_find_it_there(tmp_path: Path) -> None:
    with hosts(phones=1) as both:
        both.laptop.remove_address(LAPTOP)
        with hall(both, tmp_path) as here:
            base = f"http://[{LAPTOP_IPV6}]:{PORT}"
            assert here.in_the_hall.http == base
            phone = Person(both.phones, PHONES_IPV6)
            page = phone.request(f"{base}/s/golden-eagle-427").body.decode()
            assert f'content="ws://[{LAPTOP_IPV6}]:{PORT}"' in page
            assert phone.request(f"{base}/ops").status == 403

            async def listen() -> None:
                async with here.talk() as talk:
                    listener = await talk.join(phone, "pt")
                    await talk.say("There are more than enough addresses.")
                    await listener.expect("caption", sequence=1)

            asyncio.run(listen())


def test_a_port_that_is_taken_at_another_address_is_nobodys_business(tmp_path: Path) -> None:
    with hosts(phones=1) as both:
        both.laptop.add_addresses(LAPTOP_ELSEWHERE)
        with both.laptop.make_socket(LAPTOP_ELSEWHERE) as taken:
            taken.bind((LAPTOP_ELSEWHERE, PORT))
            taken.listen()
            with hall(both, tmp_path, LAPTOP) as here:
                assert here.phone().request(f"{here.in_the_hall.http}/health").status == 200


class TestNames:
    """ADDRESS may be a name, which the laptop's own resolver knows."""

    @pytest.fixture
    def names(self, tmp_path: Path) -> Path:
        path = tmp_path / "hosts"
        path.write_text("127.0.0.1 localhost\n")
        return path

    def test_a_name_of_this_laptop_is_what_phones_are_led_to(
        self, names: Path, tmp_path: Path
    ) -> None:
        names.write_text(f"127.0.0.1 localhost\n{LAPTOP} hall.example\n")
        with hosts(phones=1) as both, hall(both, tmp_path, "hall.example", names=names) as here:
            assert here.in_the_hall.http == f"http://hall.example:{PORT}"
            by_name = {"Host": f"hall.example:{PORT}"}
            page = here.phone().request(
                f"http://{LAPTOP}:{PORT}/s/golden-eagle-427", headers=by_name
            )
            assert f'content="ws://hall.example:{PORT}"'.encode() in page.body
            assert here.phone().request(f"http://{LAPTOP}:{PORT}/").status == 200
            foreign = {"Host": f"hall.example.evil.example:{PORT}"}
            assert here.phone().request(f"http://{LAPTOP}:{PORT}/", headers=foreign).status == 403

    def test_a_name_of_another_machine_is_refused(self, names: Path, tmp_path: Path) -> None:
        names.write_text(f"{PHONES[0]} elsewhere.example\n")
        with hosts(phones=1) as both:
            options = ("--hall", "elsewhere.example", *ONE_PORT, "--data-dir", str(tmp_path))
            line = refusal(both, *options, names=names)
        assert PHONES[0] in line
        assert LAPTOP in line
