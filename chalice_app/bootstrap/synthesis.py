"""Voices: who asks for them, and the voice function itself."""

from dataclasses import dataclass
from functools import cached_property

from chalice_app.admission.budget import VoiceBudget
from chalice_app.bootstrap.parts import Parts
from chalice_app.synthesis.asks import VoiceRequests
from chalice_app.synthesis.failures import VoiceFailures
from chalice_app.synthesis.hall_sounds import HallSounds
from chalice_app.synthesis.sounds import Sounds
from chalice_app.synthesis.speaking import Speaking


@dataclass(frozen=True)
class VoiceRequestParts(Parts):
    """What asks for voices: it needs neither Polly nor S3."""

    @cached_property
    def voice_requests(self) -> VoiceRequests:
        """What has captions spoken, by another function."""
        return VoiceRequests(
            invoker=self.adapters.voice_invoker,
            failures=self.voice_failures,
            metrics=self.adapters.metrics,
            executor=self._executor("voices"),
            clock=self.adapters.clock,
            languages=self.settings.voice_languages,
        )

    @cached_property
    def voice_failures(self) -> VoiceFailures:
        """What tells speakers."""
        return VoiceFailures(self.broadcast, self.adapters.tallies, self.adapters.clock)


@dataclass(frozen=True)
class VoiceParts(VoiceRequestParts):
    """The voice function's."""

    @cached_property
    def speaking(self) -> Speaking:
        """What speaks captions."""
        adapters, settings = self.adapters, self.settings
        budget = VoiceBudget(
            adapters.counters, settings.limits.voice_budget, settings.session_ttl_seconds
        )
        sounds = Sounds(adapters.sounds, adapters.speech_engine, budget, adapters.clock)
        return Speaking(
            sounds=sounds,
            hall_sounds=HallSounds(sounds, adapters.tallies),
            store=adapters.sounds,
            broadcast=self.broadcast,
            claims=adapters.tallies,
            failures=self.voice_failures,
            metrics=adapters.metrics,
            clock=adapters.clock,
        )
