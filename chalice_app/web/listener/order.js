/** Captions in the order in which they were spoken, each once. No DOM here. */

/** How long a caption waits for one before it that is still on its way. */
export const HOLD_MS = 1000;

/** @typedef {{sequence: number, language: string, text: string, sourceLanguage: string, spokenAt: number, untranslated?: boolean}} Caption */

export class CaptionOrder {
  #show;
  #seen = new Set();
  #held = new Map();
  #next = null;
  #complete = 0;
  #timer = 0;

  /** @param {(caption: Caption) => void} show called in order, but for what comes too late */
  constructor(show) {
    this.#show = show;
  }

  /** The last sequence before which nothing is missing; what a listener who returns asks from. */
  get complete() {
    return this.#complete;
  }

  /** @param {Caption} caption */
  accept(caption) {
    const { sequence } = caption;
    if (!Number.isSafeInteger(sequence) || typeof caption.text !== "string") return;
    if (this.#seen.has(sequence)) return;
    this.#seen.add(sequence);
    if (this.#complete === 0) this.#complete = sequence;
    while (this.#seen.has(this.#complete + 1)) this.#complete += 1;
    if (this.#next !== null && sequence > this.#next) this.#hold(caption);
    else this.#release(caption);
  }

  #release(caption) {
    this.#show(caption);
    this.#next = Math.max(this.#next ?? 0, caption.sequence + 1);
    const following = this.#held.get(this.#next);
    if (following) {
      this.#held.delete(this.#next);
      this.#release(following);
    }
    if (this.#held.size === 0) {
      clearTimeout(this.#timer);
      this.#timer = 0;
    }
  }

  #hold(caption) {
    this.#held.set(caption.sequence, caption);
    this.#timer ||= setTimeout(() => this.#giveUp(), HOLD_MS);
  }

  /** What was waited for does not come: the rest is shown, in order. */
  #giveUp() {
    this.#timer = 0;
    const waiting = [...this.#held.values()].sort((a, b) => a.sequence - b.sequence);
    this.#held.clear();
    for (const caption of waiting) {
      this.#show(caption);
      this.#next = caption.sequence + 1;
    }
  }
}
