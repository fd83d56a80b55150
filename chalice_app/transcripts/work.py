"""Who translates for a transcript now: one function for each kind of reader and language.

A lease ends by itself, so a function that has died holds nobody up for longer than
`LEASE_SECONDS`. Lambda may invoke a function twice: the second finds the lease taken.

The speaker has a lease for each language. All other readers of a session share one, whatever their
languages: they cannot have the engine asked for more than one transcript at a time.
"""

from dataclasses import dataclass, field

from chalice_app.domain.clock import Clock
from chalice_app.domain.session import Session
from chalice_app.transcripts.export_ports import TranscriptWorkStore

LEASE_SECONDS = 20
"""How long a lease lasts without being renewed: eight sentences of a hung engine take 5 s."""

TRIED_SECONDS = 600
"""How long what could not be translated is not tried again: whoever polls gets its file."""

_LISTENERS = "listeners"


@dataclass(frozen=True, slots=True)
class Lane:
    """Whose turn it is: that of the speaker's transcript in a language, or of all listeners'."""

    language: str
    is_speaker: bool

    @property
    def lease(self) -> str:
        """What is held while it works."""
        return f"speaker.{self.language}" if self.is_speaker else _LISTENERS

    @property
    def tried(self) -> str:
        """Where it notes what it has tried: another budget may pay for more."""
        return f"{'speaker' if self.is_speaker else _LISTENERS}.{self.language}"


@dataclass(slots=True)
class Lease:
    """The right to translate for one lane of a session, while it is held."""

    store: TranscriptWorkStore
    clock: Clock
    session: Session
    lane: Lane
    owner: str
    is_held: bool = field(default=True)

    def renew(self) -> bool:
        """Holds it for another while; False where another function has it meanwhile."""
        until = self.clock.now_ms() + LEASE_SECONDS * 1000
        self.is_held = self.is_held and self.store.renew(
            self.session, self.lane.lease, self.owner, until
        )
        return self.is_held

    def end(self, tried: int | None = None) -> None:
        """Gives it back; `tried` is the highest sequence up to which everything was tried."""
        if tried is not None and self.is_held:
            self.store.note_tried(self.session, self.lane.tried, tried, self.clock.now_ms())
        self.store.release(self.session, self.lane.lease, self.owner)
        self.is_held = False


@dataclass(frozen=True, slots=True)
class TranscriptWork:
    """The leases of all sessions, and what was tried in vain."""

    store: TranscriptWorkStore
    clock: Clock

    def begin(self, session: Session, lane: Lane, handed: str | None = None) -> Lease | None:
        """The lane's lease, or None while another function holds it.

        `handed` names the holder that gives this function its own.
        """
        now = self.clock.now_ms()
        owner = self.store.take(session, lane.lease, now, now + LEASE_SECONDS * 1000, handed)
        return None if owner is None else Lease(self.store, self.clock, session, lane, owner)

    def tried_up_to(self, session: Session, lane: Lane) -> int:
        """Up to which sequence everything was tried a moment ago; 0 where nothing was."""
        tried = self.store.tried(session, lane.tried)
        if tried is None:
            return 0
        sequence, at = tried
        return sequence if self.clock.now_ms() < at + TRIED_SECONDS * 1000 else 0
