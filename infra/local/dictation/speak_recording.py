"""`infra.local.say --audio`: speaks a recording to a session, and sums up what came of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from infra.local.dictation.dictated_talk import DictatedTalk
from infra.local.dictation.erasure import normalised_erasure
from infra.local.dictation.latencies import latencies, table
from infra.local.dictation.page_recogniser import permitted_recogniser
from infra.local.dictation.spoken_words import spoken_words
from infra.local.dictation.talk_lines import TalkLines
from infra.local.dictation.talk_record import TalkRecord
from infra.local.dictation.word_errors import count_errors
from infra.local.stage_client import Api, HearOut, Message, talk


@dataclass(frozen=True, slots=True)
class SpokenFile:
    """A recording in 16 kHz PCM, its language, and its text where that is known."""

    pcm: bytes
    language: str
    text: str | None = None


async def speak_recording(
    recording: SpokenFile,
    api: Api,
    session: Message,
    languages: Sequence[str],
    hear_out: HearOut,
) -> bool:
    """The whole talk, printed as it goes; returns whether every caption came, and any at all.

    Raises:
        StageClientError: the stage has no recogniser for the language, refused something, or went
            away.
    """
    record = TalkRecord()
    async with (
        talk(session, languages) as people,
        permitted_recogniser(api, session) as recogniser,
    ):
        lines = TalkLines(record)
        said = DictatedTalk(people.speaker, people.listeners, record, lines, hear_out)
        await said.run(recogniser, recording.pcm)
    for line in summary(record, recording, languages):
        print(line)
    return 0 < len(record.captions) == len(record.said) * len(languages)


def summary(record: TalkRecord, recording: SpokenFile, languages: Sequence[str]) -> Iterator[str]:
    """The last lines of the output."""
    expected = len(record.said) * len(languages)
    erasure = normalised_erasure(record.shown())
    yield ""
    yield from table(latencies(record, recording.language))
    yield (
        f"sentences {len(record.said)}  captions expected {expected}"
        f"  received {len(record.captions)}  erasure of drafts {erasure:.2f}"
    )
    if recording.text is not None:
        said, heard = (
            spoken_words(text, recording.language) for text in (recording.text, record.text)
        )
        yield str(count_errors(said, heard))
