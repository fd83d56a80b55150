/**
 * A talk over made-up time: TranscribeStream, a recogniser that fails when it should, and a segmenter
 * that makes a sentence of each final result (with a `language`, the page's own). A word is 400 ms of one sample value, so that the
 * recogniser can tell what it hears and tests can tell what was lost or said twice.
 */
import { decodeMessage, encodeMessage } from "../../chalice_app/web/speaker/event-stream.js";
import { Segmenter } from "../../chalice_app/web/speaker/segmenter.js";
import { TranscribeStream } from "../../chalice_app/web/speaker/transcribe-stream.js";

const STEP_MS = 50;
const CHUNK_MS = 100;
const WORD_MS = 400;
const LOUD = 1_000;
const PER_MS = 16;
/** A final result comes after so long a gap. */
const GAP_MS = 600;
const LATENCY_MS = 500;

class FinalSegmenter {
  #pending = [];
  #saidMs = 0;

  hear({ items, partial }) {
    this.#pending = items.filter(({ endMs }) => endMs > this.#saidMs);
    return partial ? this.#heard([]) : this.finish();
  }

  advance() {
    return this.#heard([]);
  }

  finish() {
    const words = this.#pending;
    this.#pending = [];
    return this.#heard(this.#sentence(words));
  }

  restart(availableFromMs) {
    const gone = this.#pending.filter(({ startMs }) => startMs < availableFromMs);
    this.#pending = [];
    const sentences = this.#sentence(gone);
    return { ...this.#heard(sentences), resumeMs: this.#saidMs };
  }

  #sentence(words) {
    if (!words.length) return [];
    this.#saidMs = words.at(-1).endMs;
    return [{ text: words.map(({ content }) => content).join(" "), startMs: words[0].startMs, endMs: this.#saidMs }];
  }

  #heard(sentences) {
    return { sentences, draft: this.#pending.map(({ content }) => content).join(" ") };
  }
}

/** One socket, with a recogniser behind it. `world.fault` says what is wrong now. */
class Socket {
  binaryType = "";
  bufferedAmount = 0;
  onopen = null;
  onmessage = null;
  onclose = null;
  #world;
  #at = 0;
  #words = [];
  #quietMs = 0;
  #segment = 0;
  #arriving = [];
  #answers = [];
  #isOver = false;

  constructor(world) {
    this.#world = world;
    this.openAt = world.now + 100;
  }

  send(bytes) {
    if (this.#isOver) return;
    const { headers, payload } = decodeMessage(bytes);
    if (headers[":event-type"] !== "AudioEvent") throw new Error("not audio");
    this.#world.sentMs += payload.length / 2 / PER_MS;
    this.bufferedAmount += payload.length;
    this.#arriving.push(new Int16Array(payload.slice().buffer));
  }

  close() {
    this.#isOver = true;
    this.#world.sockets.delete(this);
  }

  step() {
    const { now, fault } = this.#world;
    if (this.openAt !== null && now >= this.openAt && fault !== "hanging") {
      this.openAt = null;
      if (fault === "refusing") return this.drop(1006);
      this.onopen?.({});
    }
    if (fault !== "slow") {
      this.bufferedAmount = 0;
      for (const samples of this.#arriving.splice(0)) this.#hear(samples);
    }
    if (fault === "mute") return;
    while (this.#answers.length && this.#answers[0].at <= now && !this.#isOver) {
      const { data, code } = this.#answers.shift();
      if (code) this.drop(code);
      else this.onmessage?.({ data });
    }
  }

  drop(code) {
    const { onclose } = this;
    this.close();
    onclose?.({ code });
  }

  tell(headers, text) {
    this.raw(encodeMessage(headers, new TextEncoder().encode(text)).buffer);
  }

  raw(data) {
    this.#answers.push({ at: this.#world.now, data });
  }

  #hear(samples) {
    if (!samples.length) {
      this.#result(false);
      this.#answers.push({ at: this.#world.now + LATENCY_MS, code: 1000 });
      return;
    }
    for (let place = 0; place < samples.length; place += PER_MS) {
      const word = samples[place] - LOUD;
      const last = this.#words.at(-1);
      if (word < 0) this.#quietMs += 1;
      else if (last?.word === word && last.endMs === this.#at) last.endMs += 1;
      else this.#words.push({ word, startMs: this.#at, endMs: this.#at + 1 });
      if (word >= 0) this.#quietMs = 0;
      this.#at += 1;
      if (this.#quietMs === GAP_MS) this.#result(false);
    }
    if (this.#at % 500 < samples.length / PER_MS) this.#result(true);
  }

  #result(partial) {
    // A word in the middle is guessed; a cut one is none.
    const words = this.#words.filter(({ startMs, endMs }) => endMs - startMs >= WORD_MS / 2);
    const items = words.map(({ word, startMs, endMs }) => ({
      Content: `w${word}`,
      Type: "pronunciation",
      StartTime: startMs / 1_000,
      EndTime: endMs / 1_000,
      Stable: true,
    }));
    if (!items.length) return;
    const times = { StartTime: items[0].StartTime, EndTime: items.at(-1).EndTime };
    const result = { ResultId: `${this.#segment}`, IsPartial: partial, ...times, Alternatives: [{ Items: items }] };
    const headers = { ":message-type": "event", ":event-type": "TranscriptEvent" };
    const data = encodeMessage(headers, new TextEncoder().encode(JSON.stringify({ Transcript: { Results: [result] } })));
    this.#answers.push({ at: this.#world.now + LATENCY_MS, data: data.buffer });
    if (partial) return;
    this.#words = [];
    this.#segment += 1;
  }
}

/** What a test does at its moments; anything else is a fault that lasts. */
const ACTS = {
  cut: (world) => [...world.sockets].forEach((socket) => socket.drop(1006)),
  close: (world) => [...world.sockets].forEach((socket) => socket.drop(1000)),
  garbage: (world) => [...world.sockets].forEach((socket) => socket.raw(new Uint8Array(40).buffer)),
  text: (world) => [...world.sockets].forEach((socket) => socket.raw("<html>")),
  notJson: (world) => tellAll(world, { ":message-type": "event", ":event-type": "TranscriptEvent" }, "{"),
  odd: (world) => tellAll(world, { ":message-type": "event", ":event-type": "TranscriptEvent" }, '{"Transcript":null}'),
  pause: (world) => {
    world.isPaused = true;
    world.stream.pause();
  },
  start: (world) => {
    world.isPaused = false;
    world.stream.start();
  },
  abandon: (world) => world.stream.abandon(),
  sleep: (world) => (world.now += 3.49 * 3_600_000),
  retry: (world) => world.stream.retry(),
  finish: (world) => world.stream.finish().then(() => world.log.push({ at: world.now, finished: true })),
};

function tellAll(world, headers, text) {
  for (const socket of world.sockets) socket.tell(headers, text);
}

/**
 * @param {{untilMs: number, words: number[], moments: [number, string][], remainingSeconds?: number, mayGiveUp?: boolean, noise?: [number, number], language?: string}} talk
 *   `words`: when each begins; a moment's word is one of ACTS, an exception's name, "grant STATUS
 *   RETRY_AFTER_MS [REMAINING_SECONDS]", or a fault: "refusing", "hanging", "mute", "slow", "deaf" (no microphone), "" for none
 */
export async function talk({ untilMs, words, moments, remainingSeconds, mayGiveUp = true, noise = [0, 0], language = "" }) {
  const world = { now: 0, fault: "", refusal: null, isPaused: false, sockets: new Set(), sentMs: 0, grants: 0, opened: 0, released: 0, most: 0, log: [] };
  const timers = new Set();
  const log = (entry) => world.log.push({ at: world.now, ...entry });
  world.stream = new TranscribeStream({
    async grant() {
      world.grants += 1;
      if (world.refusal) throw world.refusal;
      const url = `wss://recogniser/${world.grants}`;
      return { url, expiresAt: world.now + 300_000, remainingSeconds };
    },
    release: () => (world.released += 1),
    openSocket() {
      const socket = new Socket(world);
      world.sockets.add(socket);
      world.opened += 1;
      world.most = Math.max(world.most, world.sockets.size);
      return socket;
    },
    segmenter: language ? new Segmenter(language) : new FinalSegmenter(),
    onSentence: (sentence, sound) => log({ sentence, sound }),
    onDraft: (draft) => log({ draft }),
    onState: (state) => log({ state }),
    mayGiveUp: () => mayGiveUp,
    clock: {
      now: () => world.now,
      wallNow: () => world.now,
      every(milliseconds, act) {
        const timer = { due: world.now + milliseconds, milliseconds, act };
        timers.add(timer);
        return () => timers.delete(timer);
      },
    },
  });
  world.stream.start();
  const waiting = [...moments];
  while (world.now < untilMs) {
    world.now += STEP_MS;
    while (waiting.length && waiting[0][0] <= world.now) act(world, waiting.shift()[1]);
    if (world.now % CHUNK_MS === 0 && !world.isPaused && world.fault !== "deaf") world.stream.push(recorded(world.now, words, noise));
    for (const socket of [...world.sockets]) socket.step();
    for (const timer of [...timers]) {
      if (!timers.has(timer) || timer.due > world.now) continue;
      timer.due += timer.milliseconds;
      timer.act();
    }
    for (let turn = 0; turn < 5; turn += 1) await null;
  }
  const { grants, opened, released, most, sentMs } = world;
  return { log: world.log, grants, opened, released, most, sentMs, open: world.sockets.size };
}

function act(world, what) {
  const [word, status, retryAfterMs, remainingSeconds] = what.split(" ");
  if (word in ACTS) ACTS[word](world);
  else if (word.endsWith("Exception")) {
    const headers = { ":message-type": "exception", ":exception-type": word };
    tellAll(world, headers, JSON.stringify({ Message: what.slice(word.length + 1) }));
  } else if (word === "grant") {
    const details = remainingSeconds ? { remainingSeconds: Number(remainingSeconds) } : undefined;
    const refusal = { status: Number(status), retryAfterMs: Number(retryAfterMs), details };
    world.refusal = status ? Object.assign(new Error("refused"), refusal) : null;
  } else world.fault = what;
}

/** The microphone's last chunk. */
function recorded(now, words, [noiseFrom, noiseTo]) {
  const samples = new Int16Array(CHUNK_MS * PER_MS);
  const from = now - CHUNK_MS;
  if (from >= noiseFrom && now <= noiseTo) samples.fill(-LOUD);
  words.forEach((start, word) => {
    const [first, last] = [start - from, start + WORD_MS - from].map((ms) => Math.min(CHUNK_MS, Math.max(0, ms)));
    samples.fill(LOUD + word, first * PER_MS, last * PER_MS);
  });
  return samples;
}
