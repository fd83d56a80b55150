/**
 * Puts captions into the order in which they were spoken, each once, and each in its newest revision. It
 * does not touch the page.
 */

/** How long a caption waits for an earlier one that is missing. */
const HOLD_MS = 1000;

export class CaptionOrder {
  #screen;
  /** The newest revision of each sequence; Infinity once it was taken back. @type {Map<number, number>} */
  #revisions = new Map();
  /** @type {Map<number, Caption>} */
  #held = new Map();
  /** The sequence to show next; 0 before the first caption. */
  #next = 0;
  #complete = 0;
  #timer = 0;
  /** This page begins after this sequence: changes of what was said up to it are not for its readers. */
  after = 0;

  /** @param {CaptionScreen} screen `show` is called in order, except for captions that come too late */
  constructor(screen) {
    this.#screen = screen;
  }

  /** The sequence up to which every caption is here: a returning listener asks for those after it. */
  get complete() {
    return this.#complete;
  }

  /** Whether its caption is here or comes too late. @param {number} sequence */
  isOver(sequence) {
    return sequence < this.#next || this.#revisions.has(sequence);
  }

  /** @param {Caption} caption */
  accept(caption) {
    const { sequence, revision = 0 } = caption;
    if (!Number.isSafeInteger(sequence) || typeof caption.text !== "string") return;
    const known = this.#revisions.get(sequence);
    const isNews = known === undefined ? revision === 0 || sequence > this.after : revision > known;
    if (!isNews) return;
    this.#has(sequence, revision);
    if (known !== undefined) this.#correct(caption);
    else if (this.#next !== 0 && sequence > this.#next) this.#hold(caption);
    else this.#release(caption);
  }

  /** A sentence was taken back, perhaps before its caption came: then that is never shown. @param {number} sequence */
  retract(sequence) {
    if (!Number.isSafeInteger(sequence) || !(this.#revisions.has(sequence) || sequence > this.after)) return;
    this.#has(sequence, Infinity);
    this.#held.delete(sequence);
    this.#screen.retract(sequence);
    this.#releaseFollowing();
  }

  /** @param {number} sequence @param {number} revision */
  #has(sequence, revision) {
    this.#revisions.set(sequence, revision);
    if (this.#complete === 0 && revision < Infinity) this.#complete = sequence;
    while (this.#revisions.has(this.#complete + 1)) this.#complete += 1;
  }

  /** @param {Caption} caption */
  #correct(caption) {
    if (this.#held.has(caption.sequence)) this.#held.set(caption.sequence, caption);
    else this.#screen.correct(caption);
  }

  /** @param {Caption} caption */
  #release(caption) {
    this.#screen.show(caption);
    this.#next = Math.max(this.#next, caption.sequence + 1);
    this.#releaseFollowing();
  }

  /** What was taken back is not waited for. */
  #releaseFollowing() {
    while (this.#next !== 0 && this.#revisions.has(this.#next)) {
      const following = this.#held.get(this.#next);
      this.#held.delete(this.#next);
      this.#next += 1;
      if (following) this.#screen.show(following);
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
      this.#screen.show(caption);
      this.#next = caption.sequence + 1;
    }
    this.#releaseFollowing();
  }
}
