"""What is kept of a session, as one transcript needs it: its words in one language or two."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from chalice_app.domain.characters import has_letters
from chalice_app.domain.kept import KeptSentence
from chalice_app.domain.session import Session
from chalice_app.transcripts.ports import SentenceStore
from chalice_app.transcripts.transcript import TranscriptLine

AreOne = Callable[[str, str], bool]
"""Whether two tags mean one language to the engine."""


@dataclass(slots=True)
class KeptLine:
    """A sentence that is in the transcript: its words by language, as far as they are there.

    `kept` is without captions and reports: a long talk's would be most of the memory.
    """

    kept: KeptSentence
    texts: dict[str, str] = field(default_factory=dict)
    untranslated: set[str] = field(default_factory=set)

    @property
    def sequence(self) -> int:
        """The speaker's number."""
        return self.kept.sentence.sequence

    def is_missing(self, language: str) -> bool:
        """Whether its words in that language are neither there nor given up."""
        return language not in self.texts

    def give_up(self, language: str) -> None:
        """It comes in its original words, and says so."""
        self.texts[language] = self.kept.sentence.text
        self.untranslated.add(language)

    def line(self) -> TranscriptLine:
        """As the formats take it."""
        said = self.kept.sentence
        return TranscriptLine(
            sequence=said.sequence,
            spoken_at=said.spoken_at,
            began_at=said.began_at,
            ended_at=said.ended_at,
            revision=said.revision,
            texts=self.texts,
            untranslated=frozenset(self.untranslated),
            source_language=said.source_language,
        )


def read_lines(
    store: SentenceStore, session: Session, languages: Sequence[str], are_one: AreOne
) -> Iterator[KeptLine]:
    """The session's sentences in their order, without those that were retracted.

    The speaker's own language has what was said, and so has every language of a sentence without
    letters: it was sent to nobody in other words.
    """
    for kept in store.read_all(session):
        said = kept.sentence
        if said.is_retracted:
            continue
        line = KeptLine(replace(kept, captions={}, reports=None))
        is_plain = not has_letters(said.text)
        for language in languages:
            if (words := kept.captions.get(language)) is not None:
                line.texts[language] = words
            elif is_plain or are_one(language, said.source_language):
                line.texts[language] = said.text
        yield line
