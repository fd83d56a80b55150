/**
 * Sentences on their way to the server. Each gets the next sequence when it is sent, keeps it when it
 * is sent again, and stays here until its delivery report comes. This module does not touch the page.
 */

export class Outbox {
  #send;
  #changed;
  /** @type {Sentence[]} */
  #sentences = [];
  /** @type {Map<number, Sentence>} */
  #bySequence = new Map();
  #next = 1;
  #live = false;
  #retry = 0;

  /**
   * @param {(message: ClientMessage) => boolean} send @param {(sentence: Sentence) => void} changed
   */
  constructor(send, changed) {
    this.#send = send;
    this.#changed = changed;
  }

  /** Whether a report is still to come: it would be lost with the socket. */
  get isWaiting() {
    return this.#unreported().length > 0;
  }

  /** @param {string} text */
  say(text) {
    /** @type {Sentence} */
    const sentence = { text, sequence: 0, state: "queued", isResent: false, isHeld: false, report: null };
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
    this.resend();
  }

  /** The socket is down. */
  lost() {
    this.#live = false;
    clearTimeout(this.#retry);
  }

  /** Another tab or device speaks: sentences without a report were not heard, and get new sequences. */
  displaced() {
    this.lost();
    for (const sentence of this.#unreported()) {
      this.#bySequence.delete(sentence.sequence);
      this.#become(sentence, "queued", { sequence: 0, isResent: false });
    }
  }

  resend() {
    for (const sentence of this.#unreported()) this.#transmit(sentence);
  }

  /** Sends a failed sentence again. @param {Sentence} sentence */
  sendAgain(sentence) {
    if (this.#live) this.#transmit(sentence);
    else this.#become(sentence, "queued");
  }

  /** @param {Spoken} report */
  reported(report) {
    const sentence = this.#bySequence.get(report.sequence);
    if (sentence) this.#become(sentence, "reported", { report });
  }

  /**
   * Most errors name no sentence. The server handles sentences in order, so such an error is about the
   * oldest that was sent.
   * @param {ErrorMessage} error
   */
  refused(error) {
    const named = this.#bySequence.get(error.details?.sequence ?? 0);
    if (named) {
      if (error.retryAfterMs !== undefined) this.#hold(named, error.retryAfterMs);
      else if (named.state === "sent") this.#become(named, named.isResent ? "said" : "failed");
      return;
    }
    if (error.retryAfterMs !== undefined || error.code === "RATE_LIMITED") {
      clearTimeout(this.#retry);
      this.#retry = setTimeout(() => this.resend(), error.retryAfterMs ?? 1000);
      return;
    }
    const oldest = this.#unreported().find(({ state, isHeld }) => state === "sent" && !isHeld);
    if (oldest) this.#become(oldest, "failed");
  }

  /**
   * The server still sends this sentence, or its function has died: it is sent again until the server
   * knows which.
   * @param {Sentence} sentence @param {number} retryAfterMs
   */
  #hold(sentence, retryAfterMs) {
    sentence.isHeld = true;
    setTimeout(() => sentence.isHeld && sentence.state === "sent" && this.sendAgain(sentence), retryAfterMs);
  }

  #unreported() {
    return this.#sentences.filter(({ state }) => state === "queued" || state === "sent");
  }

  /** @param {Sentence} sentence */
  #transmit(sentence) {
    const isResent = sentence.sequence !== 0;
    const sequence = sentence.sequence || this.#next;
    if (!this.#send({ action: "speak", sequence, text: sentence.text })) return;
    this.#next = Math.max(this.#next, sequence + 1);
    this.#bySequence.set(sequence, sentence);
    this.#become(sentence, "sent", { sequence, isResent, isHeld: false });
  }

  /** @param {Sentence} sentence @param {Sentence["state"]} state @param {Partial<Sentence>} fields */
  #become(sentence, state, fields = {}) {
    Object.assign(sentence, { state, ...fields });
    if (state === "reported" || state === "said") {
      this.#sentences = this.#sentences.filter((other) => other !== sentence);
    }
    this.#changed(sentence);
  }
}
