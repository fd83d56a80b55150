/**
 * The results of a recogniser, and which of their words have become sentences. A word that has left is
 * found again in later results by its text, else by its time, else by its count: it leaves once. This
 * module does not touch the page.
 */
import { readResult } from "./heard-words.js";
import { isSameSpeech, lastEnd, leftOf, middle, overlaps, repeatsOf } from "./same-speech.js";

/** So many words and results are remembered, to know what comes again. */
const REMEMBERED_WORDS = 80;
const REMEMBERED_RESULTS = 16;

/**
 * `left`: how many of its words have left, from the first on, or came in a former result.
 * @typedef {{id: string, isFinal: boolean, words: HeardWord[], left: number, startMs: number, endMs: number,
 *   isTimed: boolean}} KeptResult
 * @typedef {import("./heard-words.js").ReadResult} ReadResult
 */

export class HeardResults {
  /** @type {KeptResult[]} those that have words to come, in the order in which they came */
  #live = [];
  /** @type {KeptResult[]} those whose words have left */
  #past = [];
  /** @type {HeardWord[]} the newest that are final or have left */
  #known = [];
  /** @type {HeardWord[]} of a former stream, until they are heard again */
  #former = [];
  /** @type {KeptResult | null} the newest final one */
  #newest = null;
  #heardMs = 0;

  /** The end of the last word heard on this stream. */
  get heardMs() {
    return this.#heardMs;
  }

  /** The newest final result, where nothing came after it: up to its end the recogniser has listened. */
  get last() {
    return this.#live.at(-1)?.isFinal === false ? null : this.#newest;
  }

  /** In order; those of a former stream are last. @returns {HeardWord[]} */
  get unsent() {
    const words = this.#live.flatMap((result) => result.words.slice(result.left));
    return this.#former.length ? words.concat(this.#former) : words;
  }

  /** @param {unknown} value a HeardResult, or anything @returns {number | null} the start of its first new word: of the last, where it is final at once */
  hear(value) {
    const read = readResult(value, this.#heardMs);
    if (!read) return null;
    const former = this.#formerOf(read);
    if (former?.isFinal && !read.isFinal) return null;
    if (!read.words.length) return this.#empty(former, read);
    const fresh = this.#keep(former, read);
    if (read.isFinal) this.#close(fresh);
    this.#lead(this.#live.indexOf(fresh), read.lead);
    this.#former = this.#former.filter((word) => middle(word) >= lastEnd(fresh.words));
    return this.#firstNew(former, fresh);
  }

  /** So many of `unsent`, from the first on, are in sentences now. @param {number} count */
  leave(count) {
    for (const result of this.#live) {
      const own = Math.min(count, result.words.length - result.left);
      this.#remember(result.words.slice(result.left, result.left + own));
      result.left += own;
      count -= own;
    }
    this.#former = this.#former.slice(count);
    const newest = this.#live.at(-1);
    const isOver = (/** @type {KeptResult} */ result) =>
      result.left >= result.words.length && (result.isFinal || result !== newest);
    this.#past = [...this.#past, ...this.#live.filter(isOver)].slice(-REMEMBERED_RESULTS);
    this.#live = this.#live.filter((result) => !isOver(result));
  }

  /** The recogniser has listened up to here: words of a former stream that it has not heard again are none. @param {number} ms */
  listened(ms) {
    this.#former = this.#former.filter((word) => middle(word) >= ms);
  }

  /** A new stream hears the audio from here on again. @param {number} fromMs */
  restart(fromMs) {
    this.#former = this.unsent.map((word) => ({ ...word, isStable: false, isAfterStable: false, endsResult: false }));
    this.#live = [];
    this.#past = [];
    this.#known = this.#known.filter((word) => word.endMs <= fromMs);
    this.#newest = null;
    this.#heardMs = fromMs;
  }

  /** Every word that was heard counts as final. */
  finish() {
    for (const result of this.#live) settle(result);
    this.#former.forEach(settleWord);
  }

  /** The result that this one is a newer state of. @param {ReadResult} read */
  #formerOf(read) {
    const all = [...this.#past, ...this.#live];
    const same = all.findLast((kept) => kept.id === read.id && isSameSpeech(kept, read));
    return same ?? this.#live.findLast((kept) => !kept.isFinal && kept.id !== read.id && overlaps(kept, read)) ?? null;
  }

  /** A result without words: what was stable stays said. @param {KeptResult | null} former @param {ReadResult} read */
  #empty(former, read) {
    if (!read.isFinal) return null;
    this.#lead(this.#live.length, read.lead);
    if (former && !former.isFinal) {
      const stable = former.words.findIndex(({ isStable }) => !isStable);
      former.words.length = Math.max(former.left, stable < 0 ? former.words.length : stable);
      this.#close(former);
    }
    if (this.#newest) this.#newest = { ...this.#newest, endMs: Math.max(this.#newest.endMs, read.endMs) };
    return null;
  }

  /** @param {KeptResult | null} former @param {ReadResult} read @returns {KeptResult} */
  #keep(former, read) {
    const left = former ? leftOf(former, read) : repeatsOf(read.words, this.#known);
    const { id, isFinal, words, startMs, endMs, isTimed } = read;
    const fresh = { id, isFinal, words, left, startMs, endMs, isTimed };
    const at = former ? this.#live.indexOf(former) : -1;
    if (at < 0) this.#live.push(fresh);
    else this.#live[at] = fresh;
    this.#past = this.#past.filter((kept) => kept !== former);
    return fresh;
  }

  /** A final result also ends those before it: the recogniser has gone on. @param {KeptResult} fresh */
  #close(fresh) {
    for (const result of this.#live.slice(0, this.#live.indexOf(fresh) + 1)) {
      if (result === fresh || !result.isFinal) this.#remember(result.words.slice(result.left));
      settle(result);
    }
    this.#newest = fresh;
  }

  /** @param {number} at of a live result @param {string} punctuation of the word before it */
  #lead(at, punctuation) {
    const before = this.#live[at - 1];
    const word = before?.words.at(-1);
    if (before && word && before.left < before.words.length && !word.after) word.after = punctuation;
  }

  /** @param {KeptResult | null} former @param {KeptResult} fresh */
  #firstNew(former, fresh) {
    const first = fresh.words.find((word) => word.endMs > this.#heardMs);
    this.#heardMs = Math.max(this.#heardMs, lastEnd(fresh.words));
    if (!first) return null;
    return former || !fresh.isFinal ? first.startMs : (fresh.words.at(-1)?.startMs ?? null);
  }

  /** @param {HeardWord[]} words */
  #remember(words) {
    const known = new Set(this.#known);
    this.#known = [...this.#known, ...words.slice(-REMEMBERED_WORDS).filter((word) => !known.has(word))];
    this.#known = this.#known.slice(-REMEMBERED_WORDS);
  }
}

/** @param {KeptResult} result */
function settle(result) {
  if (result.isFinal) return;
  result.isFinal = true;
  result.words.forEach(settleWord);
}

/** @param {HeardWord} word */
function settleWord(word) {
  word.isStable = word.isAfterStable = true;
}
