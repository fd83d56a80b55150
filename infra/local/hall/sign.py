"""What the terminal says of a hall: where it is, in words and as a QR code."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from infra.local.hall.place import HallPlace
from infra.local.hall.qr import terminal_qr

_AT_ANOTHER_DEVICE: Final = "Speak at another device: {}"


def opening_sign(place: HallPlace) -> Sequence[str]:
    """The lines below the ready line."""
    return [
        "",
        *terminal_qr(f"{place.listeners_url}/"),
        f"Phones find this hall at {place.listeners_url}",
        "  Try it with one phone. Listeners scan the code on the speaker's page: it has the talk.",
        f"Speak at this laptop:    {place.speaker_url}",
        *_other_devices(place),
    ]


def moved_sign(place: HallPlace, before: HallPlace) -> Sequence[str]:
    """The lines after a change of address."""
    return [
        "",
        *terminal_qr(f"{place.listeners_url}/"),
        f"This laptop has another address now: {place.address.at}, before {before.address.at}",
        *_phones_after_move(place, before),
        *_other_devices(place),
    ]


def _phones_after_move(place: HallPlace, before: HallPlace) -> Sequence[str]:
    if place.listeners_url == before.listeners_url:
        return [f"Phones find this hall at {place.listeners_url} as before, and come back."]
    return [
        f"Phones find this hall at {place.listeners_url}",
        "  Phones that know another one must scan again; the speaker's page shows the new code.",
    ]


def _other_devices(place: HallPlace) -> Sequence[str]:
    """How to speak at another device, whose browser lends the microphone to pages with TLS only."""
    if place.certificate is None:
        return ["Speak at another device: only with --certificate, for its microphone"]
    if place.certificate.is_given:
        return [_AT_ANOTHER_DEVICE.format(place.tls_url)]
    return [
        _AT_ANOTHER_DEVICE.format(place.tls_url),
        "  Its browser will warn: this laptop made the certificate, and no authority knows it.",
        "  Look at the certificate there, and go on if its SHA-256 fingerprint is",
        f"  {place.certificate.fingerprint}",
    ]
