"""A transcript's missing words, translated while no other function does, for a bounded time."""

from collections.abc import Sequence
from dataclasses import dataclass

from chalice_app.domain.clock import Clock
from chalice_app.domain.session import Session
from chalice_app.transcripts.reading import KeptLine
from chalice_app.transcripts.translating import MissingWords
from chalice_app.transcripts.work import Lane, Lease, TranscriptWork
from chalice_app.translation.sentence_translator import SentenceTranslator


@dataclass(frozen=True, slots=True)
class Filled:
    """Whether every line has all its words now.

    Where time ended it, `lease` is still held: to be handed to another function, or ended.
    """

    is_whole: bool
    lease: Lease | None = None


@dataclass(frozen=True, slots=True)
class Translations:
    """Fills lines; `for_speaker` spends the session's budget, `for_listeners` one of their own."""

    work: TranscriptWork
    missing: MissingWords
    for_speaker: SentenceTranslator
    for_listeners: SentenceTranslator
    clock: Clock

    def fill(
        self,
        session: Session,
        lines: Sequence[KeptLine],
        languages: Sequence[str],
        seconds: float,
        *,
        is_speaker: bool,
        handed: str | None = None,
    ) -> Filled:
        """Has what is missing translated, one language after the other, for so many seconds.

        Every sentence is tried once; what was tried a moment ago in vain comes in its original
        words. `handed` names the lease that this function takes over.

        Raises:
            Unavailable: nobody can be asked whether another function is at work.
        """
        deadline = self.clock.monotonic() + seconds
        for language in languages:
            lane = Lane(language, is_speaker)
            missing = self._untried(session, lane, lines)
            if not missing:
                continue
            lease = self.work.begin(session, lane, handed)
            if lease is None:
                return Filled(is_whole=False)
            if not self._fill(lease, missing, deadline):
                return Filled(is_whole=False, lease=lease if lease.is_held else None)
        return Filled(is_whole=True)

    def _untried(
        self, session: Session, lane: Lane, lines: Sequence[KeptLine]
    ) -> Sequence[KeptLine]:
        """The lines without words in the lane's language that were not just tried."""
        missing = [line for line in lines if line.is_missing(lane.language)]
        tried = self.work.tried_up_to(session, lane) if missing else 0
        for line in missing:
            if line.sequence <= tried:
                line.give_up(lane.language)
        return [line for line in missing if line.sequence > tried]

    def _fill(self, lease: Lease, missing: Sequence[KeptLine], deadline: float) -> bool:
        """Whether all were tried; the lease is held on only where the time is over."""
        lane = lease.lane
        translator = self.for_speaker if lane.is_speaker else self.for_listeners

        def may_go_on() -> bool:
            return self.clock.monotonic() < deadline and lease.renew()

        try:
            done = self.missing.fill(lease.session, translator, missing, lane.language, may_go_on)
        except BaseException:
            lease.end()
            raise
        if done:
            is_in_vain = any(lane.language in line.untranslated for line in missing)
            lease.end(tried=missing[-1].sequence if is_in_vain else None)
        return done
