"""Results as Transcribe's JSON has them."""

from __future__ import annotations

from typing import Any

from infra.local.transcribe.listener import Heard
from infra.local.transcribe.words import items, transcript


def transcript_event(heard: Heard) -> dict[str, Any]:
    """The payload of a TranscriptEvent; a final result's items are all stable."""
    result = {
        "ResultId": heard.id,
        "IsPartial": heard.partial,
        "StartTime": round(heard.start, 3),
        "EndTime": round(heard.end, 3),
        "Alternatives": [
            {
                "Transcript": transcript(heard.words),
                "Items": list(items(heard.words, heard.stable, heard.settled_marks)),
            }
        ],
    }
    return {"Transcript": {"Results": [result]}}
