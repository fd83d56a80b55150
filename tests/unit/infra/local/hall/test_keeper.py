"""A hall that is open: what it says, where it goes."""

import logging
from collections.abc import Sequence
from pathlib import Path

import pytest

from infra.local.hall.addresses import MachineAddress
from infra.local.hall.certificate import own_certificate, utc_now
from infra.local.hall.following import Following
from infra.local.hall.keeper import CertificateSource, HallKeeper
from infra.local.hall.place import HallPlace
from tests.unit.infra.local.hall.machines import WIFI, WIFI_MOVED, Names, hall_at


class Room:
    """A keeper, the machine's addresses, and what was said."""

    def __init__(
        self, folder: Path, name: str = "", *, tls: bool = False, given: Path | None = None
    ) -> None:
        self.addresses: Sequence[MachineAddress] = [WIFI]
        self.names = Names(hall_local=("192.168.1.23",))
        self.said: list[str] = []
        source = CertificateSource(folder, given)
        hall = hall_at(WIFI, name)
        place = HallPlace(
            hall,
            8000,
            tls_port=8443 if tls else None,
            certificate=source.certificate(hall) if tls else None,
        )
        following = Following(hall, lambda: self.addresses, self.names)
        self.keeper = HallKeeper(place, following, source, self.said.append)

    def words(self) -> list[str]:
        """What was said last, without the code."""
        return [line for line in self.said[-1].splitlines() if line and "\x1b" not in line]


def test_the_sign_says_who_goes_where(tmp_path: Path) -> None:
    room = Room(tmp_path)
    room.keeper.announce()
    assert room.words() == [
        "Phones find this hall at http://192.168.1.7:8000",
        "  Try it with one phone. Listeners scan the code on the speaker's page: it has the talk.",
        "Speak at this laptop:    http://127.0.0.1:8000",
        "Speak at another device: only with --certificate, for its microphone",
    ]
    assert "\x1b" in room.said[0]


def test_a_certificate_made_on_the_spot_is_said_with_what_people_will_see(tmp_path: Path) -> None:
    room = Room(tmp_path, tls=True)
    room.keeper.announce()
    certificate = room.keeper.place.certificate
    assert certificate is not None
    assert room.words()[0] == "Phones find this hall at http://192.168.1.7:8000"
    assert room.words()[3:] == [
        "Speak at another device: https://192.168.1.7:8443",
        "  Its browser will warn: this laptop made the certificate, and no authority knows it.",
        "  Look at the certificate there, and go on if its SHA-256 fingerprint is",
        f"  {certificate.fingerprint}",
    ]


def test_a_certificate_of_the_users_own_is_for_listeners_too(tmp_path: Path) -> None:
    pem = own_certificate(tmp_path, hall_at(WIFI, "hall.local"), utc_now()).file
    room = Room(tmp_path, "hall.local", tls=True, given=pem)
    room.keeper.announce()
    assert room.words()[0] == "Phones find this hall at https://hall.local:8443"
    assert room.words()[-1] == "Speak at another device: https://hall.local:8443"


def test_the_hall_stays_while_its_address_does(tmp_path: Path) -> None:
    assert Room(tmp_path).keeper.look() is None


def test_a_new_address_is_a_new_place_with_a_new_sign(tmp_path: Path) -> None:
    room = Room(tmp_path)
    room.addresses = [WIFI_MOVED]
    assert room.keeper.look() == HallPlace(hall_at(WIFI_MOVED), 8000)
    room.keeper.announce()
    assert room.words()[:3] == [
        "This laptop has another address now: 192.168.1.23 (wlan0), before 192.168.1.7 (wlan0)",
        "Phones find this hall at http://192.168.1.23:8000",
        "  Phones that know another one must scan again; the speaker's page shows the new code.",
    ]
    assert room.keeper.look() is None


def test_phones_that_know_a_name_come_back_by_themselves(tmp_path: Path) -> None:
    room = Room(tmp_path, "hall.local")
    room.addresses = [WIFI_MOVED]
    room.keeper.look()
    room.keeper.announce()
    assert room.words()[1] == (
        "Phones find this hall at http://hall.local:8000 as before, and come back."
    )


def test_a_new_address_gets_a_certificate_of_its_own(tmp_path: Path) -> None:
    room = Room(tmp_path, tls=True)
    before = room.keeper.place.certificate
    room.addresses = [WIFI_MOVED]
    place = room.keeper.look()
    assert place is not None
    assert place.certificate is not None
    assert place.certificate != before
    assert place.tls_url == "https://192.168.1.23:8443"


def test_a_talk_goes_on_where_its_certificate_does_not_fit_any_more(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    pem = own_certificate(tmp_path, hall_at(WIFI), utc_now()).file
    room = Room(tmp_path, tls=True, given=pem)
    room.addresses = [WIFI_MOVED]
    place = room.keeper.look()
    assert place is not None
    assert place.certificate == room.keeper.place.certificate
    assert caplog.messages[-1].startswith("browsers will warn of the certificate: the certificate")
