"""What the server and its worker say to each other over the worker's standard input and output.

A message is its kind, the number of its stream, the length of its body, and the body.
"""

from __future__ import annotations

import struct
from enum import IntEnum
from typing import Final

HEADER: Final = struct.Struct("!BII")


class Kind(IntEnum):
    """What a message says."""

    OPEN = 1
    """To the worker: a stream begins."""
    AUDIO = 2
    """To the worker: sound of a stream."""
    END = 3
    """To the worker: no more sound comes; DONE follows the last result."""
    DROP = 4
    """To the worker: the stream's client is gone."""
    TAKEN = 5
    """From the worker: so many bytes of sound were listened to."""
    RESULT = 6
    """From the worker: a result, as JSON."""
    DONE = 7
    """From the worker: the stream has ended."""
    FAILED = 8
    """From the worker: the stream cannot go on; the body says why."""


def encoded(kind: Kind, stream: int, body: bytes = b"") -> bytes:
    """A message as it is written."""
    return HEADER.pack(kind, stream, len(body)) + body
