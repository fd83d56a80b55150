"""AWS's event-stream encoding: one message in each WebSocket frame, with two checksums.

https://docs.aws.amazon.com/transcribe/latest/dg/streaming-setting-up.html describes it. botocore
reads it, and has no encoder: its clients send no events.
"""

from __future__ import annotations

import struct
from binascii import crc32
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from botocore.eventstream import EventStreamBuffer, ParserError

_PRELUDE = struct.Struct("!II")
_CHECKSUM = struct.Struct("!I")
_STRING = 7
_AROUND = _PRELUDE.size + 2 * _CHECKSUM.size
MOST_BYTES = 1024 * 1024
"""Of a frame; Transcribe's own clients send 100 ms of sound at once (3.2 KB)."""


class MalformedFrame(Exception):
    """The bytes are not one event-stream message."""


@dataclass(frozen=True)
class Message:
    """A decoded message."""

    headers: Mapping[str, object]
    payload: bytes


def encode_message(headers: Mapping[str, str], payload: bytes) -> bytes:
    """A message with string headers."""
    head = b"".join(_header(name, value) for name, value in headers.items())
    prelude = _PRELUDE.pack(_AROUND + len(head) + len(payload), len(head))
    begun = prelude + _CHECKSUM.pack(crc32(prelude)) + head + payload
    return begun + _CHECKSUM.pack(crc32(begun))


def _header(name: str, value: str) -> bytes:
    key, text = name.encode(), value.encode()
    return bytes([len(key)]) + key + struct.pack("!BH", _STRING, len(text)) + text


def decode_message(frame: bytes) -> Message:
    """The message of a frame.

    Raises:
        MalformedFrame: a checksum, a length or a header is wrong, or something follows.
    """
    if len(frame) < _AROUND or _PRELUDE.unpack_from(frame)[0] != len(frame):
        raise MalformedFrame("the frame's length is not the one that it states")
    buffer = EventStreamBuffer()
    try:
        buffer.add_data(frame)
        event = next(buffer)
    # botocore parses headers by struct and dict look-ups, whose errors it lets through.
    except (ParserError, StopIteration, KeyError, ValueError, struct.error) as error:
        raise MalformedFrame(str(error) or type(error).__name__) from error
    headers: Any = event.headers  # botocore's types say that it is a number
    return Message(headers, event.payload)
