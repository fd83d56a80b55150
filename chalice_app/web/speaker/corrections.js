/**
 * Corrections on their way to the server. An empty text takes the sentence back. A correction stays here
 * until its report comes, and is sent again after a loss: the server has each text once. Of one sentence
 * one correction is on its way at a time: a later one waits, so that the newest is the last to arrive.
 * This module does not touch the page.
 */
import { Timers } from "./timers.js";

/** How long a report may take: a sentence is sent for 10 s, and is dropped then. A correction, too. */
export const REPORT_MS = 12_000;
/** So often each is sent without any answer, each time with twice the patience. */
export const MOST_TRIES = 4;

/** By the error's code. @type {Record<string, string>} */
const PROBLEMS = {
  SEQUENCE_NOT_KEPT: "The server does not keep this sentence any more: its listeners keep the old words",
  TEXT_TOO_LONG: "The new text is too long for one sentence",
};
const REFUSED = "The server refused the change: its listeners keep the old words";
const UNANSWERED = "No answer came: the change may have been made";

export class Corrections {
  #send;
  #changed;
  #isLive = false;
  /** Those that were ever corrected. @type {Map<number, Sentence>} */
  #sentences = new Map();
  /** When each is sent again. @type {Timers<Sentence>} */
  #clocks = new Timers();

  /** @param {(message: ClientMessage) => boolean} send @param {(sentence: Sentence) => void} changed */
  constructor(send, changed) {
    this.#send = send;
    this.#changed = changed;
  }

  get isWaiting() {
    return this.#waiting().length > 0;
  }

  /** @param {Sentence} sentence one that was said @param {string} text "" takes it back */
  correct(sentence, text) {
    const { correction } = sentence;
    if (correction?.state === "sent") {
      correction.following = text;
      this.#changed(sentence);
      return;
    }
    const { revision = 0, open: stale = 0 } = correction ?? {};
    const nothing = { following: null, tries: 0, isRepeated: false, open: 0, problem: "" };
    sentence.correction = { ...nothing, text, state: "queued", stale, revision };
    this.#sentences.set(sentence.sequence, sentence);
    this.#changed(sentence);
    if (this.#isLive) this.#transmit(/** @type {CorrectedSentence} */ (sentence));
  }

  /** The socket is connected. */
  joined() {
    this.#isLive = true;
    for (const sentence of this.#waiting()) this.#transmit(sentence);
  }

  /** The socket is down. */
  lost() {
    this.#isLive = false;
    this.#clocks.cancel();
    for (const { correction } of this.#sentences.values()) {
      if (correction) Object.assign(correction, { tries: 0, open: 0, stale: 0 });
    }
  }

  /** @param {Corrected} report */
  reported(report) {
    const sentence = this.#corrected(report.sequence);
    if (!sentence || report.revision <= sentence.correction.revision) return;
    const { text, stale, open } = sentence.correction;
    Object.assign(sentence.correction, { revision: report.revision, problem: "" });
    sentence.report = report;
    if (stale > 0) {
      sentence.correction.stale = stale - 1;
      this.#changed(sentence);
      return;
    }
    sentence.correction.open = Math.max(0, open - 1);
    sentence.text = text || sentence.text;
    this.#finish(sentence, text ? "corrected" : "retracted");
  }

  /**
   * @param {ErrorMessage} error
   * @returns {boolean} whether it is about a correction. The sequence alone does not tell: a sentence that was
   *   sent twice is refused with `lastSequence` after its report.
   */
  refused({ code, retryAfterMs, details = {} }) {
    if (details.sequence === undefined) {
      // The gateway's own words name no sentence: any may be meant.
      for (const each of this.#waiting()) if (retryAfterMs !== undefined) this.#startClock(each, retryAfterMs);
      return false;
    }
    const sentence = this.#corrected(details.sequence);
    if (sentence?.correction.state !== "sent" || details.lastSequence !== undefined) return false;
    // Another speaker took over: it is sent when this page speaks again.
    if (code === "NOT_SPEAKER") return true;
    sentence.correction.open -= 1;
    // What was taken back is not kept, either: the first one has had its effect.
    const isGone = code === "SEQUENCE_NOT_KEPT" && !sentence.correction.text && sentence.correction.isRepeated;
    if (isGone) this.#finish(sentence, "retracted");
    else if (retryAfterMs !== undefined) {
      sentence.correction.tries = 1;
      this.#startClock(sentence, retryAfterMs);
    } else {
      sentence.correction.problem = PROBLEMS[code] ?? REFUSED;
      this.#finish(sentence, "failed");
    }
    return true;
  }

  /** @param {number} sequence */
  #corrected(sequence) {
    return /** @type {CorrectedSentence | undefined} */ (this.#sentences.get(sequence));
  }

  #waiting() {
    const all = /** @type {CorrectedSentence[]} */ ([...this.#sentences.values()]);
    return all.filter(({ correction: { state } }) => state === "queued" || state === "sent");
  }

  /** @param {CorrectedSentence} sentence */
  #transmit(sentence) {
    const { correction, sequence } = sentence;
    if (!this.#send({ action: "correct", sequence, text: correction.text })) return;
    correction.isRepeated = correction.state === "sent";
    correction.tries += 1;
    correction.open += 1;
    correction.state = "sent";
    this.#startClock(sentence, REPORT_MS * 2 ** (correction.tries - 1));
    this.#changed(sentence);
  }

  /** @param {CorrectedSentence} sentence @param {number} milliseconds */
  #startClock(sentence, milliseconds) {
    this.#clocks.after(sentence, milliseconds, () => this.#due(sentence));
  }

  /** @param {CorrectedSentence} sentence */
  #due(sentence) {
    if (sentence.correction.tries < MOST_TRIES) {
      this.#transmit(sentence);
      return;
    }
    sentence.correction.problem = UNANSWERED;
    this.#finish(sentence, "failed");
  }

  /** @param {CorrectedSentence} sentence @param {"corrected" | "retracted" | "failed"} state */
  #finish(sentence, state) {
    const { correction } = sentence;
    this.#clocks.cancel(sentence);
    correction.state = state;
    this.#changed(sentence);
    const { text, following } = correction;
    if (following !== null && following !== text) this.correct(sentence, following);
  }
}
