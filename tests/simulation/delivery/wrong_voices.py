"""Mutants that have the wrong sentences spoken, or to the wrong listeners."""

from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass, replace
from functools import cached_property

from chalice_app.aws.dynamodb.rosters import RostersTable
from chalice_app.domain.reports import Posted
from chalice_app.domain.sentence import Caption, SentenceRef
from chalice_app.domain.session import Session
from chalice_app.sessions.ports import SessionRoster
from chalice_app.speech.large_halls import LargeHalls, RecipientBatch
from chalice_app.synthesis.asks import VoiceRequests
from tests.simulation.delivery.stage import Stage


def with_voices(voices: type[VoiceRequests]) -> type[Stage]:
    """The stage with other asks."""

    class Altered(Stage):
        @cached_property
        def voice_requests(self) -> VoiceRequests:
            made = super().voice_requests
            parts = (made.invoker, made.failures, made.metrics, made.executor)
            return voices(*parts, made.clock, made.languages)

    return Altered


class EverybodyHears(RostersTable):
    """Whoever reads a language is taken to want its voice."""

    def read_roster(self, session: Session, sequence: int | None = None) -> SessionRoster:
        read = super().read_roster(session, sequence).languages
        return SessionRoster(read, read)


class NobodyHears(RostersTable):
    """The wishes are not read."""

    def read_roster(self, session: Session, sequence: int | None = None) -> SessionRoster:
        return SessionRoster(super().read_roster(session, sequence).languages)


@dataclass(frozen=True, slots=True)
class GoneHear(VoiceRequests):
    """Those whose sockets were closed are asked for, too."""

    def ask(
        self,
        ref: SentenceRef,
        caption: Caption,
        wanting: Sequence[str],
        posted: Posted,
        part: str | None = None,
    ) -> Future[None] | None:
        there = replace(posted, gone=())
        return VoiceRequests.ask(self, ref, caption, wanting, there, part)


@dataclass(frozen=True, slots=True)
class LateHear(VoiceRequests):
    """Those are asked for whose turn did not come in time."""

    def ask(
        self,
        ref: SentenceRef,
        caption: Caption,
        wanting: Sequence[str],
        posted: Posted,
        part: str | None = None,
    ) -> Future[None] | None:
        in_time = replace(posted, dropped=0)
        return VoiceRequests.ask(self, ref, caption, wanting, in_time, part)


@dataclass(frozen=True, slots=True)
class CorrectionsSpoken(VoiceRequests):
    """Corrections are spoken like sentences."""

    def _has_voice(self, ref: SentenceRef, caption: Caption) -> bool:
        return bool(caption.text)


@dataclass(frozen=True, slots=True)
class AskedTwice(VoiceRequests):
    """A sentence is asked for twice."""

    def ask(
        self,
        ref: SentenceRef,
        caption: Caption,
        wanting: Sequence[str],
        posted: Posted,
        part: str | None = None,
    ) -> Future[None] | None:
        self.wait([VoiceRequests.ask(self, ref, caption, wanting, posted, part)])
        return VoiceRequests.ask(self, ref, caption, wanting, posted, part)


@dataclass(frozen=True, slots=True)
class UnorderedSlices(LargeHalls):
    """A slice says how many of its listeners want the voice, and does not put them first."""

    def _cut(
        self,
        session: Session,
        ref: SentenceRef,
        caption: Caption,
        listeners: Sequence[str],
        wanting: frozenset[str],
    ) -> Sequence[RecipientBatch]:
        cut = LargeHalls._cut(self, session, ref, caption, listeners, wanting)
        return [replace(each, connection_ids=sorted(each.connection_ids)) for each in cut]
