/** Puts captions into the order in which they were spoken, each once. It does not touch the page. */

/** How long a caption waits for an earlier one that is missing. */
const HOLD_MS = 1000;

export class CaptionOrder {
  #show;
  /** @type {Set<number>} */
  #seen = new Set();
  /** @type {Map<number, Caption>} */
  #held = new Map();
  /** The sequence to show next; 0 before the first caption. */
  #next = 0;
  #complete = 0;
  #timer = 0;

  /** @param {(caption: Caption) => void} show called in order, except for captions that come too late */
  constructor(show) {
    this.#show = show;
  }

  /** The sequence up to which every caption is here: a returning listener asks for those after it. */
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
    if (this.#next !== 0 && sequence > this.#next) this.#hold(caption);
    else this.#release(caption);
  }

  /** @param {Caption} caption */
  #release(caption) {
    this.#show(caption);
    this.#next = Math.max(this.#next, caption.sequence + 1);
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

  /** @param {Caption} caption */
  #hold(caption) {
    this.#held.set(caption.sequence, caption);
    this.#timer ||= setTimeout(() => this.#releaseAll(), HOLD_MS);
  }

  /** The missing caption has not come in time: those that wait for it are shown, in order. */
  #releaseAll() {
    this.#timer = 0;
    const waiting = [...this.#held.values()].sort((a, b) => a.sequence - b.sequence);
    this.#held.clear();
    for (const caption of waiting) {
      this.#show(caption);
      this.#next = caption.sequence + 1;
    }
  }
}
