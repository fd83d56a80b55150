/**
 * What of the captions is on the screen now, and for how long. It does not touch the page, and has its time
 * from its caller: `now` is in milliseconds and never goes back.
 *
 * A step is what appears at once: a line that rolls up, or a block of lines. A step is pushed out by the
 * next one when it could be read; the more waits, the sooner.
 */

/**
 * How fast adults read captions, in characters a second (Netflix, "English Timed Text Style Guide": 20 at
 * most, 17 for children). A full-width character counts for two.
 */
const CHARACTERS_A_SECOND = 17;
const WIDE = /[\u1100-\u11ff\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\uff00-\uff60]/gu;
/** Nobody finds a new line in less (Netflix, "General Requirements": 5/6 s). */
const SHORTEST_MS = 833;
/** A caption begins to appear within so long, whatever is before it: a stream is live. */
const LONGEST_WAIT_MS = 4_000;
/** Its last word appears within so long. A sentence of 200 characters takes that to be read. */
const LONGEST_WHOLE_MS = 12_000;
/** What waited longer was kept up by a page that slept. */
const STALE_MS = 20_000;
/**
 * So long after it could be read, the last of what was said goes. Recorded subtitles go 1.5 s after the words (BBC
 * Subtitle Guidelines, 5.2); live, nobody knows whether the speaker is only taking breath.
 */
const SILENCE_MS = 8_000;
const MOST_WAITING = 60;

/** @param {string} text */
export function readingMs(text) {
  const wide = text.match(WIDE)?.length ?? 0;
  return Math.max(SHORTEST_MS, ((text.length + wide) * 1000) / CHARACTERS_A_SECOND);
}

export class CaptionFlow {
  #capacity;
  /** @type {FlowStep[]} */
  #shown = [];
  /** @type {FlowStep[]} */
  #waiting = [];

  /** @param {number} capacity how many steps are on the screen at once */
  constructor(capacity) {
    this.#capacity = capacity;
  }

  /** @returns {readonly FlowStep[]} */
  get shown() {
    return this.#shown;
  }

  /** Of what is on the screen or comes to it. */
  get sequences() {
    return [...this.#shown, ...this.#waiting].map(({ sequence }) => sequence);
  }

  /** @param {number} sequence @param {string[]} texts its steps @param {number} now */
  add(sequence, texts, now) {
    this.#waiting.push(...steps(sequence, texts, now));
    this.#waiting.splice(0, this.#waiting.length - MOST_WAITING);
  }

  /**
   * Other words for a caption. Steps that have left the screen stay away.
   * @param {number} sequence @param {string[]} texts @param {number} now
   */
  replace(sequence, texts, now) {
    const isIts = (/** @type {FlowStep} */ each) => each.sequence === sequence;
    const shown = this.#shown.filter(isIts);
    const waiting = this.#waiting.filter(isIts);
    const first = (shown[0] ?? waiting[0])?.part;
    if (first === undefined) return;
    const [at, next] = [this.#shown.findIndex(isIts), this.#waiting.findIndex(isIts)];
    this.retract(sequence);
    const rest = steps(sequence, texts, now).slice(Math.min(first, texts.length - 1));
    if (shown.length) this.#shown.splice(at, 0, ...rest.splice(0, shown.length).map((each) => shownAt(each, now)));
    this.#waiting.splice(next < 0 ? 0 : next, 0, ...rest);
  }

  /** @param {number} sequence */
  retract(sequence) {
    this.#shown = this.#shown.filter((each) => each.sequence !== sequence);
    this.#waiting = this.#waiting.filter((each) => each.sequence !== sequence);
  }

  clear() {
    this.#shown = [];
    this.#waiting = [];
  }

  /** Moves on to `now`. @param {number} now @returns {number} when it must be called again; Infinity: at the next caption */
  advance(now) {
    this.#waiting = this.#waiting.filter((each) => now - each.addedAt < STALE_MS);
    while (this.#waiting[0] && now >= this.#mayGoAt()) this.#next(now);
    if (this.#waiting[0]) return this.#mayGoAt();
    const last = this.#shown.at(-1);
    if (!last) return Infinity;
    const clearAt = last.readAt + SILENCE_MS;
    if (now >= clearAt) this.#shown = [];
    return now >= clearAt ? Infinity : clearAt;
  }

  /**
   * When the oldest step on the screen may be pushed out: when it could be read. Earlier where that would be
   * too late for one that waits: then each before that one gets the same share of the time it takes to read.
   */
  #mayGoAt() {
    const [oldest, newest] = [this.#shown[0], this.#shown.at(-1)];
    if (!oldest || !newest || this.#shown.length < this.#capacity) return -Infinity;
    const own = readingMs(newest.text);
    let [at, before] = [oldest.readAt, 0];
    let last = newest;
    for (const each of this.#waiting) {
      before += readingMs(last.text);
      const left = Math.max(0, each.dueAt - newest.shownAt);
      at = Math.min(at, newest.shownAt + (left * own) / before);
      last = each;
    }
    return at;
  }

  /** @param {number} now */
  #next(now) {
    const next = this.#waiting.shift();
    if (!next) return;
    if (this.#shown.length >= this.#capacity) this.#shown.shift();
    // The eyes come to it after what is above it, as far as that is still there.
    const above = this.#shown.reduce((sum, { text }) => sum + readingMs(text), 0);
    const from = Math.min(Math.max(now, this.#shown.at(-1)?.readAt ?? now), now + above);
    this.#shown.push({ ...next, shownAt: now, readAt: from + readingMs(next.text) });
  }
}

/** A caption's own length hurries nobody. @param {number} sequence @param {string[]} texts @param {number} now */
function steps(sequence, texts, now) {
  let before = LONGEST_WAIT_MS;
  return texts.map((text, part) => {
    const dueAt = now + Math.min(before, LONGEST_WHOLE_MS);
    before += readingMs(text);
    return { sequence, part, text, addedAt: now, dueAt, shownAt: 0, readAt: 0 };
  });
}

/** @param {FlowStep} each @param {number} now @returns {FlowStep} */
function shownAt(each, now) {
  return { ...each, shownAt: now, readAt: now + readingMs(each.text) };
}
