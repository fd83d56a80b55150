"""What a hall's address makes of its origins."""

from pathlib import Path

import pytest

from infra.local.hall.certificate import Certificate
from infra.local.hall.place import HallPlace, origin
from tests.unit.infra.local.hall.machines import ULA, WIFI, hall_at

MADE = Certificate(Path("certificate.pem"), "AB:CD", is_given=False)
GIVEN = Certificate(Path("hall.pem"), "AB:CD", is_given=True)


def test_a_hall_without_a_certificate_has_one_origin() -> None:
    place = HallPlace(hall_at(WIFI), 8000)
    assert place.origins == ["http://192.168.1.7:8000"]
    assert place.listeners_url == "http://192.168.1.7:8000"
    assert place.ws_url == "ws://192.168.1.7:8000"
    assert place.speaker_url == "http://127.0.0.1:8000"
    assert place.tls_url == ""


def test_sockets_may_have_a_port_of_their_own() -> None:
    assert HallPlace(hall_at(WIFI), 8000, 8001).ws_url == "ws://192.168.1.7:8001"


def test_listeners_are_led_past_a_certificate_that_browsers_warn_of() -> None:
    place = HallPlace(hall_at(ULA), 8000, None, 8443, MADE)
    assert place.listeners_url == "http://[fd00::7]:8000"
    assert place.origins == ["http://[fd00::7]:8000", "https://[fd00::7]:8443"]


def test_listeners_are_led_to_a_certificate_that_browsers_know() -> None:
    place = HallPlace(hall_at(WIFI, "hall.local"), 8000, None, 8443, GIVEN)
    assert place.listeners_url == "https://hall.local:8443"
    assert place.origins == [
        "http://hall.local:8000",
        "https://hall.local:8443",
        "http://192.168.1.7:8000",
        "https://192.168.1.7:8443",
    ]


@pytest.mark.parametrize(
    ("scheme", "port", "text"),
    [
        ("http", 80, "http://h"),
        ("https", 443, "https://h"),
        ("ws", 80, "ws://h"),
        ("https", 80, "https://h:80"),
        ("http", 443, "http://h:443"),
    ],
)
def test_an_origin_has_no_usual_port_as_browsers_send_it(scheme: str, port: int, text: str) -> None:
    assert origin(scheme, "h", port) == text
