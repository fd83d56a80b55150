"""The HTTP routes of what remains of a talk: its transcript, and its event report.

The room's modules are loaded by the first request for one (`bootstrap.transcripts`).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING

from chalice.app import Response

from chalice_app.routes.requests import (
    answered_as_it_is,
    app,
    caller_of_request,
    queried,
    refusals_counted,
    route_parts,
    session_of_speaker,
)
from chalice_app.wire import incoming

if TYPE_CHECKING:
    from chalice_app.transcripts.files import File, Link

_UNKEPT = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}


@app.route("/sessions/{session_id}/transcript", methods=["GET"])
def get_transcript(session_id: str) -> Response:
    """What remains of a talk, as a file: for its speaker, or for all where it is open to them.

    202 while it is being translated, 303 to the bucket where it is too large for an answer.
    """
    return answered_as_it_is(partial(_exported, session_id))


def _exported(session_id: str) -> Response:
    from chalice_app.transcripts.exporting import Translating
    from chalice_app.transcripts.requests import parse_request

    parts = route_parts()
    wanted = parse_request(queried())
    with refusals_counted(parts, session_id):
        session, is_speaker = parts.entrance.reader_of(session_id, caller_of_request())
        export = parts.transcripts.export(session, wanted, is_speaker=is_speaker)
    # At once: it may be long until this function is called again.
    parts.cache.flush_hits()
    if isinstance(export, Translating):
        seconds = math.ceil(export.retry_after_ms / 1000)
        return _unkept(export.body(), 202, {"Retry-After": str(seconds)})
    return _handed(export)


def _handed(file: File | Link) -> Response:
    """The file itself, or the way to it."""
    from chalice_app.transcripts.files import Link, disposition

    if isinstance(file, Link):
        return _unkept("", 303, {"Location": file.url})
    headers = {"Content-Type": file.media_type, "Content-Disposition": disposition(file.name)}
    return _unkept(file.body, 200, headers)


def _unkept(body: object, status: int, headers: Mapping[str, str]) -> Response:
    """An answer that no cache may keep: a correction, or a purge, holds at once."""
    return Response(body, status_code=status, headers={**_UNKEPT, **headers})


@app.route("/sessions/{session_id}/report", methods=["GET"])
def event_report(session_id: str) -> Response:
    """Who was reached, sentence by sentence, as JSON or CSV; needs the speaker token.

    303 to the bucket where it is too large for an answer.
    """

    def written() -> Response:
        """The report, as a file that nobody caches."""
        from chalice_app.transcripts import report_formats

        form = report_formats.parse_format(incoming.single(queried(), "format"))
        parts = route_parts()
        made = parts.reporting.report(session_of_speaker(session_id, parts.entrance.of_kept))
        file = report_formats.written(made, form, parts.adapters.clock.now_ms())
        return _handed(parts.transcript_files.report(made.session, file))

    return answered_as_it_is(written)
