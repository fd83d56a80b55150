/**
 * Messages of AWS's event-stream encoding, as Transcribe's WebSocket carries them. One message:
 * total length, headers' length, CRC-32 of those two, headers, payload, CRC-32 of all before it; numbers
 * are big-endian. A header: length of its name, name, type of its value, value.
 * https://docs.aws.amazon.com/transcribe/latest/dg/streaming-setting-up.html
 * This module does not touch the page.
 */

const PRELUDE = 8;
const CHECKSUM = 4;
const SHORTEST = PRELUDE + CHECKSUM + CHECKSUM;
/** The encoding's own limits, which botocore's parser holds a message to as well. */
const LONGEST_HEADERS = 128 * 1024;
const LONGEST_PAYLOAD = 24 * 1024 * 1024;
const STRING = 7;
/** Bytes of the values whose type fixes their length: true, false, byte, short, integer, long; time, UUID. */
const LENGTHS = new Map([[0, 0], [1, 0], [2, 1], [3, 2], [4, 4], [5, 8], [8, 8], [9, 16]]);

const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit += 1) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  return crc;
});

/** CRC-32 as in gzip. @param {Uint8Array} bytes */
export function crc32(bytes) {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = (CRC_TABLE[(crc ^ byte) & 0xff] ?? 0) ^ (crc >>> 8);
  return (crc ^ 0xffffffff) >>> 0;
}

/**
 * @param {Record<string, string>} headers @param {Uint8Array} payload
 * @throws {RangeError} where the encoding has no room for a name, a value, the headers or the payload
 */
export function encodeMessage(headers, payload) {
  const encoded = encodeHeaders(headers);
  if (encoded.length > LONGEST_HEADERS) throw new RangeError("The headers are too long.");
  if (payload.length > LONGEST_PAYLOAD) throw new RangeError("The payload is too long.");
  const message = new Uint8Array(SHORTEST + encoded.length + payload.length);
  const view = new DataView(message.buffer);
  view.setUint32(0, message.length);
  view.setUint32(4, encoded.length);
  view.setUint32(PRELUDE, crc32(message.subarray(0, PRELUDE)));
  message.set(encoded, PRELUDE + CHECKSUM);
  message.set(payload, PRELUDE + CHECKSUM + encoded.length);
  const end = message.length - CHECKSUM;
  view.setUint32(end, crc32(message.subarray(0, end)));
  return message;
}

/** @param {Record<string, string>} headers */
function encodeHeaders(headers) {
  const encoder = new TextEncoder();
  /** @type {number[]} */
  const bytes = [];
  for (const [name, value] of Object.entries(headers)) {
    const [key, text] = [encoder.encode(name), encoder.encode(value)];
    if (!key.length || key.length > 255) throw new RangeError("A header's name has 1 to 255 bytes.");
    if (!text.length || text.length > 32_767) throw new RangeError("A header's value has 1 to 32,767 bytes.");
    bytes.push(key.length, ...key, STRING, text.length >> 8, text.length & 0xff, ...text);
  }
  return Uint8Array.from(bytes);
}

/**
 * One whole message, as a WebSocket's binary frame has it. Headers that are not text are left out: those
 * of Transcribe are all text.
 * @param {Uint8Array} bytes @returns {{headers: Record<string, string>, payload: Uint8Array}}
 * @throws {Error} where a length, a checksum or a header is wrong
 */
export function decodeMessage(bytes) {
  if (bytes.length < SHORTEST) throw new Error("The message is cut.");
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  if (view.getUint32(PRELUDE) !== crc32(bytes.subarray(0, PRELUDE))) throw new Error("The prelude's checksum is wrong.");
  const headersEnd = PRELUDE + CHECKSUM + view.getUint32(4);
  const end = bytes.length - CHECKSUM;
  if (view.getUint32(0) !== bytes.length || headersEnd > end) throw new Error("A length is wrong.");
  if (view.getUint32(end) !== crc32(bytes.subarray(0, end))) throw new Error("The message's checksum is wrong.");
  const headers = decodeHeaders(bytes.subarray(PRELUDE + CHECKSUM, headersEnd));
  return { headers, payload: bytes.subarray(headersEnd, end) };
}

/** @param {Uint8Array} bytes */
function decodeHeaders(bytes) {
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  /** @type {[string, string][]} */
  const headers = [];
  let at = 0;
  const take = (/** @type {number} */ length) => {
    if (at + length > bytes.length) throw new Error("A header is cut.");
    return bytes.subarray(at, (at += length));
  };
  const number = (/** @type {number} */ length) => take(length).reduce((value, byte) => value * 256 + byte, 0);
  while (at < bytes.length) {
    const name = decoder.decode(take(number(1)));
    const type = number(1);
    const length = LENGTHS.get(type) ?? (type === 6 || type === STRING ? number(2) : -1);
    if (length < 0) throw new Error(`A header's type is ${type}.`);
    const value = take(length);
    if (type === STRING) headers.push([name, decoder.decode(value)]);
  }
  return Object.fromEntries(headers);
}
