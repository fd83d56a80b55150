"""How many newcomers and guesses an address and a session have, and what that costs."""

import hashlib
import ipaddress
from dataclasses import replace

import pytest

from chalice_app.admission.limits import AdmissionLimits
from chalice_app.admission.rate_limits import Attempt, RateLimits
from chalice_app.admission.windows import HOUR_MS, MINUTE_MS
from chalice_app.domain.errors import RateLimited, Unavailable
from chalice_app.domain.session import Session
from tests.fakes.domain import NOW_MS, FakeClock, session
from tests.fakes.world import MemoryTables

ADDRESS, TOKEN = "203.0.113.7", "a-listener-s"
LIMITS = AdmissionLimits(newcomers_per_minute=20)
OPEN = session()
GUARDED = session(session_id="golden-eagle-428", join_code_hash="1" * 64)


class Door:
    """RateLimits over fakes; `containers` share the tables, as functions do.

    A visit answers 0 when it is let in, else the milliseconds to wait.
    """

    def __init__(self, limits: AdmissionLimits = LIMITS, containers: int = 1) -> None:
        self.tables = MemoryTables()
        self.clock = FakeClock(NOW_MS - NOW_MS % HOUR_MS)
        self.containers = [RateLimits(self.tables, self.clock, limits) for _ in range(containers)]

    def handshake(self, address: str = ADDRESS, of: Session = OPEN, at: int = 0) -> int:
        """A newcomer's, with the right code where there is one."""
        return self.settle(Attempt(of.session_id, address, of, True, is_joining=True), at)

    def guess(self, address: str = ADDRESS, of: Session = GUARDED, at: int = 0) -> int:
        """A wrong code."""
        return self.settle(Attempt(of.session_id, address, of, False, is_joining=True), at)

    def guess_name(self, number: int, address: str = ADDRESS, at: int = 0) -> int:
        """A name that no session has."""
        return self.settle(Attempt(f"golden-eagle-{number}", address, None, False), at)

    def look(self, address: str = ADDRESS, of: Session = OPEN, joining: bool = False) -> int:
        """At a session's state, with the right code where there is one."""
        return self.settle(Attempt(of.session_id, address, of, True, asks_to_join=joining))

    def settle(self, attempt: Attempt, at: int = 0) -> int:
        try:
            self.containers[at].settle(attempt)
        except RateLimited as refused:
            return int(str(refused.details["retryAfterMs"]))
        return 0

    def returns(self, token: str = TOKEN, asks: bool = False, address: str = ADDRESS) -> bool:
        try:
            self.containers[0].admit_proof(token, address, asks=asks)
        except RateLimited:
            return False
        return True

    def opens(self, address: str = ADDRESS, subject: str | None = None) -> bool:
        try:
            self.containers[0].admit_session(address, subject)
        except RateLimited:
            return False
        return True


# --- Newcomers -----------------------------------------------------------------------------------


def test_an_address_has_so_many_newcomers_a_minute_and_not_one_more() -> None:
    door = Door()
    assert [door.handshake() for _ in range(LIMITS.newcomers_per_minute)] == [0] * 20
    door.clock.advance(15_000)
    assert door.handshake() == 45_000
    door.clock.advance(44_999)
    assert door.handshake() == 1
    door.clock.advance(1)
    assert door.handshake() == 0


def test_a_hall_of_300_comes_in_at_once_and_a_thousand_too_by_default() -> None:
    door = Door(AdmissionLimits())
    assert not any(door.handshake() for _ in range(1_000))
    assert door.handshake() > 0


def test_a_session_has_so_many_newcomers_a_minute_from_wherever() -> None:
    door = Door(replace(LIMITS, session_newcomers_per_minute=30), containers=2)
    admitted = [
        door.handshake(f"198.51.100.{number}", OPEN, at=number % 2) == 0 for number in range(50)
    ]
    assert admitted == [True] * 30 + [False] * 20
    # Another session's newcomers are let in from the same addresses.
    assert door.handshake("198.51.100.1", GUARDED) == 0


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
    assert admitted == LIMITS.newcomers_per_minute
    assert door.handshake("2001:db8:0:2::1") == 0
    while door.handshake() == 0:
        pass
    assert door.handshake(f"::ffff:{ADDRESS}") > 0


