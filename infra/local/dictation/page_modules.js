/// <reference lib="deno.ns" />
/**
 * The speaker's page's modules that hear and cut, for a program that has no page: page_recogniser.py.
 * A line of JSON comes in: `{"pcm"}` (base64), `{"grant"}` or `{"refused"}` as the answer to `{"ask"}`,
 * `{"finish"}`. A line goes out: `{"sentence"}`, `{"draft"}`, `{"state"}`, `{"ask"}`, `{"finished"}`.
 */
import { Segmenter } from "../../../chalice_app/web/speaker/segmenter.js";
import { TranscribeStream } from "../../../chalice_app/web/speaker/transcribe-stream.js";

/** Longer than the page waits: here the last sentence is always wanted. */
const FINISH_MS = 15_000;

const [language = "en"] = Deno.args;
const encoder = new TextEncoder();
/** @type {{resolve: (grant: Grant) => void, reject: (refusal: object) => void} | null} */
let asking = null;

/** @param {object} message */
function write(message) {
  let bytes = encoder.encode(`${JSON.stringify(message)}\n`);
  while (bytes.length) bytes = bytes.subarray(Deno.stdout.writeSync(bytes));
}

const stream = new TranscribeStream({
  grant: () =>
    new Promise((resolve, reject) => {
      asking = { resolve, reject };
      write({ ask: true });
    }),
  release: () => {}, // page_recogniser.py gives the permission back
  openSocket: (url) => new WebSocket(url),
  segmenter: new Segmenter(language),
  onSentence: (sentence) => write({ sentence }),
  onDraft: (text) => write({ draft: { text } }),
  onState: (state) => write({ state }),
  finishMs: FINISH_MS,
});

/** @param {any} message */
function handle({ pcm, grant, refused, finish }) {
  if (pcm) stream.push(new Int16Array(Uint8Array.fromBase64(pcm).buffer));
  if (grant) asking?.resolve(grant);
  if (refused) asking?.reject(refused);
  if (finish) stream.finish().then(() => write({ finished: true }));
}

stream.start();
let rest = "";
for await (const text of Deno.stdin.readable.pipeThrough(new TextDecoderStream())) {
  const lines = (rest + text).split("\n");
  rest = lines.pop() ?? "";
  for (const line of lines) handle(JSON.parse(line));
}
Deno.exit();
