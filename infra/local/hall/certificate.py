"""The certificate of the hall's TLS door: the user's own, or one made on the spot.

A browser lends the microphone to pages of this very machine, and to pages with TLS. So a speaker
at another device needs a certificate. Listeners need none.
"""

from __future__ import annotations

import os
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from infra.local.hall.addresses import HallAddress
from infra.local.hall.errors import HallError

OWN_FILE: Final = "certificate.pem"
_LIFE: Final = timedelta(days=366)
"""Before and after the day it is made: a laptop without internet may have a wrong clock, and so may
a phone. iOS takes no certificate that lives for more than 825 days."""
_LEFT: Final = timedelta(days=2)


@dataclass(frozen=True, slots=True)
class Certificate:
    """A PEM file with a key and its certificate."""

    file: Path
    fingerprint: str
    """SHA-256, as browsers show it."""
    is_given: bool
    """The user's own, which browsers know; else they warn of it."""


def given_certificate(file: Path, address: HallAddress, now: datetime) -> Certificate:
    """The user's certificate, checked as far as browsers will.

    Raises:
        HallError: the gateway cannot use it, or browsers would warn of it.
    """
    _require_pair(file)
    try:
        found = x509.load_pem_x509_certificates(file.read_bytes())[0]
    except ValueError as error:
        message = f"the certificate in {file} cannot be read: {error}"
        raise HallError(message) from error
    if now >= found.not_valid_after_utc:
        message = f"the certificate in {file} expired on {found.not_valid_after_utc:%Y-%m-%d}"
        raise HallError(message)
    if now < found.not_valid_before_utc:
        message = (
            f"the certificate in {file} is valid from {found.not_valid_before_utc:%Y-%m-%d} on; "
            f"this machine's clock says {now:%Y-%m-%d}"
        )
        raise HallError(message)
    if not _covers(found, address.host):
        names = ", ".join(_names(found)) or "no name"
        message = (
            f"the certificate in {file} is for {names} and not for {address.host}: give the name "
            "that it is for, make hall ADDRESS=NAME"
        )
        raise HallError(message)
    return Certificate(file, _fingerprint(found), is_given=True)


def own_certificate(directory: Path, address: HallAddress, now: datetime) -> Certificate:
    """The one that was made for this address before, or a new one.

    It stays while it can, so that a speaker's browser warns once.

    Raises:
        HallError: the directory cannot be written.
    """
    file = directory / OWN_FILE
    kept = _kept(file)
    if kept is None or not _covers(kept, address.host) or kept.not_valid_after_utc < now + _LEFT:
        kept = _make(file, address.hosts, now)
    return Certificate(file, _fingerprint(kept), is_given=False)


def _require_pair(file: Path) -> None:
    """Check that OpenSSL takes it: a certificate, and the key that belongs to it."""
    try:
        text = file.read_bytes()
    except OSError as error:
        message = f"the certificate {file} cannot be read: {error.strerror}"
        raise HallError(message) from error
    if b"-----BEGIN CERTIFICATE-----" not in text:
        message = f"{file} has no certificate: it must be a PEM file with the key and the chain"
        raise HallError(message)
    if b"PRIVATE KEY-----" not in text:
        message = f"{file} has no private key: it must be a PEM file with the key and the chain"
        raise HallError(message)
    try:
        # A password would be asked for at the terminal, at each restart of the gateway.
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(file, password=_no_password)
    except _PasswordWantedError as error:
        message = f"the key in {file} has a password: give the file with the bare key"
        raise HallError(message) from error
    except (ssl.SSLError, ValueError) as error:
        reason = getattr(error, "reason", "") or error
        message = f"key and certificate in {file} do not fit together: {reason}"
        raise HallError(message) from error


class _PasswordWantedError(Exception):
    """The key is encrypted."""


def _no_password() -> str:
    raise _PasswordWantedError


def _kept(file: Path) -> x509.Certificate | None:
    """What an earlier run has made; None where there is nothing that works."""
    try:
        _require_pair(file)
        return x509.load_pem_x509_certificates(file.read_bytes())[0]
    except (HallError, ValueError):
        return None


def _make(file: Path, hosts: Sequence[str], now: datetime) -> x509.Certificate:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "a hall on this laptop")])
    names = [_general_name(host) for host in (*hosts, "localhost")]
    usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _LIFE)
        .not_valid_after(now + _LIFE)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(usage, critical=False)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    _write(file, private + made.public_bytes(serialization.Encoding.PEM))
    return made


def _write(file: Path, text: bytes) -> None:
    """For this user's eyes alone, and never half: the gateway may read it at any time."""
    new = file.with_suffix(".new")
    try:
        new.unlink(missing_ok=True)
        with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as opened:
            opened.write(text)
        new.replace(file)
    except OSError as error:
        message = f"the certificate cannot be kept in {file}: {error.strerror}"
        raise HallError(message) from error


def _general_name(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(host.strip("[]")))
    except ValueError:
        return x509.DNSName(host)


def _covers(certificate: x509.Certificate, host: str) -> bool:
    """Whether browsers take it for that host; a wildcard stands for one label."""
    _, _, domain = host.partition(".")
    return bool({host.strip("[]"), f"*.{domain}"} & set(_names(certificate)))


def _names(certificate: x509.Certificate) -> Sequence[str]:
    """What it is for: browsers look at no other field."""
    try:
        found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return []
    addresses = [str(ip) for ip in found.get_values_for_type(x509.IPAddress)]
    return [*(name.lower() for name in found.get_values_for_type(x509.DNSName)), *addresses]


def _fingerprint(certificate: x509.Certificate) -> str:
    return certificate.fingerprint(hashes.SHA256()).hex(":").upper()


def utc_now() -> datetime:
    """The time that certificates are checked by."""
    return datetime.now(UTC)