@pytest.mark.parametrize("address", ["127.0.0.1", "::1", "::ffff:127.0.0.1", "10.1.2.3", ""])
def test_named_ranges_and_addresses_that_nobody_knows_have_no_limits(address: str) -> None:
    networks = map(ipaddress.ip_network, ("127.0.0.0/8", "::1/128", "10.0.0.0/8"))
    door = Door(replace(LIMITS, unlimited_addresses=tuple(networks)))
    assert not any(door.handshake(address) for _ in range(100))
    assert not any(door.guess(address) for _ in range(100))
    assert all(door.returns(address=address) for _ in range(100))
    assert all(door.opens(address) for _ in range(100))
    door.containers[0].note_good_standing(GUARDED, address)
    door.containers[0].refuse_remembered(address, is_joining=True)
    assert not door.tables.calls
    assert door.opens("8.8.8.8")
    assert door.tables.calls["count"] == 1


def test_a_limit_of_0_is_none() -> None:
    door = Door(AdmissionLimits(0, 0, 0, 0, 0, sessions_per_hour=0))
    assert not any(door.handshake() for _ in range(100))
    assert not any(door.guess() for _ in range(100))
    assert all(door.returns() for _ in range(100))
    assert all(door.opens() for _ in range(100))
    assert door.tables.calls["count"] == 0


def test_a_flood_costs_one_write_a_container_beyond_what_is_let_in() -> None:
    door = Door(containers=8)
    admitted = [door.handshake(at=n % 8) == 0 for n in range(2000)]
    assert sum(admitted) == LIMITS.newcomers_per_minute
    assert door.tables.calls["count"] <= 2 * LIMITS.newcomers_per_minute + 8
    assert set(door.tables.calls) == {"count"}
    before = door.tables.calls["count"]
    with pytest.raises(RateLimited) as refused:
        door.containers[0].refuse_remembered(ADDRESS, is_joining=True)
    assert refused.value.details == {"retryAfterMs": MINUTE_MS}
    door.containers[0].refuse_remembered(ADDRESS, is_joining=False)
    door.containers[0].refuse_remembered("203.0.113.8", is_joining=True)
    assert door.tables.calls["count"] == before


def test_a_flood_from_many_addresses_does_not_fill_the_memory() -> None:
    door = Door(AdmissionLimits(newcomers_per_minute=1, session_newcomers_per_minute=0))
    for _ in range(2):
        for number in range(3000):
            door.handshake(str(ipaddress.IPv4Address(number)))
            door.handshake(str(ipaddress.IPv4Address(number)))
        door.clock.advance(MINUTE_MS)
    assert len(door.containers[0]._windows._full) <= 4096


def test_as_many_refused_addresses_are_remembered_as_fit() -> None:
    door = Door(AdmissionLimits(newcomers_per_minute=1, session_newcomers_per_minute=0))
    for number in range(4096):
        door.handshake(str(ipaddress.IPv4Address(number)))
        door.handshake(str(ipaddress.IPv4Address(number)))
    assert len(door.containers[0]._windows._full) == 4096
    for _ in range(2):
        door.handshake("203.0.113.8")
    assert len(door.containers[0]._windows._full) == 1


def test_a_newcomer_costs_two_writes_and_no_read_and_who_returns_one() -> None:
    door = Door()
    door.handshake()
    assert dict(door.tables.calls) == {"count": 2}
    door.returns()
    assert dict(door.tables.calls) == {"count": 3}


# --- Guesses -------------------------------------------------------------------------------------


def test_an_address_has_ten_guesses_whatever_it_guesses() -> None:
    door = Door(containers=2)
    assert [door.guess_name(number, at=number % 2) for number in range(100, 109)] == [0] * 9
    assert door.guess() == 0
    assert door.guess() == door.guess_name(109, at=1) == MINUTE_MS
    assert door.guess("203.0.113.8") == 0


