"""What the HTTP and WebSocket routes call."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from chalice_app.admission.draft_pace import DraftPace
from chalice_app.admission.message_limits import MessageLimits
from chalice_app.admission.rate_limits import RateLimits
from chalice_app.admission.refusals import Refusals
from chalice_app.bootstrap.speech import SpeechParts
from chalice_app.bootstrap.transcripts import TranscriptParts
from chalice_app.operations.operations import Operations
from chalice_app.sessions.entrance import Entrance
from chalice_app.sessions.joining import LATE_CAPTIONS, Joining
from chalice_app.sessions.overlays import Overlays
from chalice_app.sessions.participants import Participants
from chalice_app.sessions.sessions import Sessions
from chalice_app.transcription.grants import DictationGrants
from chalice_app.transcription.minutes import Minutes

if TYPE_CHECKING:
    from chalice_app.transcripts.exporting import Transcripts
    from chalice_app.transcripts.reporting import Reporting


@dataclass(frozen=True)
class RouteParts(SpeechParts, TranscriptParts):
    """What clients ask for."""

    @cached_property
    def sessions(self) -> Sessions:
        """Sessions: open, find, end."""
        return Sessions(
            session_store=self.adapters.sessions,
            connections=self.adapters.connections,
            roster=self.adapters.roster,
            translation=self.engine,
            closer=self.closer,
            clock=self.adapters.clock,
            ttl_seconds=self.settings.session_ttl_seconds,
            limits=self.settings.limits,
            sentences=self.adapters.sentences,
            keep_sentences=self.settings.keep_sentences,
        )

    @cached_property
    def entrance(self) -> Entrance:
        """Who may come in to a session, or know of it."""
        return Entrance(self.sessions, self.rate_limits, self.refusals)

    @cached_property
    def joining(self) -> Joining:
        """Handshakes of listeners and speakers."""
        return Joining(
            entrance=self.entrance,
            session_store=self.adapters.sessions,
            connections=self.adapters.connections,
            translation=self.engine,
            capacity=self.capacity,
            closer=self.closer,
            clock=self.adapters.clock,
            late_captions=LATE_CAPTIONS if self.settings.keep_sentences else 0,
        )

    @cached_property
    def participants(self) -> Participants:
        """What connections do that have joined."""
        adapters = self.adapters
        return Participants(
            self.sessions, adapters.sessions, adapters.connections, self.engine, adapters.clock
        )

    @cached_property
    def overlays(self) -> Overlays:
        """The switch of the streams' overlays."""
        adapters, most = self.adapters, self.settings.limits.sentences_per_second
        return Overlays(adapters.sessions, adapters.roster, self.broadcast, most)

    @cached_property
    def refusals(self) -> Refusals:
        """How many were refused, and why."""
        return Refusals(self.adapters.counters, self.adapters.metrics, self.adapters.clock)

    @cached_property
    def message_limits(self) -> MessageLimits:
        """How many messages a connection may send."""
        limits = self.settings.limits
        return MessageLimits(
            self.adapters.clock, limits.messages_per_second, limits.sentences_per_second
        )

    @cached_property
    def draft_pace(self) -> DraftPace:
        """How many drafts a speaker may send."""
        return DraftPace()

    @cached_property
    def rate_limits(self) -> RateLimits:
        """How often addresses, sessions, tokens and owners may come."""
        return RateLimits(self.adapters.counters, self.adapters.clock, self.settings.limits)

    @cached_property
    def dictation(self) -> DictationGrants:
        """Streams to the recogniser."""
        adapters, settings = self.adapters, self.settings
        most = settings.limits.dictation_minutes
        return DictationGrants(
            recogniser=adapters.recogniser,
            rate_limits=self.rate_limits,
            minutes=Minutes(adapters.dictation, adapters.metrics, adapters.clock, most),
            metrics=adapters.metrics,
            clock=adapters.clock,
            languages=settings.dictation_languages,
        )

    @cached_property
    def transcripts(self) -> Transcripts:
        """What remains of a talk, as files; loaded late, as in `bootstrap.transcripts`."""
        from chalice_app.transcripts.exporting import Transcripts

        adapters = self.adapters
        return Transcripts(
            sessions=adapters.sessions,
            sentences=adapters.sentences,
            engine=self.engine,
            translations=self.transcript_translations,
            files=self.transcript_files,
            rate_limits=self.rate_limits,
            invoker=adapters.transcript_invoker,
            clock=adapters.clock,
        )

    @cached_property
    def reporting(self) -> Reporting:
        """Event reports."""
        from chalice_app.transcripts.reporting import Reporting

        adapters = self.adapters
        return Reporting(adapters.sentences, adapters.sessions, self.refusals, adapters.clock)

    @cached_property
    def operations(self) -> Operations:
        """The operator's view."""
        adapters, settings = self.adapters, self.settings
        return Operations(
            adapters.directory,
            adapters.monitor,
            self.refusals,
            adapters.clock,
            settings.stage,
            settings.operator_token_hash,
        )
