"""Keeps a hall where phones find it: makes its place, follows its address, and says so."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from infra.local.hall.addresses import HallAddress
from infra.local.hall.certificate import Certificate, given_certificate, own_certificate, utc_now
from infra.local.hall.errors import HallError
from infra.local.hall.following import Following
from infra.local.hall.place import HallPlace
from infra.local.hall.sign import moved_sign, opening_sign

LOGGER = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class CertificateSource:
    """Where a certificate comes from: the user's file, or a directory for one that is made."""

    directory: Path
    given: Path | None = None

    def certificate(self, address: HallAddress) -> Certificate:
        """The certificate of a hall at that address.

        Raises:
            HallError: browsers would not take it, or it cannot be kept.
        """
        if self.given is not None:
            return given_certificate(self.given, address, utc_now())
        return own_certificate(self.directory, address, utc_now())


class HallKeeper:
    """A hall that is open."""

    def __init__(
        self,
        place: HallPlace,
        following: Following,
        certificates: CertificateSource,
        say: Callable[[str], None],
    ) -> None:
        """`say` shows lines to whoever has started the stage."""
        self.place = place
        self._before: HallPlace | None = None
        self._following = following
        self._certificates = certificates
        self._say = say

    def look(self) -> HallPlace | None:
        """The hall's new place, where its address has changed since the last look."""
        address = self._following.look()
        if address is None:
            return None
        self._before, self.place = self.place, self._moved(address)
        return self.place

    def announce(self) -> None:
        """Say where the hall is."""
        before = self._before
        lines = opening_sign(self.place) if before is None else moved_sign(self.place, before)
        self._say("\n".join(lines))

    def _moved(self, address: HallAddress) -> HallPlace:
        """The place at another address; a talk never ends over its certificate."""
        place = replace(self.place, address=address)
        if place.certificate is None:
            return place
        try:
            return replace(place, certificate=self._certificates.certificate(address))
        except HallError as error:
            LOGGER.warning("browsers will warn of the certificate: %s", error)
            return place