def test_what_comes_after_the_last_guess_is_refused_right_or_wrong() -> None:
    door = Door(containers=3)
    for number in range(10):
        assert door.guess_name(number + 100) == 0
    assert door.handshake(at=1) == MINUTE_MS
    assert door.handshake(of=GUARDED, at=2) == MINUTE_MS
    assert door.look() == MINUTE_MS
    assert door.guess(of=OPEN, at=1) == MINUTE_MS
    with pytest.raises(RateLimited):
        door.containers[0].refuse_remembered(ADDRESS, is_joining=False)
    door.clock.advance(MINUTE_MS)
    assert door.handshake() == 0


def test_a_forged_token_is_a_guess_and_its_bearer_a_newcomer() -> None:
    door = Door()
    forged = Attempt(OPEN.session_id, ADDRESS, OPEN, True, is_forged=True, is_joining=True)
    assert [door.settle(forged) for _ in range(11)] == [0] * 10 + [MINUTE_MS]


def test_a_hundred_addresses_have_ten_wrong_codes_of_a_session_together() -> None:
    door = Door(containers=4)
    answered = [
        door.guess(f"198.51.100.{number % 100}", GUARDED, at=number % 4) == 0
        for number in range(1000)
    ]
    assert sum(answered) == 10


def test_the_work_is_the_same_for_a_wrong_code_and_an_unknown_name() -> None:
    wrong, unknown = Door(), Door()
    for _ in range(12):
        assert wrong.guess() == unknown.guess_name(428)
        assert wrong.tables.calls == unknown.tables.calls


def test_strangers_who_spend_a_session_s_wrong_codes_do_not_lock_out_a_hall() -> None:
    door = Door(containers=3)
    door.containers[0].note_good_standing(GUARDED, ADDRESS)
    for number in range(20):
        door.guess(f"198.51.100.{number}")
    assert door.handshake("198.51.100.77", GUARDED) == MINUTE_MS
    for at in (0, 1, 1):
        assert door.handshake(ADDRESS, GUARDED, at=at) == 0
    assert door.look(ADDRESS, GUARDED) == 0
    # Only the container that had not seen it come in has looked the standing up, and once.
    assert door.tables.calls["get_counts"] == 10 + 1 + 1
    # In good standing the address's own allowance counts, and is spent in the end.
    assert [door.guess(at=2) for _ in range(11)] == [0] * 10 + [MINUTE_MS]
    assert door.handshake(ADDRESS, GUARDED, at=2) == MINUTE_MS


def test_right_and_wrong_do_the_same_work_where_the_session_s_allowance_is_spent() -> None:
    door = Door()
    for number in range(10):
        door.guess(f"198.51.100.{number}")
    calls, rows = [], []
    for at, attempt in enumerate((door.guess, door.handshake)):
        door.containers = [RateLimits(door.tables, door.clock, LIMITS)]
        door.tables.calls.clear()
        assert attempt(f"192.0.2.{at}", GUARDED) == MINUTE_MS
        calls.append(dict(door.tables.calls))
        rows.append(len(door.tables._counters))
    assert calls[0] == calls[1] == {"count": 1, "get_counts": 1}
    # What an address has left does not tell either which of the two it was.
    assert rows[0] == rows[1]


def test_standing_is_another_session_s_no_more_than_an_earlier_one_s_of_the_name() -> None:
    door = Door()
    door.containers[0].note_good_standing(GUARDED, ADDRESS)
    later = replace(GUARDED, created_at=GUARDED.created_at + 1)
    for number in range(10):
        door.guess(f"198.51.100.{number}")
    assert door.handshake(ADDRESS, later) == MINUTE_MS
    assert door.handshake(ADDRESS, GUARDED) == 0


def test_standing_is_noted_once_and_only_where_there_is_a_code() -> None:
    door = Door(containers=2)
    for at in (0, 0, 1):
        door.containers[at].note_good_standing(GUARDED, ADDRESS)
        door.containers[at].note_good_standing(OPEN, ADDRESS)
    assert dict(door.tables.calls) == {"count": 2}
    assert list(door.tables.expiries.values()) == [GUARDED.expires_at_seconds]
    door.tables.refusing.add("count")
    door.containers[0].note_good_standing(GUARDED, "203.0.113.8")


