/**
 * Sentences that the microphone heard, held until the speaker sends them or their seconds are over. None
 * goes before an older one: one that may go waits for those before it. A held sentence has no number yet;
 * the outbox gives it one. This module does not touch the page.
 */

const SECOND = 1_000;

export class Review {
  /** @type {HeldSentence[]} the oldest first */
  #held;
  #options;
  #isOn;
  #seconds;
  #isOpen = false;
  #timer = 0;

  /**
   * @param {{isOn: boolean, seconds: number, held: HeldSentence[], send: (text: string, sound: SoundTimes | null) => void,
   *   mayGo: () => boolean, changed: (held: readonly HeldSentence[]) => void}} options
   *   `seconds` is 0 for never; `mayGo`: whether the page is connected, not paused and not displaced
   */
  constructor(options) {
    this.#options = options;
    this.#isOn = options.isOn;
    this.#seconds = options.seconds;
    this.#held = options.held;
  }

  /** @param {string} text @param {SoundTimes | null} [sound] */
  hear(text, sound = null) {
    // Without a review it goes at once, also while there is no connection: the outbox keeps it then.
    if (!this.#isOn && this.#held.length === 0) {
      this.#options.send(text, sound);
      return;
    }
    this.#held.push({ text, heard: text, sound, state: this.#isOn ? "counting" : "ready", dueAt: this.#due() });
    this.#goOn();
  }

  /** Off: what is held goes, in its order. @param {boolean} isOn */
  turn(isOn) {
    this.#isOn = isOn;
    if (isOn) this.#goOn();
    else this.sendAll();
  }

  /** @param {number} seconds 0 for never */
  wait(seconds) {
    this.#seconds = seconds;
    this.#restart();
  }

  /** The connection is there, or the pause is over, or the opposite. */
  refresh() {
    const isOpen = this.#options.mayGo();
    if (isOpen === this.#isOpen) return;
    this.#isOpen = isOpen;
    this.#restart();
  }

  /** The speaker is in it: its countdown stops. @param {HeldSentence} sentence */
  stop(sentence) {
    if (sentence.state !== "counting") return;
    sentence.state = "stopped";
    this.#goOn();
  }

  /** The speaker has left it: what was not changed counts again. @param {HeldSentence} sentence */
  leave(sentence) {
    if (sentence.state !== "stopped" || sentence.text !== sentence.heard) return;
    Object.assign(sentence, { state: "counting", dueAt: this.#due() });
    this.#goOn();
  }

  /** @param {HeldSentence} sentence @param {string} text */
  edit(sentence, text) {
    Object.assign(sentence, { text, state: "stopped" });
    this.#goOn();
  }

  /** @param {HeldSentence} sentence */
  send(sentence) {
    sentence.state = "ready";
    this.#goOn();
  }

  /** @returns {boolean} whether there was one */
  sendOldest() {
    const [oldest] = this.#held;
    if (oldest) this.send(oldest);
    return oldest !== undefined;
  }

  sendAll() {
    for (const sentence of this.#held) sentence.state = "ready";
    this.#goOn();
  }

  /** @param {HeldSentence} sentence */
  drop(sentence) {
    this.#held = this.#held.filter((other) => other !== sentence);
    this.#goOn();
  }

  /** The session is over. */
  close() {
    this.#held = [];
    clearTimeout(this.#timer);
  }

  #due() {
    return this.#seconds && this.#isOpen ? performance.now() + this.#seconds * SECOND : Infinity;
  }

  #restart() {
    for (const sentence of this.#held) sentence.dueAt = this.#due();
    this.#goOn();
  }

  /** Sends what may go, and wakes at the next whole second of a countdown. */
  #goOn() {
    clearTimeout(this.#timer);
    const now = performance.now();
    for (const sentence of this.#held) {
      if (isCounting(sentence) && now >= sentence.dueAt) sentence.state = "ready";
    }
    this.#release();
    this.#options.changed(this.#held);
    const waits = this.#held.filter(isCounting).map(({ dueAt }) => (dueAt - now) % SECOND || SECOND);
    if (waits.length) this.#timer = setTimeout(() => this.#goOn(), Math.ceil(Math.min(...waits)));
  }

  #release() {
    while (this.#isOpen && this.#held[0]?.state === "ready") {
      const { text = "", sound = null } = this.#held.shift() ?? {};
      if (text.trim()) this.#options.send(text, sound);
    }
  }
}

/** @param {HeldSentence} sentence */
function isCounting({ state, dueAt }) {
  return state === "counting" && dueAt < Infinity;
}
