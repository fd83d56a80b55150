"""What the gateway is started with, outside a hall and in one."""

from dataclasses import replace
from pathlib import Path

from infra.local.hall.certificate import Certificate
from infra.local.hall.place import HallPlace
from infra.local.stage.environment import Ports, stage_settings
from infra.local.stage.gateway_options import gateway_options
from tests.unit.infra.local.hall.machines import ULA, WIFI, hall_at

PORTS = Ports(http=8000, ws=8001, dynamodb=1, translate=2, functions=3)
SPEAKING = replace(PORTS, ws=8000, polly=4, sounds=5)
FUNCTIONS = ["--functions", "http://127.0.0.1:3"]


def options(ports: Ports, place: HallPlace | None = None) -> list[str]:
    return list(gateway_options(ports, stage_settings(ports, spoken={"en": "good"}), place))


def test_outside_a_hall_pages_and_sockets_have_a_port_each() -> None:
    expected = [*FUNCTIONS, "--port", "8001", "--http-port", "8000"]
    assert options(PORTS) == options(replace(PORTS, polly=4, sounds=5)) == expected


def test_where_somebody_else_serves_the_pages_there_are_sockets_alone() -> None:
    assert options(replace(PORTS, http=None)) == [*FUNCTIONS, "--port", "8001"]


def test_in_a_hall_one_port_serves_everything() -> None:
    assert options(SPEAKING, HallPlace(hall_at(WIFI), 8000)) == [
        *(*FUNCTIONS, "--port", "8000", "--http-port", "8000"),
        *("--hall", "192.168.1.7", "--hall-port", "8000"),
        *("--sounds", "http://127.0.0.1:5"),
    ]


def test_a_hall_without_a_voice_has_no_sounds() -> None:
    place = HallPlace(hall_at(ULA), 8000)
    assert options(replace(PORTS, ws=8000), place)[-4:] == [
        *("--hall", "fd00::7", "--hall-port", "8000")
    ]


def test_a_name_a_port_for_sockets_and_a_certificate_are_handed_on() -> None:
    made = Certificate(Path("/data/certificate.pem"), "AB:CD", is_given=False)
    place = HallPlace(hall_at(WIFI, "hall.local"), 8000, 8001, 8443, made)
    assert options(PORTS, place) == [
        *(*FUNCTIONS, "--port", "8001", "--http-port", "8000"),
        *("--hall", "192.168.1.7,hall.local", "--hall-port", "8000", "--hall-ws-port", "8001"),
        *("--tls-port", "8443", "--certificate", "/data/certificate.pem"),
    ]
