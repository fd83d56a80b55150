"""Event-stream messages: what botocore reads is what was written, and nothing else is accepted."""

import struct
from binascii import crc32

import pytest
from botocore.eventstream import EventStreamBuffer
from hypothesis import given
from hypothesis import strategies as st

from infra.local.transcribe.event_stream import MalformedFrame, decode_message, encode_message

HEADERS = st.dictionaries(
    st.text(min_size=1, max_size=20).filter(lambda name: 0 < len(name.encode()) < 100),
    st.text(max_size=50),
    max_size=4,
)
AUDIO = {":message-type": "event", ":event-type": "AudioEvent"}


@given(HEADERS, st.binary(max_size=2_000))
def test_botocore_reads_what_is_written(headers: dict[str, str], payload: bytes) -> None:
    buffer = EventStreamBuffer()
    buffer.add_data(encode_message(headers, payload))
    (event,) = buffer
    assert event.to_response_dict()["headers"] == headers
    assert event.payload == payload


@given(HEADERS, st.binary(max_size=2_000))
def test_a_message_comes_back(headers: dict[str, str], payload: bytes) -> None:
    message = decode_message(encode_message(headers, payload))
    assert (message.headers, message.payload) == (headers, payload)


@given(st.binary(max_size=200), st.data())
def test_a_changed_byte_is_noticed(payload: bytes, data: st.DataObject) -> None:
    frame = bytearray(encode_message(AUDIO, payload))
    at = data.draw(st.integers(0, len(frame) - 1))
    frame[at] ^= data.draw(st.integers(1, 255))
    with pytest.raises(MalformedFrame):
        decode_message(bytes(frame))


@given(st.binary(max_size=100))
def test_garbage_is_malformed(frame: bytes) -> None:
    with pytest.raises(MalformedFrame):
        decode_message(frame)


def with_checksums(headers: bytes) -> bytes:
    prelude = struct.pack("!II", 16 + len(headers), len(headers))
    begun = prelude + struct.pack("!I", crc32(prelude)) + headers
    return begun + struct.pack("!I", crc32(begun))


@pytest.mark.parametrize(
    "frame",
    [
        encode_message(AUDIO, b"one") + encode_message(AUDIO, b"two"),
        encode_message(AUDIO, b"cut")[:-1],
        with_checksums(b"\x01a\x63"),  # no such type of header
        with_checksums(b"\x01a\x07\x00\x01\xff"),  # not UTF-8
    ],
)
def test_a_frame_is_one_whole_message(frame: bytes) -> None:
    with pytest.raises(MalformedFrame):
        decode_message(frame)
