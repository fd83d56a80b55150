/**
 * Sentences on their way to the server. Each gets the next sequence when it is sent, keeps it when it
 * is sent again, and stays here until its delivery report comes. This module does not touch the page.
 *
 * A sentence loses its number only when the server has said that it was refused, or that the number is
 * another sentence's. Whatever else was lost, the answer or the report, a new number could have it heard
 * twice.
 */

import { Corrections, MOST_TRIES, REPORT_MS } from "./corrections.js";
import { shares, soundAgo } from "./sound-times.js";
import { Timers } from "./timers.js";

export class Outbox {
  #send;
  #changed;
  /** @type {Sentence[]} */
  #sentences = [];
  /** @type {Map<number, Sentence>} */
  #bySequence = new Map();
  #next = 1;
  #live = false;
  /** When each is sent again. @type {Timers<Sentence>} */
  #clocks = new Timers();
  /** They go the same way, under the same numbers. */
  corrections;

  /**
   * @param {(message: ClientMessage) => boolean} send @param {(sentence: Sentence) => void} changed
   */
  constructor(send, changed) {
    this.#send = send;
    this.#changed = changed;
    this.corrections = new Corrections(send, changed);
  }

  /** Whether a report is still to come: it would be lost with the socket. */
  get isWaiting() {
    return this.#unreported().length > 0 || this.corrections.isWaiting;
  }

  /** The number that the next sentence will get. */
  get next() {
    return this.#next;
  }

  /** A text that is too long for one sentence. @param {string[]} parts @param {SoundTimes | null} sound */
  sayParts(parts, sound) {
    const times = shares(sound, parts);
    parts.forEach((part, at) => this.say(part, times[at]));
  }

  /** @param {string} text @param {SoundTimes | null} [sound] when it was spoken; null: it was typed */
  say(text, sound = null) {
    /** @type {Sentence} */
    const sentence = { text, sound, sequence: 0, state: "queued", tries: 0, report: null };
    this.#sentences.push(sentence);
    this.#changed(sentence);
    if (this.#live) this.#transmit(sentence);
  }

  /**
   * The socket is connected: sentences without a report are sent, also those that were sent before.
   * @param {number} lastSequence
   */
  joined(lastSequence) {
    this.#live = true;
    this.#next = Math.max(this.#next, lastSequence + 1);
    for (const sentence of this.#unreported()) this.#transmit(sentence);
    this.corrections.joined();
  }

  /** The socket is down. */
  lost() {
    this.#live = false;
    this.#clocks.cancel();
    this.corrections.lost();
    // None of the tries was without an answer: there was no line.
    for (const sentence of this.#unreported()) sentence.tries = Math.min(sentence.tries, 1);
  }

  /** Sends a sentence again that failed or had no answer. @param {Sentence} sentence */
  sendAgain(sentence) {
    sentence.tries = sentence.sequence ? 1 : 0;
    if (this.#live) this.#transmit(sentence);
    else this.#become(sentence, "queued");
  }

  /** @param {Spoken} report */
  reported(report) {
    const sentence = this.#bySequence.get(report.sequence);
    if (!sentence) return;
    // A report that comes after a correction's is the older one.
    this.#become(sentence, "reported", { report: sentence.correction?.revision ? sentence.report : report });
  }

  /**
   * The server names the sentence that an error is about. API Gateway's own words name none: any that
   * is on its way may be meant, so all are sent again.
   * @param {ErrorMessage} error
   */
  refused(error) {
    if (this.corrections.refused(error)) return;
    const { retryAfterMs } = error;
    const named = this.#bySequence.get(error.details?.sequence ?? 0);
    if (!named) {
      if (retryAfterMs === undefined) return;
      for (const sentence of this.#unreported()) this.#startClock(sentence, retryAfterMs);
      return;
    }
    if (named.state !== "sent") return;
    if (retryAfterMs !== undefined) {
      named.tries = 1; // that was an answer
      this.#startClock(named, retryAfterMs);
    } else if (error.code === "NOT_SPEAKER") this.#renumber(named, "queued");
    else if (error.details?.lastSequence === undefined) this.#become(named, "failed");
    // The number was spoken before: by this sentence, if it was sent before.
    else if (named.tries > 1) this.#become(named, "said");
    else this.#renumber(named, "failed");
  }

  /**
   * The number was not this sentence's: it gets another.
   * @param {Sentence} sentence @param {Sentence["state"]} state
   */
  #renumber(sentence, state) {
    this.#bySequence.delete(sentence.sequence);
    this.#become(sentence, state, { sequence: 0, tries: 0 });
  }

  /** @param {Sentence} sentence @param {number} milliseconds */
  #startClock(sentence, milliseconds) {
    this.#clocks.after(sentence, milliseconds, () => this.#due(sentence));
  }

  /** @param {Sentence} sentence */
  #due(sentence) {
    if (sentence.tries < MOST_TRIES) this.#transmit(sentence);
    else this.#become(sentence, "unanswered");
  }

  #unreported() {
    return this.#sentences.filter(({ state }) => state === "queued" || state === "sent");
  }

  /** @param {Sentence} sentence */
  #transmit(sentence) {
    const sequence = sentence.sequence || this.#next;
    const { text, sound } = sentence;
    if (!this.#send({ action: "speak", sequence, text, ...soundAgo(sound, performance.now()) })) return;
    this.#next = Math.max(this.#next, sequence + 1);
    this.#bySequence.set(sequence, sentence);
    this.#become(sentence, "sent", { sequence, tries: sentence.tries + 1 });
    this.#startClock(sentence, REPORT_MS * 2 ** (sentence.tries - 1));
  }

  /** @param {Sentence} sentence @param {Sentence["state"]} state @param {Partial<Sentence>} fields */
  #become(sentence, state, fields = {}) {
    Object.assign(sentence, { state, ...fields });
    if (state !== "sent") this.#clocks.cancel(sentence);
    if (state === "reported" || state === "said") {
      this.#sentences = this.#sentences.filter((other) => other !== sentence);
    }
    this.#changed(sentence);
  }
}
