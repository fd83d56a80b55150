"""What the server and a worker say to each other over the worker's standard input and output.

One question at a time, one answer each. A question is the rate, the format and the text as JSON; an
answer is whether it went well, and the sound or the reason. Each has its length before it.
"""

from __future__ import annotations

import json
import struct
from dataclasses import asdict, dataclass
from typing import Final

LENGTH: Final = struct.Struct("!I")
ANSWER: Final = struct.Struct("!?I")
MOST_ANSWER_BYTES: Final = 32_000_000
"""More than ten minutes of any sound: a longer answer is no answer."""


@dataclass(frozen=True, slots=True)
class Question:
    """What is to be said."""

    text: str
    rate: int
    """Samples a second."""
    form: str
    """`mp3` or `pcm`."""

    def encoded(self) -> bytes:
        """As it is written."""
        body = json.dumps(asdict(self)).encode()
        return LENGTH.pack(len(body)) + body


def question(body: bytes) -> Question:
    """A question that was read."""
    return Question(**json.loads(body))


def answer(*, well: bool, body: bytes) -> bytes:
    """An answer as it is written."""
    return ANSWER.pack(well, len(body)) + body
