/**
 * Sentences on their way to the server: each gets the next sequence when it is sent, keeps it when
 * it is sent again, and stays here until its report comes. No DOM here.
 */

/**
 * @typedef {object} Sentence
 * @property {string} text
 * @property {number} sequence 0 until it is sent
 * @property {"queued" | "sent" | "said" | "failed" | "reported"} state "said": the server has it,
 *   its report was lost
 * @property {boolean} again it was sent more than once
 * @property {boolean} held it waits to be sent again: no error can be about it
 * @property {object | null} report the protocol's `spoken`
 */

export class Outbox {
  #send;
  #changed;
  #sentences = [];
  #bySequence = new Map();
  #next = 1;
  #live = false;
  #retry = 0;

  /**
   * @param {(message: object) => boolean} send @param {(sentence: Sentence) => void} changed
   */
  constructor(send, changed) {
    this.#send = send;
    this.#changed = changed;
  }

  /** Whether a report is still to come, and would go to a line that is left. */
  get isWaiting() {
    return this.#unreported().length > 0;
  }

  /** @param {string} text @returns {Sentence} */
  say(text) {
    const sentence = { text, sequence: 0, state: "queued", again: false, held: false, report: null };
    this.#sentences.push(sentence);
    this.#changed(sentence);
    if (this.#live) this.#transmit(sentence);
    return sentence;
  }

  /** The line is up: what has no report goes again, what waited goes now. */
  joined(lastSequence) {
    this.#live = true;
    this.#next = Math.max(this.#next, lastSequence + 1);
    this.resend();
  }

  /** The line is down. */
  lost() {
    this.#live = false;
    clearTimeout(this.#retry);
  }

  /** Somebody else speaks: nothing of what has no report was heard. */
  displaced() {
    this.lost();
    for (const sentence of this.#unreported()) {
      this.#bySequence.delete(sentence.sequence);
      this.#become(sentence, "queued", { sequence: 0, again: false });
    }
  }

  resend() {
    for (const sentence of this.#unreported()) this.#transmit(sentence);
  }

  /** Sends one again that failed. */
  sendAgain(sentence) {
    if (this.#live) this.#transmit(sentence);
    else this.#become(sentence, "queued");
  }

  /** @param {{sequence: number}} report the protocol's `spoken` */
  reported(report) {
    const sentence = this.#bySequence.get(report.sequence);
    if (sentence) this.#become(sentence, "reported", { report });
  }

  /** Most errors name no sentence; they are handled in order, so it is the oldest that it can be. */
  refused(error) {
    const named = this.#bySequence.get(error.details?.sequence);
    if (named) {
      if (error.retryAfterMs !== undefined) this.#hold(named, error.retryAfterMs);
      else if (named.state === "sent") this.#become(named, named.again ? "said" : "failed");
      return;
    }
    if (error.retryAfterMs !== undefined || error.code === "RATE_LIMITED") {
      clearTimeout(this.#retry);
      this.#retry = setTimeout(() => this.resend(), error.retryAfterMs ?? 1000);
      return;
    }
    const oldest = this.#unreported().find(({ state, held }) => state === "sent" && !held);
    if (oldest) this.#become(oldest, "failed");
  }

  /** One that is still being sent, or whose function has died: it is asked for until that is known. */
  #hold(sentence, milliseconds) {
    sentence.held = true;
    setTimeout(() => sentence.held && sentence.state === "sent" && this.sendAgain(sentence), milliseconds);
  }

  #unreported() {
    return this.#sentences.filter(({ state }) => state === "queued" || state === "sent");
  }

  #transmit(sentence) {
    const again = sentence.sequence !== 0;
    const sequence = sentence.sequence || this.#next;
    if (!this.#send({ action: "speak", sequence, text: sentence.text })) return;
    this.#next = Math.max(this.#next, sequence + 1);
    this.#bySequence.set(sequence, sentence);
    this.#become(sentence, "sent", { sequence, again, held: false });
  }

  #become(sentence, state, fields = {}) {
    Object.assign(sentence, { state, ...fields });
    if (state === "reported" || state === "said") {
      this.#sentences = this.#sentences.filter((other) => other !== sentence);
    }
    this.#changed(sentence);
  }
}
