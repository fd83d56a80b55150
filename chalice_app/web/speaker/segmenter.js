/**
 * From what a recogniser hears to sentences: each word that it has heard leaves once, and what has left
 * does not change. A sentence ends at a stop in the stable part, at a pause, or, where it is long, at a
 * clause. This module does not touch the page.
 */
import { HeardResults } from "./heard-results.js";
import { time } from "./heard-words.js";
import { PAUSE_MS, cutOf } from "./sentence-cuts.js";
import { written } from "./words-joined.js";

/** The protocol's limit, in code points. */
const LONGEST_DRAFT = 4_000;
/** So many of the newest delays are looked at. A recogniser that was quick so far may be slower once. */
const DELAYS = 6;
const LEAST_DELAY_MS = 1_000;

export class Segmenter {
  #language;
  #results = new HeardResults();
  /** The audio captured so far, as `advance` says. */
  #clockMs = 0;
  /** The end of the last sentence. */
  #saidMs = 0;
  /** How long after their beginning words were heard. @type {number[]} */
  #delays = [];

  /** @param {string} language its tag */
  constructor(language) {
    this.#language = String(language);
  }

  /** A partial result with a known id replaces it; a final one ends it. @param {HeardResult} result @returns {Heard} */
  hear(result) {
    const newMs = this.#results.hear(result);
    if (newMs !== null) this.#delayed(this.#clockMs - newMs);
    return this.#heard(false);
  }

  /** Shows pauses without new results. @param {number} audioMs the audio sent so far @returns {Heard} */
  advance(audioMs) {
    this.#clockMs = Math.max(this.#clockMs, time(audioMs) ?? 0);
    return this.#heard(false);
  }

  /** The stream or the talk ends: every word heard leaves. @returns {Heard} */
  finish() {
    this.#results.finish();
    return this.#heard(true);
  }

  /**
   * A new stream hears the audio from `resumeMs` on again. Words before `availableFromMs` leave,
   * because their audio is gone. The others wait: the new stream's words replace them, and where it
   * never hears anything, `finish` says them.
   * @param {number} availableFromMs @returns {Heard & {resumeMs: number}}
   */
  restart(availableFromMs) {
    const from = time(availableFromMs) ?? 0;
    const words = this.#results.unsent;
    const lost = words.findLastIndex((word) => word.startMs < from) + 1;
    const sentences = this.#take(words.slice(0, lost), true);
    const resumeMs = Math.max(this.#saidMs, from);
    this.#results.restart(resumeMs);
    return { sentences, draft: this.#draft(), resumeMs };
  }

  /** @param {boolean} isOver @returns {Heard} */
  #heard(isOver) {
    return { sentences: this.#take(this.#results.unsent, isOver), draft: this.#draft() };
  }

  /** A negative one says nothing: the clock stands still. @param {number} milliseconds */
  #delayed(milliseconds) {
    if (milliseconds < 0) return;
    this.#delays = [...this.#delays, Math.max(LEAST_DELAY_MS, milliseconds)].slice(-DELAYS);
  }

  /** @param {HeardWord[]} words unsent, from the first on @param {boolean} isOver @returns {HeardSentence[]} */
  #take(words, isOver) {
    const loose = words.findIndex((word) => !word.isStable || (word.after && !word.isAfterStable));
    const state = {
      settled: isOver || loose < 0 ? words.length : loose,
      isOver,
      isQuiet: this.#isQuiet(),
      language: this.#language,
    };
    const sentences = [];
    let from = 0;
    for (let count = cutOf(words, from, state); count; count = cutOf(words, from, state)) {
      sentences.push(this.#sentence(words.slice(from, from + count)));
      from += count;
    }
    this.#results.leave(from);
    return sentences;
  }

  /**
   * Whether nothing has followed the last final result for the length of a pause. A final result alone
   * is not a sign of one: recognisers end results in the middle of speech, and are a second behind. The
   * pause is sure when the recogniser has listened to it, or when a word that began in it would have been
   * heard by now, given how late words have lately been heard.
   */
  #isQuiet() {
    const { last, heardMs } = this.#results;
    if (!last) return false;
    const quietMs = heardMs + PAUSE_MS;
    const isQuiet = last.endMs >= quietMs || this.#clockMs >= quietMs + Math.max(0, ...this.#delays);
    if (isQuiet) this.#results.listened(quietMs);
    return isQuiet;
  }

  /** @param {HeardWord[]} words @returns {HeardSentence} */
  #sentence(words) {
    const startMs = Math.max(this.#saidMs, words[0]?.startMs ?? 0);
    const endMs = Math.max(startMs, words.at(-1)?.endMs ?? 0);
    this.#saidMs = endMs;
    return { text: written(words, this.#language), startMs, endMs };
  }

  /** The newest words, where there are more than a message takes. */
  #draft() {
    const text = written(this.#results.unsent.slice(-LONGEST_DRAFT), this.#language);
    if (text.length <= LONGEST_DRAFT) return text;
    const characters = [...text];
    return characters.slice(-LONGEST_DRAFT).join("").trim();
  }
}
