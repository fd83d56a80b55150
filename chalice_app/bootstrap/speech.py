"""A sentence's way."""

from dataclasses import dataclass
from functools import cached_property

from chalice_app.bootstrap.parts import LANGUAGE_THREADS
from chalice_app.bootstrap.synthesis import VoiceRequestParts
from chalice_app.bootstrap.translation import TranslationParts
from chalice_app.rosters.recipients import RosterReader
from chalice_app.speech.correction import Corrections
from chalice_app.speech.delivery_report import DeliveryReporter
from chalice_app.speech.drafts import Drafts
from chalice_app.speech.flow_control import FlowControl
from chalice_app.speech.large_halls import LargeHalls
from chalice_app.speech.readers import OwnLanguageReaders
from chalice_app.speech.sending import Sending
from chalice_app.speech.speech import Speech
from chalice_app.speech.under_way import SentencesUnderWay
from chalice_app.speech.warm_up import WarmUp


@dataclass(frozen=True)
class SpeechParts(TranslationParts, VoiceRequestParts):
    """A sentence on its way to the listeners."""

    @cached_property
    def speech(self) -> Speech:
        """A sentence's way."""
        return Speech(
            sessions=self.adapters.sessions,
            flow_control=self.flow_control,
            sending=self.sending,
            under_way=self.sentences_under_way,
            clock=self.adapters.clock,
        )

    @cached_property
    def corrections(self) -> Corrections:
        """A correction's way."""
        return Corrections(
            self.adapters.sessions,
            self.adapters.sentences,
            self.flow_control,
            self.sending,
            self.sentences_under_way,
            self.adapters.clock,
        )

    @cached_property
    def drafts(self) -> Drafts:
        """A draft's way."""
        adapters, settings = self.adapters, self.settings
        return Drafts(
            readers=OwnLanguageReaders(adapters.roster, self.engine, adapters.clock),
            glossaries=self.glossaries,
            broadcast=self.broadcast,
            under_way=self.sentences_under_way,
            clock=adapters.clock,
            posts_per_second=settings.posts_per_second,
            most_listeners=settings.slice_listeners,
        )

    @cached_property
    def sentences_under_way(self) -> SentencesUnderWay:
        """What this process is sending."""
        return SentencesUnderWay()

    @cached_property
    def sending(self) -> Sending:
        """What both have in common."""
        return Sending(
            rosters=RosterReader(
                self.adapters.roster,
                self._executor("rosters"),
            ),
            translator=self.sentence_translator,
            broadcast=self.broadcast,
            large_halls=self.large_halls,
            reporter=self.delivery_reporter,
            executor=self._executor("speech", LANGUAGE_THREADS),
            clock=self.adapters.clock,
            voices=self.voice_requests,
        )

    @cached_property
    def flow_control(self) -> FlowControl:
        """Admission of sentences."""
        return FlowControl(
            self.adapters.sentences,
            self.adapters.in_flight,
            self._executor("flow-control"),
            self.adapters.clock,
            self.settings.limits.sentences_per_second,
        )

    @cached_property
    def large_halls(self) -> LargeHalls:
        """Sentences to more listeners than one function can reach."""
        return LargeHalls(
            invoker=self.adapters.invoker,
            tallies=self.adapters.tallies,
            broadcast=self.broadcast,
            reporter=self.delivery_reporter,
            executor=self._executor("large-halls"),
            clock=self.adapters.clock,
            batch_size=self.settings.slice_listeners,
            voices=self.voice_requests,
        )

    @cached_property
    def delivery_reporter(self) -> DeliveryReporter:
        """The end of a sentence's way."""
        adapters = self.adapters
        return DeliveryReporter(self.broadcast, self.flow_control, adapters.metrics, adapters.clock)

    @cached_property
    def warm_up(self) -> WarmUp:
        """What `speech` needs, before it is needed.

        Listing the languages is free of charge; it opens a connection to the engine, and the list
        is kept for changes of language.
        """
        return WarmUp((lambda: self.speech, self.adapters.prepare, self.engine.list_languages))