def test_as_many_addresses_in_good_standing_are_remembered_as_fit() -> None:
    door = Door()
    for number in range(4097):
        address = str(ipaddress.IPv4Address(number))
        door.containers[0].note_good_standing(GUARDED, address)
    assert len(door.containers[0]._standing) == 1


# --- Who returns, and who asks -------------------------------------------------------------------


def test_a_token_is_good_for_so_many_handshakes_a_minute() -> None:
    door = Door()
    assert [door.returns() for _ in range(22)] == [True] * 20 + [False] * 2
    assert not door.returns(asks=True)
    assert door.returns("another")
    assert door.returns("another", asks=True)
    door.clock.advance(MINUTE_MS)
    assert door.returns(asks=True)
    door.tables.refusing.add("count")
    assert door.returns("a third")


def test_who_returns_is_let_in_where_newcomers_and_guesses_are_not() -> None:
    door = Door()
    while door.handshake() == 0:
        pass
    while door.guess() == 0:
        pass
    assert door.returns()


def test_who_was_refused_may_ask_why_and_counts_for_nothing() -> None:
    door = Door(replace(LIMITS, session_newcomers_per_minute=30))
    for _ in range(30):
        assert door.look(joining=True) == 0
    for _ in range(20):
        door.handshake()
    assert door.look(joining=True) == MINUTE_MS
    assert door.look() == 0
    for number in range(10):
        assert door.look("203.0.113.8", joining=True) == 0
        door.handshake(f"198.51.100.{number}")
    assert door.look("203.0.113.8", joining=True) == MINUTE_MS


def test_looks_are_limited_at_ten_times_the_newcomers() -> None:
    door = Door()
    looks = 10 * LIMITS.newcomers_per_minute
    assert [door.look() for _ in range(looks + 2)] == [0] * looks + [MINUTE_MS] * 2
    with pytest.raises(RateLimited):
        door.containers[0].refuse_remembered(ADDRESS, is_joining=False)
    assert door.handshake() == 0


def test_rows_name_no_address_no_token_and_expire() -> None:
    door = Door()
    door.handshake()
    door.returns("a-token")
    door.opens(subject="https://issuer.example|ana")
    assert len(door.tables.expiries) == 4
    now = door.clock.now_ms() // 1000
    for key, expires_at in door.tables.expiries.items():
        assert key.startswith("limit#")
        assert "203" not in key.split("#")[1]
        assert ADDRESS not in key
        assert "ana" not in key
        assert "a-token" not in key
        assert now < expires_at <= now + 3600 + 120


def test_any_text_may_be_a_name_or_a_token() -> None:
    door = Door()
    assert door.returns("\ud800")
    assert door.settle(Attempt("\ud800" * 9, ADDRESS, None, False)) == 0


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


# --- Owners --------------------------------------------------------------------------------------


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


def test_rows_are_counted_under_keys_that_every_function_knows() -> None:
    # Functions of an older version count in the same rows while a newer one is deployed.
    door = Door()
    number = door.clock.now_ms() // MINUTE_MS

    def digest(text: str) -> str:
        return hashlib.sha256(text.encode()).hexdigest()[:32]

    door.handshake()
    door.guess()
    door.returns("a-token")
    door.opens(subject="ana")
    door.containers[0].note_good_standing(GUARDED, ADDRESS)
    standing = f"{GUARDED.session_id}#{GUARDED.created_at}#{ADDRESS}"
    assert door.tables._counters == {
        f"limit#address#{digest(f'{ADDRESS}#{number}')}": {"newcomers": 2, "guesses": 1},
        f"limit#session#{digest(f'{OPEN.session_id}#{number}')}": {"newcomers": 1},
        f"limit#session#{digest(f'{GUARDED.session_id}#{number}')}": {"wrongCodes": 1},
        f"limit#proof#{digest(f'a-token#{number}')}": {"handshakes": 1},
        f"limit#owner#{digest(f'subject ana#{number // 60}')}": {"opened": 1},
        f"standing#{digest(standing)}": {"admitted": 1},
    }


def test_a_row_outlives_its_window_by_a_minute() -> None:
    door = Door()
    door.clock.advance(20_000)
    door.handshake()
    assert set(door.tables.expiries.values()) == {door.clock.now_ms() // 1000 + 40 + 60}
