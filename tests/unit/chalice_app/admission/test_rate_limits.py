"""How often an address may knock and an owner may open, and what that costs."""

import hashlib
import ipaddress
from dataclasses import replace

import pytest

from chalice_app.admission.limits import AdmissionLimits
from chalice_app.admission.rate_limits import HOUR_MS, MINUTE_MS, RateLimits
from chalice_app.domain.errors import RateLimited, Unavailable
from tests.fakes.domain import NOW_MS, FakeClock
from tests.fakes.world import MemoryTables

ADDRESS = "203.0.113.7"
LIMITS = AdmissionLimits()


class Door:
    """AdmissionLimits over fakes; `containers` share the tables, as functions do."""

    def __init__(self, limits: AdmissionLimits = LIMITS, containers: int = 1) -> None:
        self.tables = MemoryTables()
        self.clock = FakeClock(NOW_MS - NOW_MS % HOUR_MS)
        self.containers = [RateLimits(self.tables, self.clock, limits) for _ in range(containers)]

    def handshake(self, address: str = ADDRESS, listener: bool = True, at: int = 0) -> int:
        """0 when it is let in, else the milliseconds to wait."""
        try:
            self.containers[at].admit_handshake(address, listener)
        except RateLimited as refused:
            return int(str(refused.details["retryAfterMs"]))
        return 0

    def opens(self, address: str = ADDRESS, subject: str | None = None) -> bool:
        try:
            self.containers[0].admit_session(address, subject)
        except RateLimited:
            return False
        return True


def test_an_address_joins_so_often_a_minute_and_not_once_more() -> None:
    door = Door()
    assert [door.handshake() for _ in range(LIMITS.joins_per_minute)] == [0] * 10
    door.clock.advance(15_000)
    assert door.handshake() == 45_000
    door.clock.advance(44_999)
    assert door.handshake() == 1
    door.clock.advance(1)
    assert door.handshake() == 0


def test_an_address_connects_so_often_a_minute_whatever_for() -> None:
    door = Door()
    for _ in range(LIMITS.joins_per_minute):
        assert door.handshake() == 0
    assert door.handshake() > 0
    # The speaker behind the same address is not refused for its listeners' sake.
    for _ in range(LIMITS.connects_per_minute - LIMITS.joins_per_minute):
        assert door.handshake(listener=False) == 0
    assert door.handshake(listener=False) > 0


def test_an_address_does_not_pay_for_another() -> None:
    door = Door()
    while door.handshake() == 0:
        pass
    assert door.handshake("203.0.113.8") == 0
    assert door.handshake("2001:db8::1") == 0


def test_a_subscriber_s_many_addresses_are_one() -> None:
    door = Door()
    network = ipaddress.ip_network("2001:db8:0:1::/64")
    admitted = sum(door.handshake(str(network[n * 2**40])) == 0 for n in range(50))
    assert admitted == LIMITS.joins_per_minute
    assert door.handshake("2001:db8:0:2::1") == 0
    while door.handshake() == 0:
        pass
    assert door.handshake(f"::ffff:{ADDRESS}") > 0


@pytest.mark.parametrize("address", ["127.0.0.1", "::1", "::ffff:127.0.0.1", "10.1.2.3", ""])
def test_named_ranges_and_addresses_that_nobody_knows_have_no_limits(address: str) -> None:
    networks = map(ipaddress.ip_network, ("127.0.0.0/8", "::1/128", "10.0.0.0/8"))
    door = Door(replace(LIMITS, unlimited_addresses=tuple(networks)))
    assert not any(door.handshake(address) for _ in range(100))
    assert all(door.opens(address) for _ in range(100))
    assert door.tables.calls["count"] == 0
    assert door.opens("8.8.8.8")
    assert door.tables.calls["count"] == 1


def test_a_limit_of_0_is_none() -> None:
    door = Door(AdmissionLimits(connects_per_minute=0, joins_per_minute=0, sessions_per_hour=0))
    assert not any(door.handshake() for _ in range(100))
    assert all(door.opens() for _ in range(100))
    assert door.tables.calls["count"] == 0


def test_a_flood_costs_one_write_a_container_beyond_what_is_let_in() -> None:
    door = Door(containers=8)
    admitted = [door.handshake(at=n % 8) == 0 for n in range(2000)]
    assert sum(admitted) == LIMITS.joins_per_minute
    assert door.tables.calls["count"] <= LIMITS.joins_per_minute + 8
    assert set(door.tables.calls) == {"count"}


def test_a_flood_from_many_addresses_does_not_fill_the_memory() -> None:
    door = Door(AdmissionLimits(joins_per_minute=1))
    for number in range(3000):
        assert door.handshake(str(ipaddress.IPv4Address(number))) == 0
        assert door.handshake(str(ipaddress.IPv4Address(number))) > 0
    door.clock.advance(MINUTE_MS)
    for number in range(3000):
        door.handshake(str(ipaddress.IPv4Address(number)))
        door.handshake(str(ipaddress.IPv4Address(number)))
    assert len(door.containers[0]._over) <= 4096


