/** Has a prepared text's next sentences translated before they are spoken, a call for twenty of them. */
import { asApiError } from "./api.js";
import { sendJson } from "./speaker-api.js";

/** As many as the server takes at a time. */
const CALL = 20;
const LOOK_AHEAD = 2 * CALL;
const RETRY_MS = 10_000;
/** The server answers within 29 s, where its engine is slow. */
const TIMEOUT_MS = 30_000;

const READY = "The next sentences are translated already.";
const OVER_BUDGET = "The session’s budget does not pay for translating ahead.";

export class Preparation {
  #path;
  #token;
  #report;
  /** @type {string[]} */
  #next = [];
  /** @type {Set<string>} */
  #codes = new Set();
  /** @type {Set<string>} */
  #done = new Set();
  /** While a call is out, or none may be made. */
  #isResting = false;

  /** @param {string} sessionId @param {string} token @param {(text: string) => void} report */
  constructor(sessionId, token, report) {
    this.#path = `sessions/${encodeURIComponent(sessionId)}/preparation`;
    this.#token = token;
    this.#report = report;
  }

  /** @param {string[]} codes into which sentences are translated now */
  listened(codes) {
    // What is cached in the other languages costs nothing when it is asked for again.
    if (codes.some((code) => !this.#codes.has(code))) this.#done = new Set();
    this.#codes = new Set(codes);
    this.#goOn();
  }

  /** @param {string[]} texts what comes next, in order */
  ahead(texts) {
    this.#next = texts.slice(0, LOOK_AHEAD);
    if (texts.length === 0) this.#report("");
    this.#goOn();
  }

  /** What words become has changed: what comes next is translated again. */
  reworded() {
    this.#done = new Set();
    this.#report("");
    this.#goOn();
  }

  #goOn() {
    const isDue = this.#next.slice(0, CALL).some((text) => !this.#done.has(text));
    if (isDue && this.#codes.size > 0 && !this.#isResting) this.#ask();
  }

  async #ask() {
    const wanted = [...new Set(this.#next.filter((text) => !this.#done.has(text)))].slice(0, CALL);
    const done = this.#done;
    this.#isResting = true;
    try {
      const { overBudget } = await this.#call(wanted);
      this.#isResting = overBudget > 0;
      // Where a language was added meanwhile, this set counts no more: all are needed again.
      for (const text of wanted) done.add(text);
      this.#report(overBudget ? OVER_BUDGET : READY);
      this.#goOn();
    } catch (error) {
      const { status, retryAfterMs } = asApiError(error);
      const mayComeBack = status === 429 || status >= 500 || status === 0;
      // Without it, a sentence is translated when it is spoken.
      if (mayComeBack) setTimeout(() => this.#wake(), retryAfterMs || RETRY_MS);
    }
  }

  #wake() {
    this.#isResting = false;
    this.#goOn();
  }

  /** @param {string[]} sentences @returns {Promise<{overBudget: number}>} */
  #call(sentences) {
    return sendJson("POST", this.#path, { sentences }, this.#token, { signal: AbortSignal.timeout(TIMEOUT_MS) });
  }
}
