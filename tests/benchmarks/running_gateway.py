"""A stub gateway in a process of its own, over HTTP or TLS, on another core than its clients."""

import datetime as dt
import ipaddress
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

_CORES = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else [0]
CLIENT, GATEWAY = 0, -1
"""Which of the cores is whose."""


def pin(pid: int, which: int) -> None:
    """Keeps client and gateway off each other's core, where the system can; 0 is this process."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(pid, {_CORES[which]})


@contextmanager
def running_gateway(latency_ms: int, certificate: Path | None) -> Iterator[int]:
    """Its port."""
    command = [sys.executable, str(Path(__file__).with_name("stub_gateway.py")), str(latency_ms)]
    if certificate is not None:
        command += [str(certificate), str(certificate)]
    with subprocess.Popen(  # noqa: S603 - this very interpreter
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        pin(process.pid, GATEWAY)
        yield int(process.stdout.readline())
        process.stdin.close()


def self_signed(folder: Path) -> Path:
    """A certificate for 127.0.0.1 and its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "loopback")])
    now = dt.datetime.now(dt.UTC)
    loopback = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(loopback, critical=False)
        .sign(key, hashes.SHA256())
    )
    pem, pkcs8 = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    path = folder / "certificate.pem"
    path.write_bytes(
        certificate.public_bytes(pem) + key.private_bytes(pem, pkcs8, serialization.NoEncryption())
    )
    return path
