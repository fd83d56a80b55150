"""The certificate: the user's own, checked as browsers will, or one made on the spot."""

import ssl
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from infra.local.hall.certificate import OWN_FILE, given_certificate, own_certificate, utc_now
from infra.local.hall.errors import HallError
from tests.unit.infra.local.hall.machines import ULA, WIFI, hall_at

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
HALL = hall_at(WIFI, "hall.local")


@pytest.fixture
def pem(tmp_path: Path) -> Path:
    """A certificate for the hall and its key, as a user may have one."""
    return own_certificate(tmp_path, HALL, NOW).file


def parts(pem: Path) -> tuple[bytes, bytes]:
    """The key and the certificate."""
    key, begin, rest = pem.read_bytes().partition(b"-----BEGIN CERTIFICATE-----")
    return key, begin + rest


def test_a_certificate_of_the_users_own_is_taken(pem: Path) -> None:
    taken = given_certificate(pem, HALL, NOW)
    assert taken.is_given
    assert taken.file == pem


def test_the_order_of_key_and_certificate_does_not_matter(pem: Path) -> None:
    key, certificate = parts(pem)
    pem.write_bytes(b"a bag's attributes\n" + certificate + key)
    assert given_certificate(pem, HALL, NOW).is_given


def test_a_file_that_is_missing_or_a_folder_is_said(tmp_path: Path) -> None:
    with pytest.raises(HallError, match="cannot be read: No such file or directory"):
        given_certificate(tmp_path / "missing.pem", HALL, NOW)
    with pytest.raises(HallError, match="cannot be read: Is a directory"):
        given_certificate(tmp_path, HALL, NOW)


@pytest.mark.parametrize("text", [b"", b"hello", b"\x30\x82\xff\x00" * 100])
def test_what_is_no_pem_file_is_said(text: bytes, tmp_path: Path) -> None:
    (tmp_path / "x.pem").write_bytes(text)
    with pytest.raises(
        HallError, match=r"x\.pem has no certificate: it must be a PEM file with the"
    ):
        given_certificate(tmp_path / "x.pem", HALL, NOW)


def test_a_certificate_without_its_key_is_said(pem: Path) -> None:
    pem.write_bytes(parts(pem)[1])
    with pytest.raises(HallError, match="has no private key: it must be a PEM file with the key"):
        given_certificate(pem, HALL, NOW)


def test_the_key_of_another_certificate_is_said(pem: Path, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    other, _ = parts(own_certificate(tmp_path / "other", HALL, NOW).file)
    pem.write_bytes(other + parts(pem)[1])
    with pytest.raises(
        HallError, match=r"key and certificate in .* do not fit together: KEY_VALUE"
    ):
        given_certificate(pem, HALL, NOW)


def test_a_broken_certificate_is_said(pem: Path) -> None:
    key, _ = parts(pem)
    pem.write_bytes(key + b"-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n")
    with pytest.raises(HallError, match="do not fit together"):
        given_certificate(pem, HALL, NOW)


def test_a_key_with_a_password_is_said_and_nobody_is_asked_for_it(pem: Path) -> None:
    encrypted = ec.generate_private_key(ec.SECP256R1()).private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(b"secret"),
    )
    pem.write_bytes(encrypted + parts(pem)[1])
    with pytest.raises(HallError, match="has a password: give the file with the bare key"):
        given_certificate(pem, HALL, NOW)


@pytest.mark.parametrize(
    ("days", "message"),
    [
        (+400, r"expired on 2027-06-02"),
        (-400, r"valid from 2025-05-31 on; this machine's clock says 2025-04-27"),
    ],
)
def test_a_certificate_out_of_its_time_is_said(days: int, message: str, pem: Path) -> None:
    with pytest.raises(HallError, match=message):
        given_certificate(pem, HALL, NOW + timedelta(days=days))


def test_a_certificate_for_another_host_is_said_with_its_names(pem: Path) -> None:
    with pytest.raises(HallError) as refused:
        given_certificate(pem, hall_at(ULA), NOW)
    assert str(refused.value) == (
        f"the certificate in {pem} is for hall.local, localhost, 192.168.1.7 and not for "
        "[fd00::7]: give the name that it is for, make hall ADDRESS=NAME"
    )


def test_a_wildcard_stands_for_one_label(tmp_path: Path) -> None:
    pem = own_certificate(tmp_path, hall_at(WIFI, "*.example.org"), NOW).file
    assert given_certificate(pem, hall_at(WIFI, "hall.example.org"), NOW).is_given
    for name in ("example.org", "a.hall.example.org"):
        with pytest.raises(HallError, match="and not for"):
            given_certificate(pem, hall_at(WIFI, name), NOW)


def test_one_is_made_for_every_name_of_the_hall(tmp_path: Path) -> None:
    made = own_certificate(tmp_path, HALL, NOW)
    assert not made.is_given
    assert stat.S_IMODE(made.file.stat().st_mode) == 0o600
    ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(made.file)
    certificate = x509.load_pem_x509_certificate(parts(made.file)[1])
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["hall.local", "localhost"]
    assert names.get_values_for_type(x509.IPAddress) == [WIFI.ip]
    life = certificate.not_valid_after_utc - certificate.not_valid_before_utc
    assert life < timedelta(days=825)  # what iOS takes
    assert certificate.not_valid_before_utc < NOW - timedelta(days=300)  # a phone's clock is wrong
    assert made.fingerprint.count(":") == 31


def test_it_stays_over_a_restart_so_that_browsers_warn_once(tmp_path: Path) -> None:
    made = own_certificate(tmp_path, HALL, NOW)
    assert own_certificate(tmp_path, HALL, NOW + timedelta(days=300)) == made


@pytest.mark.parametrize("change", ["another address", "soon over", "broken"])
def test_another_is_made_where_it_would_not_do(change: str, tmp_path: Path) -> None:
    made = own_certificate(tmp_path, HALL, NOW)
    if change == "broken":
        made.file.write_text("half of i")
    again = own_certificate(
        tmp_path,
        hall_at(ULA) if change == "another address" else HALL,
        NOW + timedelta(days=365 if change == "soon over" else 0),
    )
    assert again.fingerprint != made.fingerprint


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / OWN_FILE).with_suffix(".new").mkdir()
    with pytest.raises(HallError, match=r"the certificate cannot be kept in .*certificate\.pem"):
        own_certificate(tmp_path, HALL, NOW)


def test_the_time_has_its_zone() -> None:
    assert utc_now().tzinfo is UTC
