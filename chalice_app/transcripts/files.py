"""A transcript as a file: in the answer itself, or in a bucket where it is too large for one."""

import json
from dataclasses import dataclass
from typing import Final

from chalice_app.domain.errors import BadMessage
from chalice_app.domain.session import Session
from chalice_app.transcripts.export_ports import TranscriptFileStore, TranscriptWorkStore
from chalice_app.transcripts.formats import render
from chalice_app.transcripts.requests import MEDIA_TYPES
from chalice_app.transcripts.transcript import Transcript

MOST_ANSWER_BYTES: Final = 5_000_000
"""Of a file in the answer itself, as JSON writes it: Lambda's answers may have 6 MB, of which its
headers are a little. Source:
https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
"""

LINK_SECONDS: Final = 300
"""How long the address of a large file is good for: who asks follows it at once."""


@dataclass(frozen=True, slots=True)
class File:
    """A transcript that fits into an answer."""

    name: str
    media_type: str
    body: str


@dataclass(frozen=True, slots=True)
class Link:
    """Where a larger one can be fetched, for `LINK_SECONDS`."""

    url: str


@dataclass(frozen=True, slots=True)
class Files:
    """Makes files of transcripts; without a `store` it refuses large ones.

    A large file's key is noted before the file is written, so that a purge finds every one.
    """

    store: TranscriptFileStore | None
    notes: TranscriptWorkStore
    most_bytes: int = MOST_ANSWER_BYTES

    def of(self, session: Session, transcript: Transcript, format: str) -> File | Link:  # noqa: A002
        """The file, or the way to it.

        Raises:
            BadMessage: it is too large for an answer, and the stage has no bucket.
            Unavailable: it could not be put there.
        """
        name = f"{transcript.session_id}.{'-'.join(transcript.languages)}.{format}"
        chunks, size = [], 0
        for chunk in render(format, transcript):
            chunks.append(chunk)
            size += len(json.dumps(chunk))
        file = File(name, MEDIA_TYPES[format], "".join(chunks))
        is_large = size > self.most_bytes
        return self._put(session, file, "ask for one language, or for txt") if is_large else file

    def report(self, session: Session, file: File) -> File | Link:
        """An event report, or the way to it; raises as `of`."""
        most = self.most_bytes
        is_large = len(file.body) > most or len(json.dumps(file.body)) > most
        return self._put(session, file, "ask for csv") if is_large else file

    def _put(self, session: Session, file: File, instead: str) -> Link:
        if self.store is None:
            raise BadMessage(
                f"it is too large for an answer, and this stage has no bucket for it: {instead}"
            )
        key = f"{_folder(session)}/{file.name}"
        self.notes.note_file(session, key)
        self.store.put(key, file.body.encode(), file.media_type, disposition(file.name))
        return Link(self.store.address(key, LINK_SECONDS))

    def delete_all(self, session: Session) -> None:
        """Deletes every file of the session.

        Raises:
            Unavailable: not all could be deleted.
        """
        keys = self.notes.files(session)
        for key in keys:
            if self.store is not None:
                self.store.delete(key)
        if keys:
            self.notes.forget_files(session, keys)


def disposition(name: str) -> str:
    """The header that makes browsers save a file under its name, which is plain ASCII."""
    return f'attachment; filename="{name}"'


def _folder(session: Session) -> str:
    return f"transcripts/{session.session_id}/{session.created_at}"