def test_a_join_costs_one_write_and_no_read() -> None:
    door = Door()
    door.handshake()
    assert dict(door.tables.calls) == {"count": 1}


def test_rows_name_no_address_and_expire() -> None:
    door = Door()
    door.handshake()
    door.opens(subject="https://issuer.example|ana")
    assert len(door.tables.expiries) == 2
    now = door.clock.now_ms() // 1000
    for key, expires_at in door.tables.expiries.items():
        assert key.startswith("limit#")
        assert "203" not in key.split("#")[1]
        assert ADDRESS not in key
        assert "ana" not in key
        assert now < expires_at <= now + 3600 + 120


def test_when_the_counters_fail_people_are_let_in_with_a_warning(
    caplog: pytest.LogCaptureFixture,
) -> None:
    door = Door()
    door.tables.refusing.add("count")
    assert not any(door.handshake() for _ in range(100))
    assert "cannot be looked up" in caplog.text
    assert ADDRESS not in caplog.text
    door.tables.refusing.clear()
    assert door.handshake() == 0


def test_when_the_counters_fail_no_session_is_opened() -> None:
    door = Door()
    door.tables.refusing.add("count")
    with pytest.raises(Unavailable, match="the session is not opened"):
        door.opens()


def test_an_address_opens_so_many_sessions_an_hour() -> None:
    door = Door()
    assert sum(door.opens() for _ in range(100)) == LIMITS.sessions_per_hour
    assert door.opens("203.0.113.8")
    door.clock.advance(HOUR_MS - 1)
    assert not door.opens()
    door.clock.advance(1)
    assert door.opens()


def test_a_verified_owner_is_counted_wherever_it_comes_from() -> None:
    loopback = ipaddress.ip_network("127.0.0.0/8")
    door = Door(replace(LIMITS, unlimited_addresses=(loopback,)))
    opened = [door.opens(f"127.0.0.{n}", subject="ana") for n in range(100)]
    assert sum(opened) == LIMITS.sessions_per_hour
    assert door.opens("127.0.0.1", subject="ben")
    assert door.opens("127.0.0.1")


def test_guesses_of_a_code_are_limited_apart_from_joins() -> None:
    door = Door()
    while door.handshake() == 0:
        pass
    for _ in range(LIMITS.joins_per_minute):
        door.containers[0].admit_guess(ADDRESS)
    with pytest.raises(RateLimited):
        door.containers[0].admit_guess(ADDRESS)
    door.tables.refusing.add("count")
    door.containers[0].admit_guess("203.0.113.8")


def test_whoever_was_refused_may_ask_why() -> None:
    door = Door(containers=2)
    door.containers[1].check_join(ADDRESS)
    while door.handshake() == 0:
        pass
    for _ in range(3):
        with pytest.raises(RateLimited):
            door.containers[1].check_join(ADDRESS)
    door.containers[1].check_join("203.0.113.8")
    door.tables.refusing.add("get_counts")
    door.containers[1].check_join(ADDRESS)


def test_where_there_is_no_limit_nobody_is_over_it() -> None:
    door = Door(AdmissionLimits(connects_per_minute=0, joins_per_minute=0))
    door.containers[0].check_join(ADDRESS)


def test_who_has_used_up_the_limit_is_over_it() -> None:
    door = Door()
    for _ in range(LIMITS.joins_per_minute - 1):
        door.handshake()
    door.containers[0].check_join(ADDRESS)
    door.handshake()
    with pytest.raises(RateLimited):
        door.containers[0].check_join(ADDRESS)


def test_rows_are_counted_under_keys_that_every_function_knows() -> None:
    # Functions of an older version count in the same rows while a newer one is deployed.
    door = Door()
    number = door.clock.now_ms() // MINUTE_MS
    digest = hashlib.sha256(f"{ADDRESS}#{number}".encode()).hexdigest()[:32]
    door.handshake()
    assert door.tables._counters == {f"limit#address#{digest}": {"connects": 1, "joins": 1}}
    door.opens(subject="ana")
    hour = hashlib.sha256(f"subject ana#{number // 60}".encode()).hexdigest()[:32]
    assert door.tables._counters[f"limit#owner#{hour}"] == {"opened": 1}
    door.containers[0].admit_guess(ADDRESS)
    assert door.tables._counters[f"limit#address#{digest}"]["guesses"] == 1


def test_a_row_outlives_its_window_by_a_minute() -> None:
    door = Door()
    door.clock.advance(20_000)
    door.handshake()
    assert list(door.tables.expiries.values()) == [door.clock.now_ms() // 1000 + 40 + 60]


def test_as_many_refused_addresses_are_remembered_as_fit() -> None:
    door = Door(AdmissionLimits(joins_per_minute=1))
    for number in range(4096):
        door.handshake(str(ipaddress.IPv4Address(number)))
        door.handshake(str(ipaddress.IPv4Address(number)))
    assert len(door.containers[0]._over) == 4096
    for _ in range(2):
        door.handshake("203.0.113.8")
    assert len(door.containers[0]._over) == 1
