/** What Transcribe's streams carry: audio to it, results and exceptions from it. This module does not touch the page. */
import { decodeMessage, encodeMessage } from "./event-stream.js";

const AUDIO = {
  ":content-type": "application/octet-stream",
  ":event-type": "AudioEvent",
  ":message-type": "event",
};

/** @param {Int16Array} samples none: the end of the audio */
export function audioMessage(samples) {
  // Transcribe takes little-endian samples, and so is every machine that browsers run on.
  return encodeMessage(AUDIO, new Uint8Array(samples.buffer, samples.byteOffset, samples.byteLength));
}

/**
 * @param {unknown} data of a WebSocket's message @param {number} offsetMs where the stream began in the talk
 * @returns {{results: HeardResult[]} | {exception: string, message: string}}
 * @throws {Error} where it is not what Transcribe sends
 */
export function readMessage(data, offsetMs) {
  if (!(data instanceof ArrayBuffer)) throw new Error("The message is not binary.");
  const { headers, payload } = decodeMessage(new Uint8Array(data));
  const body = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(payload));
  if (headers[":message-type"] !== "event") {
    const exception = headers[":exception-type"] ?? headers[":error-code"] ?? "UnknownException";
    return { exception, message: String(body?.Message ?? body?.message ?? "") };
  }
  // Other events may come to be: they are not results.
  if (headers[":event-type"] !== "TranscriptEvent") return { results: [] };
  const results = body.Transcript.Results.map((/** @type {any} */ each) => heardResult(each, offsetMs));
  // A final result without words takes back what its partial results had guessed.
  return { results: results.filter((/** @type {HeardResult} */ { items, partial }) => items.length || !partial) };
}

/** @param {any} result @param {number} offsetMs @returns {HeardResult} */
function heardResult({ ResultId: id, IsPartial, StartTime, EndTime, Alternatives }, offsetMs) {
  const ms = (/** @type {unknown} */ seconds) => {
    if (typeof seconds !== "number" || !Number.isFinite(seconds)) throw new Error("A time is not a number.");
    return Math.round(seconds * 1_000) + offsetMs;
  };
  if (typeof id !== "string") throw new Error("A result has no name.");
  const partial = IsPartial === true;
  const items = (Alternatives[0]?.Items ?? []).map((/** @type {any} */ item) => ({
    content: String(item.Content),
    kind: item.Type === "punctuation" ? "punctuation" : "word",
    startMs: ms(item.StartTime),
    endMs: ms(item.EndTime),
    stable: !partial || item.Stable === true,
  }));
  return { id, partial, startMs: ms(StartTime), endMs: ms(EndTime), items };
}
