"""The pages' event-stream encoding, against botocore's parser and frames as AWS defines them."""

import base64
import json
import struct
import zlib
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.eventstream import EventStreamBuffer
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.deno import Deno, running_deno

ENCODE = """({ encodeMessage }, headers, payload) =>
  encodeMessage(headers, Uint8Array.fromBase64(payload)).toBase64()"""
DECODE = """({ decodeMessage }, frame) => {
  // Amid other bytes, as a view of a larger buffer.
  const bytes = Uint8Array.fromBase64(frame);
  const larger = new Uint8Array(bytes.length + 7);
  larger.set(bytes, 3);
  const { headers, payload } = decodeMessage(larger.subarray(3, 3 + bytes.length));
  return { headers, payload: payload.toBase64() };
}"""
REFUSAL = """({ decodeMessage }, frames) => frames.map((frame) => {
  try {
    decodeMessage(Uint8Array.fromBase64(frame));
    return "";
  } catch (error) {
    return error.message;
  }
})"""

many = settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
names = st.text(min_size=1, max_size=60).filter(lambda name: len(name.encode()) <= 255)
texts = st.text(min_size=1, max_size=300)
payloads = st.binary(max_size=5_000)
OTHER_VALUES = st.one_of(
    st.just((0, b"")),
    st.just((1, b"")),
    st.binary(min_size=1, max_size=1).map(lambda value: (2, value)),
    st.binary(min_size=2, max_size=2).map(lambda value: (3, value)),
    st.binary(min_size=4, max_size=4).map(lambda value: (4, value)),
    st.binary(min_size=8, max_size=8).map(lambda value: (5, value)),
    st.binary(min_size=1, max_size=300).map(
        lambda value: (6, struct.pack("!H", len(value)) + value)
    ),
    st.binary(min_size=8, max_size=8).map(lambda value: (8, value)),
    st.binary(min_size=16, max_size=16).map(lambda value: (9, value)),
)


@pytest.fixture(scope="module")
def deno() -> Iterator[Deno]:
    """A process that has the module."""
    with running_deno("speaker/event-stream.js") as running:
        yield running


def framed(headers: bytes, payload: bytes) -> bytes:
    """One message: https://smithy.io/2.0/aws/amazon-eventstream.html."""
    prelude = struct.pack("!II", 16 + len(headers) + len(payload), len(headers))
    rest = struct.pack("!I", zlib.crc32(prelude)) + headers + payload
    return prelude + rest + struct.pack("!I", zlib.crc32(prelude + rest))


def header(name: str, kind: int, value: bytes) -> bytes:
    """One header; `value` begins with its length where its type has one."""
    return bytes([len(name.encode())]) + name.encode() + bytes([kind]) + value


def text_header(name: str, text: str) -> bytes:
    """A header of text, as Transcribe's are."""
    return header(name, 7, struct.pack("!H", len(text.encode())) + text.encode())


def encode(deno: Deno, headers: dict[str, str], payload: bytes) -> bytes:
    """The message that the page would send."""
    return base64.b64decode(deno.evaluate(ENCODE, headers, base64.b64encode(payload).decode()))


def decode(deno: Deno, frame: bytes) -> tuple[dict[str, str], bytes]:
    """What the page reads."""
    read: dict[str, Any] = deno.evaluate(DECODE, base64.b64encode(frame).decode())
    return read["headers"], base64.b64decode(read["payload"])


def refusals(deno: Deno, *frames: bytes) -> list[str]:
    """What the page says of frames that are wrong; "" where it takes one."""
    said: list[str] = deno.evaluate(REFUSAL, [base64.b64encode(each).decode() for each in frames])
    return said


@many
@given(headers=st.dictionaries(names, texts, max_size=6), payload=payloads)
def test_botocore_reads_what_the_page_sends(
    deno: Deno, headers: dict[str, str], payload: bytes
) -> None:
    frame = encode(deno, headers, payload)
    message: Any
    buffer = EventStreamBuffer()
    buffer.add_data(frame)
    (message,) = list(buffer)
    assert message.headers == headers
    assert message.payload == payload
    assert decode(deno, frame) == (headers, payload)


@many
@given(headers=st.dictionaries(names, texts | OTHER_VALUES, max_size=8), payload=payloads)
def test_the_page_reads_what_aws_sends(
    deno: Deno, headers: dict[str, str | tuple[int, bytes]], payload: bytes
) -> None:
    encoded = b"".join(
        text_header(name, value) if isinstance(value, str) else header(name, *value)
        for name, value in headers.items()
    )
    read, read_payload = decode(deno, framed(encoded, payload))
    assert read == {name: value for name, value in headers.items() if isinstance(value, str)}
    assert read_payload == payload


def test_audio_is_sent_as_transcribe_documents_it(deno: Deno) -> None:
    headers = {
        ":content-type": "application/octet-stream",
        ":event-type": "AudioEvent",
        ":message-type": "event",
    }
    encoded = b"".join(text_header(*each) for each in headers.items())
    assert encode(deno, headers, b"\x01\x00" * 1_600) == framed(encoded, b"\x01\x00" * 1_600)


def test_every_bit_that_flips_is_noticed(deno: Deno) -> None:
    payload = json.dumps({"Transcript": {"Results": []}}).encode()
    frame = framed(text_header(":message-type", "event"), payload)
    flipped = [
        frame[:at] + bytes([frame[at] ^ 1 << bit]) + frame[at + 1 :]
        for at in range(len(frame))
        for bit in range(8)
    ]
    assert all(refusals(deno, *flipped))
    assert all(refusals(deno, *(frame[:length] for length in range(len(frame)))))
    assert all(refusals(deno, frame + b"\0", frame + frame))


@pytest.mark.parametrize(
    ("headers", "words"),
    [
        (b"\x05ab", "cut"),
        (b"\x01a", "cut"),
        (b"\x01a\x07\x00", "cut"),
        (b"\x01a\x07\x00\x09b", "cut"),
        (b"\x01a\x09abc", "cut"),
        (b"\x01a\x0aabc", "type is 10"),
        (b"\x01\xff\x00", "encoded data"),
        (b"\x01a\x07\x00\x01\xff", "encoded data"),
    ],
)
def test_headers_that_are_wrong_are_refused(deno: Deno, headers: bytes, words: str) -> None:
    (said,) = refusals(deno, framed(headers, b"payload"))
    assert words in said


def test_headers_that_reach_beyond_the_message_are_refused(deno: Deno) -> None:
    prelude = struct.pack("!II", 20, 400)
    rest = struct.pack("!I", zlib.crc32(prelude)) + b"abcd"
    frame = prelude + rest + struct.pack("!I", zlib.crc32(prelude + rest))
    assert refusals(deno, frame) == ["A length is wrong."]


@pytest.mark.parametrize(
    "headers", [{"": "a"}, {"a": ""}, {"a" * 256: "a"}, {"a": "b" * 32_768}, {"é" * 128: "a"}]
)
def test_what_the_encoding_has_no_room_for_is_not_sent(deno: Deno, headers: dict[str, str]) -> None:
    source = """({ encodeMessage }, headers) => {
      try {
        encodeMessage(headers, new Uint8Array());
      } catch (error) {
        return error.name;
      }
    }"""
    assert deno.evaluate(source, headers) == "RangeError"
