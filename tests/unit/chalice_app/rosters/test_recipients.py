"""Which sentence a session's roster is read for."""

from dataclasses import replace

import pytest

from chalice_app.domain.session import Session
from chalice_app.rosters.recipients import RosterReader
from chalice_app.sessions.ports import SessionRoster
from tests.fakes.domain import session
from tests.fakes.threads import SameThread


class RecordedRoster:
    """Keeps the sequences that it is read for."""

    def __init__(self) -> None:
        self.sequences: list[int | None] = []

    def read_roster(self, session: Session, sequence: int | None = None) -> SessionRoster:
        self.sequences.append(sequence)
        return SessionRoster({"fr": ["b"], "es": ["a", "c"]}, {"es": ["c"]})


@pytest.mark.parametrize(
    ("last_sequence", "read_for"),
    [
        pytest.param(7, 7, id="the newest: listeners who return later have had it replayed"),
        pytest.param(6, None, id="not noted: a later one may have been, rather twice"),
        pytest.param(8, None, id="overtaken: rather twice than not at all"),
    ],
)
def test_a_roster_is_read_for_the_sentence_unless_it_was_overtaken(
    last_sequence: int, read_for: int | None
) -> None:
    roster = RecordedRoster()
    reader = RosterReader(roster, SameThread())
    recipients = reader.recipients(replace(session(), last_sequence=last_sequence), 7)
    assert recipients.languages() == ["es", "fr"]
    assert recipients.of_language("es") == ["a", "c"]
    assert recipients.voices_of_language("es") == ["c"]
    assert recipients.voices_of_language("fr") == ()
    assert recipients.of_language("de") == ()
    assert roster.sequences == [read_for]
