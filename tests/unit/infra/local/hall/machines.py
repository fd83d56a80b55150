"""Machines to open halls on, by what their interfaces have."""

from ipaddress import ip_address

from infra.local.hall.addresses import HallAddress, IpAddress, MachineAddress


def address(
    ip: str, interface: str = "wlan0", *, hardware: bool = True, running: bool = True
) -> MachineAddress:
    return MachineAddress(ip_address(ip), interface, hardware, running)


LOOPBACK = [
    address("127.0.0.1", "lo", hardware=False),
    address("::1", "lo", hardware=False),
]
WIFI = address("192.168.1.7")
WIFI_MOVED = address("192.168.1.23")
CABLE = address("10.0.0.5", "eth0")
ULA = address("fd00::7")
LINK_LOCAL = [address("169.254.3.4"), address("fe80::7")]
DOCKER = address("172.17.0.1", "docker0", hardware=False)
VETH = address("10.77.0.1", "hall0", hardware=False)


class Names:
    """A name server that can be told to forget."""

    def __init__(self, **names: tuple[str, ...]) -> None:
        self.names = {name.replace("_", "."): found for name, found in names.items()}

    def __call__(self, name: str) -> tuple[IpAddress, ...]:
        return tuple(map(ip_address, self.names.get(name, ())))


NOBODY = Names()


def hall_at(at: MachineAddress, name: str = "", *, asked_for: bool = False) -> HallAddress:
    return HallAddress(at, name, is_asked_for=asked_for or bool(name))
